"""What was promised before results were seen, and what that leaves to decide.

Read `lock` and `plan_hash`, `audit_log`, `history`, `interim_looks`, then `late_data`,
`split_change`, `against_plan`.
"""
