"""Blocks of the page: one file a block, each a pure function from values to HTML.

Rooms: `answer` (the first sheet and the money), `evidence` (checks, metrics, trend),
`exploratory` (beside the comparison), `about` (plan, method, provenance). Read `block`
first: a block registers itself with its place; the page asks for all of them.
"""
