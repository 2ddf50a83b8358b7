"""A shop on disk whose test runs ten days, to be looked at while it does."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shop"]

YAML = """\
version: 1
experiment: shop
arms: {{holdback: {{share: 50%, control: true}}, personalized: {{share: 50%}}}}
sources:
  visitors: {{csv: visitors.csv, columns: {{unit: id, arm: arm, time: at}}}}
  orders: {{csv: orders.csv, columns: {{unit: id, time: at}}}}
metrics: {{conversion: {{kind: conversion, source: orders, within: 1 day{label}}}}}
assignment: {{source: visitors}}
window: {{start: 2026-10-01, end: 2026-10-10}}
primary: conversion
analysis: {{looks: {looks}}}
decision: {{rule: lift, minimum_lift: {minimum}}}
"""


def shop(
    folder: Path, looks: str = "spending", minimum: str = "0%", label: str = ""
) -> Path:
    """A project of 4,000 visitors, 400 a day, with a tenth and a fifth buying."""
    visitors, orders = ["id,arm,at"], ["id,at"]
    for i in range(4000):
        day = 1 + i // 400
        arm = ("holdback", "personalized")[i % 2]
        visitors.append(f"u{i},{arm},2026-10-{day:02d}T08:00:00Z")
        if i % (10 if arm == "holdback" else 11) in {0, 1} or (i // 2) % 9 == 0:
            orders.append(f"u{i},2026-10-{day:02d}T09:00:00Z")
    (folder / "visitors.csv").write_text("\n".join(visitors) + "\n")
    (folder / "orders.csv").write_text("\n".join(orders) + "\n")
    file = folder / "shop.yaml"
    file.write_text(YAML.format(looks=looks, minimum=minimum, label=label))
    return file
