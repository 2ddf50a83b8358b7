"""Files and frames into the embedded engine: one file a format.

Read `loader`, `files` (found and fingerprinted), then the formats.
"""
