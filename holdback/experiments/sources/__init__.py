"""Sources: one file a kind of table of data. The fields are the YAML keys.

A file says what a source is; how it is read is the business of `data.loaders`, which
have a loader for each kind. The base stands in `experiments.kinds.source`.
"""
