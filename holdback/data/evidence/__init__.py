"""What the data engine hands over; after it, everything is arithmetic.

Read `evidence` and `cells`, then `value_counts`, `unit_rows`, `purchase_histories`.
"""
