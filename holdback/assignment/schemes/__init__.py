"""Schemes: one file says how an id becomes an arm, the way one system does it.

`holdback` is the default; the others reproduce the published rules of other systems.
What a scheme must offer stands in `assignment.scheme`.
"""
