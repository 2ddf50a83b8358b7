"""What is shown beside the comparison and decides nothing: by time, dose, score.

Read `cohorts` and `effect_decay`, then `lifetime_value`, `dose_response`, `uplift`,
`attribution`, `incremental_ratios` and `mcmc`, in any order.
"""
