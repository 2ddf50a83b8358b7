"""Formats: one file each, which registers the loader of a kind of source."""
