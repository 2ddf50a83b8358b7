"""Evidence → readouts, checks and the sections beside them.

Read `analyze` (the composition), `readouts` and `comparison`, then `preregistration`
(lock and looks), `checks`, and `section_readers` with `exploratory`.
"""
