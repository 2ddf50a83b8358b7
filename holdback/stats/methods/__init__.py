"""Methods: how an effect is read, one file a family of intervals.

Read `compare`, which chooses by what the data can bear, then `proportion`,
`log_ratio`, `difference`, `permutation` and those of special metrics.
"""
