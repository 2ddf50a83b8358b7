"""What an analysis found, as frozen values: the scorecard, its parts, JSON and back.

Read `scorecard`, `quantity` (a number with its range), `json_codec`; the other files
hold one part of the scorecard each.
"""
