"""Before data: power, sample size, the cheapest holdback, the worth of more data.

Read `power`, then `simulated_power` (a shop's own buyers), `optimal_holdback`,
`value_of_information` and `aa_replays` (does a method keep its word).
"""
