"""Customers who may silently stop: models of orders, money and tenure.

Read `lifetime_value` (the sum), then its parts: orders by `bg_nbd`, money per order by
`gamma_gamma`, renewals by `shifted_beta_geometric`.
"""
