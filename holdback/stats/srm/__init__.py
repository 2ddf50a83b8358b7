"""Sample ratio: whether the arms got the shares that were planned, and since when.

Read `sample_ratio`, `sample_ratio_by_day` (a test that holds at every look), then
`label_agreement` and `change_point`, which audits of an assignment use.
"""
