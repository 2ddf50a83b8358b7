"""Logged against recomputed arms: whether the split that ran is the one planned.

Read `audit` (the composition) and `result`, then `recomputed_arms`, `hypotheses`
(what may have gone wrong) and `causes` (the fewest that explain the log).
"""
