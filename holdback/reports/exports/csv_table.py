"""The readouts as a flat table, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["readout_rows", "readouts_csv"]

STARTS = frozenset("=+-@＝＋－＠|%")
"""What spreadsheets take for a formula, also in full width, or for a command."""
CellValue = str | float | int | None
EFFECTS = [
    f"{scale}{part}"
    for scale in ("absolute", "relative")
    for part in ("", "_se", "_lower", "_upper")
]
COLUMNS = (
    *("metric", "kind", "role", "arm", "control", "dimension", "level"),
    *("control_value", "control_units", "treatment_value", "treatment_units"),
    *EFFECTS,
    *("interval_level", "p_value", "p_value_below", "p_value_adjusted"),
    "p_positive",
    *("method", "verdict"),
)


def readout_rows(scorecard: Scorecard) -> list[dict[str, CellValue]]:
    """One flat record a readout; a number that does not apply is None.

    Of an invalid result one a metric and arm without any figure: `verdict` is
    ``withheld``, and `reason`, a column that only such a table has, says why.
    """
    if scorecard.validity.is_invalid:
        return list(_withheld(scorecard))
    return [_row(readout) for readout in scorecard.readouts]


def readouts_csv(scorecard: Scorecard) -> str:
    """The same as CSV; text that a spreadsheet would run gets an apostrophe."""
    rows = readout_rows(scorecard)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _safe(v) for k, v in row.items()} for row in rows)
    return buffer.getvalue()


def _withheld(scorecard: Scorecard) -> Iterator[dict[str, CellValue]]:
    reasons = " ".join(scorecard.validity.reasons)
    control = next((arm.arm for arm in scorecard.arms if arm.control), None)
    for metric in scorecard.metrics:
        for arm in scorecard.arms:
            if arm.control:
                continue
            yield dict.fromkeys(COLUMNS) | {
                "metric": metric.metric,
                "kind": metric.kind,
                "role": metric.role,
                "arm": arm.arm,
                "control": control,
                "verdict": "withheld",
                "reason": reasons,
            }


def _row(readout: Readout) -> dict[str, CellValue]:
    segment = readout.segment
    estimates, bayes = readout.estimates, readout.bayes
    control = estimates.control if estimates else None
    treatment = estimates.treatment if estimates else None
    return {
        "metric": readout.metric,
        "kind": readout.kind,
        "role": readout.role,
        "arm": readout.arm,
        "control": readout.control,
        "dimension": segment.dimension if segment else None,
        "level": segment.level if segment else None,
        "control_value": control.value if control else None,
        "control_units": control.units if control else None,
        "treatment_value": treatment.value if treatment else None,
        "treatment_units": treatment.units if treatment else None,
        **_effect("absolute", readout.absolute),
        **_effect("relative", readout.relative),
        "interval_level": readout.interval_level or readout.level,
        "p_value": readout.p_value,
        "p_value_below": readout.p_value_below,
        "p_value_adjusted": readout.p_value_adjusted,
        "p_positive": bayes.p_positive if bayes else None,
        "method": readout.method,
        "verdict": readout.verdict,
    }


def _effect(name: str, effect: Quantity | None) -> dict[str, CellValue]:
    return {
        name: effect.value if effect else None,
        f"{name}_se": effect.se if effect else None,
        f"{name}_lower": effect.lower if effect else None,
        f"{name}_upper": effect.upper if effect else None,
    }


def _safe(value: CellValue) -> CellValue:
    if not isinstance(value, str):
        return value
    risky = value[:1] in {"\t", "\r", "\n"} or value.lstrip()[:1] in STARTS
    return "'" + value if risky else value
