"""Narrower ranges from what was known before: covariates, strata, predictions.

Read `cuped` first; `post_stratification` and `predicted_covariate` build on its idea.
"""
