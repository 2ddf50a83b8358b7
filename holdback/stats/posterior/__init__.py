"""Posteriors of a lift: exact for rates, normal on the log ratio for the rest.

Read `posterior`, which chooses, `prior`, `grid` and `lognormal`, then `rates`; the
models of spend and of counts (`hurdle`, `counts`, `spend_distributions`) explain.
"""
