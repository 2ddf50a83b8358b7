"""What an experiment is: frozen values that are valid by construction.

Read `experiment`, then `calendar` and `split` (with overrides).
"""
