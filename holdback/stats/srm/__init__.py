"""Sample ratio: whether the arms got the shares that were planned, and since when.

Read `sample_ratio` (once, and a test that holds at every look), then `agreement`: of
logged and recomputed arms, and the days on which a rate changes, as audits need them.
"""
