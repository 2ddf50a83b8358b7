"""Questions beside the lift: who is moved, does it last, what would attribution say.

Each file stands alone: `uplift_qini`, `effect_decay`, `dose_response`, `lee_bounds`,
`revenue_decomposition`, `attribution`.
"""
