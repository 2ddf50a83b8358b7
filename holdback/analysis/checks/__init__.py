"""Checks: one file a check, in rooms: `split`, `data`, `time`, `result`.

A check looks at the evidence and reports. A failed one means that the numbers cannot
be believed, and blocks the decision; a warning is something that a reader must know.
Read `check` first: what a check offers, and how all are asked.
"""
