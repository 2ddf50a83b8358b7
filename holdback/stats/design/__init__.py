"""Before data: power, sample size, the cheapest holdback, the worth of more data.

Read `power`, then `simulated_power` (a shop's own buyers), `optimal_holdback` (and what
more data would be worth) and `aa_replays` (does a method keep its word).
"""
