"""Whether the rows are sound: all there, once, and made by people.

One file a check, none imports another; rows that are there twice (`duplicates`) or
cannot be used (`missing`) first, then what single sources and values have.
"""
