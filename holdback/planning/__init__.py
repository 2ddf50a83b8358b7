"""Before a test: what it can show, how long it takes, how large the holdback is.

Read `plan` (the answer), `design` (weeks, looks, cheapest holdback), `metric_power`,
then where the numbers come from: `baselines`, `historical_window`.
"""
