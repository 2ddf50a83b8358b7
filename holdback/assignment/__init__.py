"""Assignment: unit id → arm, the same everywhere and for ever.

split.py       Split: salt, shares, traffic, overrides; the arm of one id or of many
schemes/       how an id becomes a bucket, one file a scheme
ids.py         what counts as a unit id, and its text
widths.py      shares → whole buckets
sql.py         the same assignment as SQL text
columns.py     many ids at once, in the container that they came in
files.py       a CSV or Parquet file of ids, streamed; csv_rows.py without the engine
"""

from holdback.assignment.split import Assigned, Split

__all__ = ["Assigned", "Split"]
