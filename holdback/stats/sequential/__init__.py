"""Tests that are read while they run: what each look may conclude.

Read `alpha_spending`, `group_sequential` (boundaries), `stagewise_ordering` (estimates
after looks), `always_valid` (look whenever you like).
"""
