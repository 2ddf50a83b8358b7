"""The reading of one experiment's data, from the first look to the evidence.

Read `extract` and `extraction`, then `source_profile`, `exclusions`, `duplicates`,
`accounting`.
"""
