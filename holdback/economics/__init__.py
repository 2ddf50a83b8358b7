"""Lift → incremental revenue and profit, costs, ROPI, payback and roll-out.

Read `money` (arm by arm), `costs`, `incremental_value` (money as a function of the
lift), then `payback`, `rollout`, `posterior_money` and `simple_returns`.
"""
