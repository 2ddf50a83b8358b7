"""Evidence → readouts, checks and everything that the scorecard holds. No IO.

Read `analyze` (the composition), `readouts`, `comparison`, then `preregistration`
(lock and looks), `checks`, `exploratory`.
"""
