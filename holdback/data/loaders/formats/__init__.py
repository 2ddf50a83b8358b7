"""Formats: one file each, which registers the loader of a kind of source.

Read `csv` and `parquet`, then `frame` and `database` (what is no file), then the
exports of other systems.
"""
