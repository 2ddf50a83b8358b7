"""What an analysis found, as frozen values: the scorecard, its parts, JSON and back.

Read `scorecard`, `quantity` (a number with its range), `money`, `validity`, then
`section` with `sections` (what applies to some experiments only) and `json_codec`.
"""
