"""What was written → the `Experiment` that is meant: references, defaults, checks.

Read `resolve` (the order), then one file a block of the YAML; `snapshot` is the way
back to plain values.
"""
