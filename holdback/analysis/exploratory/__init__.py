"""Beside the comparison: pictures and models that explain and never decide.

One file a topic, each registers how its sections are read (`section_readers`); read
them in any order. Nothing that decides may import them.
"""
