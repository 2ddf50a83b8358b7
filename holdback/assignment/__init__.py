"""Assignment: unit id → arm, the same everywhere and for ever.

split.py       Split: salt, shares, traffic, overrides; the arm of one id or of many
schemes/       how an id becomes an arm, one file a system; params.py reads its keys
recipe.py      a scheme's decision as data: hashes, ranges, gates
hashes.py      the hashes; layouts.py, coverage.py, widths.py: shares → ranges
reserved.py    holdouts and layers, drawn before the experiment's arms
ids.py         what counts as a unit id, and its text; similar.py: ids that look alike
sql.py         the same assignment as SQL text; dialects.py spells it
changes.py     who would switch arms if a split were changed
columns.py     many ids at once, in the container that they came in
in_duckdb.py   a hash that the engine has, or is given
files.py       a CSV or Parquet file of ids, streamed; csv_rows.py without the engine
"""

from holdback.assignment.recipe import Assigned
from holdback.assignment.split import Split

__all__ = ["Assigned", "Split"]
