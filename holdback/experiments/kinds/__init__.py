"""What a kind of metric and a kind of source must say: bases and registries.

Read `metric` (evidence, formula, comparison, plan and words of a kind), its two
common forms `share_of_units` and `time_to_event`, then `source`.
"""
