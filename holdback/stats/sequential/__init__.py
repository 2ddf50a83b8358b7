"""Tests that are read while they run: what each look may conclude.

Read `alpha_spending`, `group_sequential` (boundaries, and estimates after looks), then
`always_valid` (look whenever you like).
"""
