"""Whether the data are sound: all there, once, in time, and made by people.

One file a check, none imports another; `maturity` first, then rows that are there
twice (`duplicates`) or cannot be used (`missing`), then what single sources have.
"""
