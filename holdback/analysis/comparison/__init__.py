"""One metric, arm against arm: which method reads it, what is believed, the verdict.

Read `comparison`, `rows_needed`, `posteriors`, `verdict`, then `small_groups` and
`by_joining`.
"""
