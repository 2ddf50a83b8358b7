"""A shop whose true lift is known: for the demo, tests, notebooks and benchmarks.

Customers differ in taste and budget, buy before and after they are seen, return
goods, and a few spoil the data as real ones do: they turn up in two arms, or their
order is logged twice. Treatment multiplies each customer's chance to buy and each
order's value by constants, so every true lift is exact and not itself an estimate::

    conversion    1 + lift of conversion
    order value   1 + lift of value
    revenue       the product of both

The tables are files that any `csv` or `parquet` source reads; the simulator is no
kind of its own in the YAML, so an experiment on simulated data takes the same path
as one on real data. The same shop gives the same bytes. It is drawn in blocks, so
ten million customers need no more memory than a block and what the engine keeps.

Read `shop` (what is true), `customers` (what they do), `tables` (how it is written).
"""

from holdback.data.simulated.shop import ArmTruth, Lift, Shop
from holdback.data.simulated.tables import simulate

__all__ = ["ArmTruth", "Lift", "Shop", "simulate"]
