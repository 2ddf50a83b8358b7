"""Customers who may silently stop: models of orders, money and tenure.

Read `lifetime_value` (the sum), then its parts: `orders` over `bg_nbd`, `prices` over
`gamma_gamma`, `subscriptions` over `shifted_beta_geometric`.
"""
