"""Engines: one file each, named for the scheme of its URLs.

A file registers a `Connector`: how the engine is reached, its dialect, and whether
files are read into it, the statement runs in it, or only its rows are fetched.
Everything else asks `engine.by_url`.
"""
