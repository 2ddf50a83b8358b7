"""Whether times are what they say: complete, of one zone, in order, known well enough.

One file a check, none imports another; `maturity` first, then `coverage` (each source
has an end of its own) and how stamps were read (`dates`, `timezones`, `whole_days`).
"""
