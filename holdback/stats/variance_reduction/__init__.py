"""Narrower ranges from what was known before: covariates, strata, predictions.

Read `cuped` first (and the predictions that serve as its covariate), then
`post_stratification`.
"""
