"""What the data engine hands over; after it, everything is arithmetic.

Read `cells` (sums of units, by day and level), then `unit_rows` (values, and how often
each occurs) and `purchase_histories`.
"""
