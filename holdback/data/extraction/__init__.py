"""The reading of one experiment's data, from the first look to the evidence.

Read `extract` (the order of work) and `open_engine`, then what it asks in turn:
`timing`, `coverage`, `crossovers`, `unit_rows`, `value_counts`, `accounting`.
"""
