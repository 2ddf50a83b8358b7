"""About the test itself: what was planned, how it was computed, and from what.

Read `against_plan`, `method`, `glossary`, `provenance`.
"""
