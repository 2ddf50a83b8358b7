"""Lift → incremental revenue and profit, costs, ROPI, payback and roll-out.

Read `money` (arm by arm), `costs`, `incremental_value` (money as a function of the
lift), then `rollout`, `posterior_money`, `dose_steps`, `month_ends` and
`simple_returns`.
"""
