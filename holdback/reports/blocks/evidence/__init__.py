"""The evidence of the comparison: what the answer on the first sheet rests on.

Read `checks` and `metrics`; then `segments`, `sensitivity`, the lift over time
(`trend`, `month_ends`) and its parts (`funnel`, `decomposition`, `prior_posterior`).
"""
