"""What the data say before any method reads them: sums that add, samples, effects.

Read `moments` and `delta_method` (any metric's estimate), `effect` (the words that
methods speak), then `sample`, `arm_evidence` (what a metric kind is handed),
`resplits`, `order_statistics`, `life_table`.
"""
