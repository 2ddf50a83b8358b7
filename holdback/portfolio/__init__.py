"""Finished experiments together: total revenue and ROPI, and what they teach the next.

Read `portfolio` and `result`, then `experiment_list`, `finished_experiments`,
`past_prior`, `review` and `tests_against_holdback`.
"""
