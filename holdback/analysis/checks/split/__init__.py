"""Whether the randomization is sound: shares, units in one arm, arms alike before.

One file a check, none imports another; `srm`, the sample ratio, is the first to read,
then `crossovers` and `unit_mismatch`; the rest is for holdouts, phases and long tests.
"""
