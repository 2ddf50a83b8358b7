"""Experiment + sources → evidence: the only place that runs queries.

Read `extraction` (the order of work), `queries` (rows → units → cells), `engine` and
`loaders` (where rows live), `evidence` (what comes out). `simulated` makes data whose
truth is known.
"""
