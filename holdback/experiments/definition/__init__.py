"""What an experiment is: frozen values that are valid by construction.

Read `experiment`, then `calendar`, `split`, `overrides`, `past_effect`.
"""
