"""Finished experiments for tests: scorecards with chosen effects, as files."""

from __future__ import annotations

from dataclasses import replace
from math import expm1
from pathlib import Path
from typing import Any

from reports.examples import clear_win, money

from holdback.experiments.definition.experiment import LogLift, MoneyBasis
from holdback.results.json_codec import to_json
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard

__all__ = ["finished", "stored"]


def finished(
    name: str,
    effect: float,
    se: float,
    *,
    total: float = 10_000.0,
    outcome: Any = "keep_testing",
    **changes: Any,
) -> Scorecard:
    """A finished test of revenue per visitor with this log lift."""
    win = clear_win()
    lift = LogLift(value=effect, se=se)
    low, high = (expm1(effect + side * 1.959963984540054 * se) for side in (-1, 1))
    relative = Quantity(value=expm1(effect), lower=low, upper=high)
    readouts = tuple(
        replace(r, log_lift=lift, relative=relative)
        if r.role == "primary" and r.segment is None
        else r
        for r in win.readouts
    )
    revenue = total * (1 - 1 / (1 + expm1(effect)))
    worth = money(
        incremental_revenue=Quantity(value=revenue),
        incremental_profit=Quantity(value=0.4 * revenue),
        basis=MoneyBasis(treated_total=total, margin=0.4, log_lift=lift),
    )
    assert win.decision is not None
    values: dict[str, Any] = {
        "experiment": name,
        "readouts": readouts,
        "money": (worth,),
        "decision": replace(win.decision, outcome=outcome),
        "configuration": {"experiment": name},
    }
    return replace(win, **(values | changes))


def stored(folder: Path, *cards: Scorecard) -> Path:
    """The project folder with `results/NAME/scorecard.json` of each."""
    for card in cards:
        place = folder / "results" / card.experiment
        place.mkdir(parents=True)
        (place / "scorecard.json").write_text(to_json(card))
    return folder
