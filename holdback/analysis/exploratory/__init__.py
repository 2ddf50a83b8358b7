"""Beside the comparison: pictures and models that explain and never decide.

One file a section of the report.
"""
