"""Loaders: files, frames and tables into the embedded engine.

`formats` has one file a format, registered by the kind of source that it reads. Read
`loader` (what one offers), `store` (what they read into), `files` (matched, looked
at, fingerprinted) and `csv_files` (text read strictly) first.
"""
