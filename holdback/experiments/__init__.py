"""YAML → experiment: what an experiment is, and how a file says it.

Read `language`, `sources` and `metrics` (the words), `definition` (an experiment),
`config` (the file, with places), `resolve` (file → experiment), `load`.
"""
