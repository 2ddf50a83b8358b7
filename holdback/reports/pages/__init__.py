"""Whole pages, each one self-contained HTML file, and their style sheets.

Read `experiment_page`, then `plan_page`, `portfolio_page`, `index_page`, `pdf`.
"""
