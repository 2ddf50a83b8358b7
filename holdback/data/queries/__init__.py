"""Rows → units → cells, as SQL trees that any engine can spell.

Read `exposures`, `event_units` and `returns` (what rows mean), `units` (a row a unit),
`cells_query` (the one statement), `cells_result` (its rows read back); then what is
asked beside it: `exclusions`, `touch_paths`, `eligibility`.
"""
