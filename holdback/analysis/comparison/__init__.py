"""One metric, arm against arm: which method reads it, what is believed, the verdict.

Read `comparison`, `posteriors`, `verdict`, then `by_value_counts`, `spend_model`,
`small_groups`.
"""
