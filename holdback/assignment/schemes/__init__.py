"""Schemes: one file says how an id becomes a bucket, in Python and in SQL."""
