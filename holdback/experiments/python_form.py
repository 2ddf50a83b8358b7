"""An experiment written in Python: what a YAML file says, as arguments.

It goes through the same door as a file: written out, validated, resolved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any

from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.load import written_as

__all__ = ["FRAME", "WrittenInPython", "conversion", "mean", "metric", "ratio"]

FRAME = "units"
"""Name of the source that the frame is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenInPython:
    """A metric without its source: the keys of its kind, and the currency of money."""

    keys: Mapping[str, Any]
    money: str | None = None


def metric(kind: str, **keys: Any) -> WrittenInPython:
    """A metric of any kind, with the keys that its YAML has.

    Takes
        kind (str): a kind of metric, such as ``"nps"`` or ``"quantile"``.
        keys: the keys of that kind in the YAML, see docs/metrics.md.
    Gives
        A metric for `analyze` and `experiment`, without its source.

    >>> metric("nps", value="score").keys["kind"]
    'nps'
    """
    return WrittenInPython(keys={"kind": kind, **keys})


def mean(
    value: str | None = None, *, money: str | None = None, **keys: Any
) -> WrittenInPython:
    """The mean per unit of a column, or of an expression over columns.

    Takes
        value (str): a column or an expression, such as ``"total - refunded"``.
        money (str): the currency (``"USD"``) where it is an amount.
        keys: further keys of the kind `mean` in the YAML.
    Gives
        A metric for `analyze` and `experiment`, without its source.

    >>> mean("spend", money="USD").money
    'USD'
    """
    return _amount("mean", money, {"value": value, **keys})


def conversion(value: str | None = None, **keys: Any) -> WrittenInPython:
    """The share of units whose value (a column or a condition) is not 0.

    Takes
        value (str): a column or a condition, such as ``"orders > 0"``.
        keys: further keys of the kind `conversion` in the YAML.
    Gives
        A metric for `analyze` and `experiment`, without its source.

    >>> conversion("visit").keys["kind"]
    'conversion'
    """
    return WrittenInPython(keys=_given({"kind": "conversion", "value": value, **keys}))


def ratio(
    value: str, per: str, *, money: str | None = None, **keys: Any
) -> WrittenInPython:
    """The sum of one column over the sum of another, such as value of an order.

    Takes
        value (str): the column or expression above the line.
        per (str): that below it; units are independent, not its rows (delta method).
        money (str): the currency (``"USD"``) where the value is an amount.
        keys: further keys of the kind `ratio` in the YAML.
    Gives
        A metric for `analyze` and `experiment`, without its source.

    >>> ratio("spend", "orders").keys["per"]
    'orders'
    """
    return _amount("ratio", money, {"value": value, "per": per, **keys})


def _amount(kind: str, money: str | None, keys: Mapping[str, Any]) -> WrittenInPython:
    unit = {} if money is None else {"unit": "money"}
    return WrittenInPython(keys=_given({"kind": kind, **keys, **unit}), money=money)


def _given(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonForm:
    """The arguments of `analyze` for a frame."""

    name: str
    unit: str
    arm: str
    shares: Mapping[str, Fraction]
    counted_shares: bool
    control: str
    metrics: Mapping[str, Any]
    time: str | None = None
    window: tuple[date, date] | None = None
    primary: str | None = None
    covariates: Sequence[str] = ()
    segments: Sequence[str] = ()
    currency: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def experiment(self) -> Experiment:
        """The experiment; raises ConfigError with every problem of the arguments."""
        text = json.dumps(self._file(), ensure_ascii=False, default=str)
        return replace(written_as(text, "analyze(frame, …)"), file="")

    def _file(self) -> dict[str, Any]:
        metrics = self._metrics()
        first = next(iter(metrics), "")
        primary = self.primary or first
        columns = {"unit": self.unit, "arm": self.arm, "time": self.time}
        analysis = {
            "looks": "end",
            "covariates": list(self.covariates),
            "segments": list(self.segments),
        }
        assignment = {"source": FRAME, "counted_shares": self.counted_shares}
        names = self._arm_names()
        written: dict[str, Any] = {
            "version": 1,
            "experiment": self.name,
            "currency": self._currency(),
            "arms": {
                names[arm]: {
                    "share": str(share),
                    **({"control": True} if arm == self.control else {}),
                    **({"logged_as": arm} if names[arm] != arm else {}),
                }
                for arm, share in self.shares.items()
            },
            "assignment": assignment,
            "sources": {FRAME: {"csv": f"{FRAME}.csv", "columns": _given(columns)}},
            "metrics": metrics,
            "primary": primary,
            "secondary": [name for name in metrics if name != primary],
            "analysis": {key: value for key, value in analysis.items() if value},
        }
        for key, value in self.more.items():
            both = isinstance(value, Mapping) and key in written
            written[key] = {**written[key], **value} if both else value
        if self.window is not None:
            start, end = self.window
            written["window"] = {"start": str(start), "end": str(end)}
        return {key: value for key, value in written.items() if value}

    def _arm_names(self) -> dict[str, str]:
        """Keys of the arms: their values, where a YAML key may be so."""
        return {
            arm: arm if arm[:1].isalpha() else f"{self.arm} {arm}"
            for arm in self.shares
        }

    def _metrics(self) -> dict[str, Any]:
        if not isinstance(self.metrics, Mapping) or not self.metrics:
            raise ConfigError(_no_metrics(self.metrics))
        for name, written in self.metrics.items():
            if not isinstance(written, WrittenInPython):
                raise ConfigError(_no_metrics(written, str(name)))
        return {
            str(name): {"source": FRAME, **written.keys}
            for name, written in self.metrics.items()
        }

    def _currency(self) -> str | None:
        said = {one.money for one in self.metrics.values() if one.money}
        if self.currency:
            said.add(self.currency)
        if len(said) > 1:
            raise ConfigError(
                Problem(
                    where="metrics",
                    what=f"amounts are in {' and '.join(sorted(said))}.",
                    fix="Convert them to one; a report adds up in one currency.",
                )
            )
        return next(iter(said), None)


def _no_metrics(given: object, name: str = "") -> Problem:
    kind = type(given).__name__
    return Problem(
        where=f"metrics[{name!r}]" if name else "metrics",
        what=f"a {kind} says no metric." if given else "there is no metric.",
        fix='Write metrics={"spend": hb.mean("spend", money="USD"), '
        '"visit": hb.conversion("visit")}.',
    )
