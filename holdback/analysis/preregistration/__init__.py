"""What was promised before results were seen, and what that leaves to decide.

Read `record_lock`, `plan_hash`, `audit_log` and `history`, then `interim_looks`,
`split_change`.
"""
