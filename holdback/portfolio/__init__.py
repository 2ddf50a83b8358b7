"""Finished experiments together: total revenue and ROPI, and what they teach the next.

Read `portfolio` and `result`, then `finished_experiments`, `effects`, `money`,
`past_prior` and `tests_against_holdback`.
"""
