"""What the checks found, in words: one function a code, one file a room of checks.

`split`, `data`, `time` and `result` follow the rooms of `analysis/checks`; they write
numbers as `plain_numbers` does, which a page then writes as its locale does.
"""
