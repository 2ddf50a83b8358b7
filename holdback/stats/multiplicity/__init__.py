"""Several tests read together: adjusted p-values, and many arms against one control.

`p_value_adjustment` corrects p-values; `dunnett` gives ranges that hold at once.
"""
