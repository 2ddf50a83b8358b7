"""Covariate adjustment against rows and published figures."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from holdback.errors import StatsError
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.variance_reduction.cuped import adjust


@dataclass(frozen=True)
class Read:
    """An adjustment with its lift."""

    inference: Inference
    variance_reduction: float


def compared(
    control: Moments, treatment: Moments, *, level: float, **columns: Any
) -> Read:
    """One θ pooled over the arms, and the lift."""
    found = adjust(control, treatment, slopes="pooled", **columns)
    return Read(found.compared(level=level), found.variance_reduction)


def test_adjustment_against_row_regression() -> None:
    """The adjusted mean and its error equal those of y − θ(x − x̄) on the rows."""
    rng = np.random.default_rng(8)
    sides, rows = [], []
    for shift in (0.0, 0.3):
        x = np.round(rng.gamma(2, 5, 3000), 2)
        y = np.round(np.maximum(0, 5 + shift + 0.6 * x + rng.normal(0, 2, 3000)), 2)
        rows.append((y, x))
        sides.append(Moments.of_rows(np.column_stack([y, x]), ("y", "x"), (2, 2)))
    within = [np.cov(y, x, ddof=1) for y, x in rows]
    theta = sum(c[0, 1] for c in within) / sum(c[1, 1] for c in within)
    centre = np.mean(np.concatenate([x for _, x in rows]))
    found = compared(
        *sides, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
    )
    for estimate, (y, x) in zip(
        (found.inference.control, found.inference.treatment), rows, strict=True
    ):
        adjusted = y - theta * (x - centre)
        assert estimate.value == pytest.approx(adjusted.mean(), rel=1e-9)
        assert estimate.se == pytest.approx(
            adjusted.std(ddof=1) / np.sqrt(len(y)), rel=1e-9
        )
    correlation = np.corrcoef(*rows[0])[0, 1]
    assert found.variance_reduction == pytest.approx(correlation**2, abs=0.05)


def test_own_slopes_against_the_spread_of_estimates() -> None:
    """With a slope an arm the error holds that of the covariate's common mean.

    The treated follow history, the control does not (Negi & Wooldridge 2021,
    Econometric Reviews 40: 504–534): without the part (θT − θC)² Var(x) / N the
    error would be half of the spread of 300 simulated differences. The band is four
    standard errors of a standard deviation.
    """
    rng = np.random.default_rng(31)
    n, runs = 5_200, 300
    differences, errors = [], []
    for _ in range(runs):
        sides = []
        for slope in (0.0, 2.0):
            x = np.round(rng.normal(10, 3, n), 2)
            y = np.round(np.maximum(0.01, 40 + slope * x + rng.normal(0, 2, n)), 2)
            sides.append(Moments.of_rows(np.column_stack([y, x]), ("y", "x"), (2, 2)))
        found = adjust(*sides, formula=lambda m: m[0], columns=["y"], covariates=["x"])
        differences.append(found.treatment.value - found.control.value)
        errors.append(np.hypot(found.treatment.se, found.control.se))
    ratio = np.mean(errors) / np.std(differences, ddof=1)
    assert abs(ratio - 1) < 4 / np.sqrt(2 * runs)
    assert np.hypot(2, 2) / np.sqrt(n) < 0.6 * np.mean(errors)


def test_useless_covariates_are_refused() -> None:
    """A constant covariate, or the same one twice, adjusts nothing."""
    rng = np.random.default_rng(9)
    y = rng.gamma(2, 5, size=(50, 1))
    constant = Moments.of_rows(np.column_stack([y, np.ones(50)]), ("y", "x"), (2, 2))
    with pytest.raises(StatsError, match="does not vary"):
        compared(
            constant,
            constant,
            formula=lambda m: m[0],
            columns=["y"],
            covariates=["x"],
            level=0.95,
        )
    x = rng.normal(size=50)
    twice = Moments.of_rows(np.column_stack([y, x, x]), ("y", "x", "z"), (2, 6, 6))
    with pytest.raises(StatsError, match="repeat each other"):
        compared(
            twice,
            twice,
            formula=lambda m: m[0],
            columns=["y"],
            covariates=["x", "z"],
            level=0.95,
        )


def ratio(mean: npt.NDArray[np.float64]) -> np.float64:
    """Numerator over denominator."""
    value: np.float64 = mean[0] / mean[1]
    return value


def test_adjusted_ratio_against_linearized_rows() -> None:
    """On a ratio with two covariates it is row-level regression of linearized values.

    With equal arms θ on the gradient averaged over arms equals the pooled within-arm
    regression of the residuals (R − rN)/N̄, averaged over the arms' linearizations.
    """
    rng = np.random.default_rng(15)
    rows = []
    for shift in (0.0, 0.1):
        n = 4000
        x = np.round(rng.gamma(2, 3, n), 2)
        w = rng.integers(0, 5, n)
        count = rng.poisson(0.5 + 0.1 * w)
        revenue = np.round(count * (10 + shift + x + rng.gamma(1, 2, n)), 2)
        rows.append(np.column_stack([revenue, count, x, w]))
    sides = [Moments.of_rows(r, ["r", "n", "x", "w"], [2, 0, 2, 0]) for r in rows]
    found = compared(
        *sides, formula=ratio, columns=["r", "n"], covariates=["x", "w"], level=0.95
    )
    gradients = []
    for r in rows:
        value, bottom = r[:, 0].sum() / r[:, 1].sum(), r[:, 1].mean()
        gradients.append(np.array([1 / bottom, -value / bottom]))
    centred = [r - r.mean(axis=0) for r in rows]
    stacked = np.concatenate(centred)
    linear = stacked[:, :2] @ (gradients[0] + gradients[1]) / 2
    theta = np.linalg.lstsq(stacked[:, 2:], linear, rcond=None)[0]
    centre = np.concatenate(rows)[:, 2:].mean(axis=0)
    pairs = zip(
        (found.inference.control, found.inference.treatment),
        rows,
        gradients,
        strict=True,
    )
    for estimate, r, g in pairs:
        assert estimate is not None
        residual = r[:, :2] @ g - (r[:, 2:] - centre) @ theta
        value = r[:, 0].sum() / r[:, 1].sum() - (r[:, 2:].mean(axis=0) - centre) @ theta
        assert estimate.value == pytest.approx(value, rel=1e-9)
        assert estimate.se == pytest.approx(
            residual.std(ddof=1) / np.sqrt(len(r)), rel=1e-9
        )


def test_variance_reduction_against_correlation() -> None:
    """A covariate of correlation .7 saves about 49 % of the variance."""
    rng = np.random.default_rng(16)
    sides = []
    for n in (20_000, 4_000):
        x = rng.normal(50, 10, n)
        y = 100 + 0.7 * (x - 50) + np.sqrt(1 - 0.49) * 10 * rng.standard_normal(n)
        sides.append(Moments.of_rows(np.column_stack([y, x]), ["y", "x"], [4, 4]))
    found = compared(
        *sides, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
    )
    assert found.variance_reduction == pytest.approx(0.49, abs=0.02)


def test_balanced_covariates_change_nothing_but_the_error() -> None:
    """Where both arms have the same covariate mean, the values stay."""
    rng = np.random.default_rng(17)
    x = rng.normal(0, 1, 500)
    y = 5 + x + rng.normal(0, 1, 500)
    side = Moments.of_rows(np.column_stack([y, x]), ["y", "x"], [3, 3])
    found = compared(
        side, side, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
    )
    assert found.inference.control is not None
    assert found.inference.control.value == pytest.approx(side.mean[0], rel=1e-14)
    assert found.variance_reduction > 0.3


def test_impossible_adjustments_are_refused() -> None:
    """Too few units, no denominator or no spread: an error with the reason."""
    tiny = Moments.of_rows([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]], ["y", "x"], [0, 0])
    with pytest.raises(StatsError, match="too few units"):
        compared(
            tiny,
            tiny,
            formula=lambda m: m[0],
            columns=["y"],
            covariates=["x"],
            level=0.9,
        )
    rows = np.column_stack([np.full(50, 3.0), np.zeros(50), np.arange(50)])
    flat = Moments.of_rows(rows, ["y", "z", "x"], [0, 0, 0])
    with pytest.raises(StatsError, match="does not vary, so nothing"):
        compared(
            flat,
            flat,
            formula=lambda m: m[0],
            columns=["y"],
            covariates=["x"],
            level=0.9,
        )
    with pytest.raises(StatsError, match="denominator is 0"):
        compared(
            flat, flat, formula=ratio, columns=["y", "z"], covariates=["x"], level=0.9
        )


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("outcome", "covariate", "case"),
    [
        ("spend", "history", "cuped_spend_on_history"),
        ("visit", "recency", "cuped_visit_on_recency"),
    ],
)
def test_hillstrom_against_reference(
    shared: Path, outcome: str, covariate: str, case: str
) -> None:
    """Adjusted means, difference and standard error of the e-mail test to 1e-9."""
    truth = json.loads((shared / "reference" / "data_truth.json").read_text("utf-8"))
    expected = truth["hillstrom"]["womens_vs_none"][case]["theta_within_arm_pooled"]
    found = adjusted_hillstrom(shared, outcome, covariate)
    control, treated = found.inference.control, found.inference.treatment
    assert control is not None
    assert treated is not None
    assert control.value == pytest.approx(expected["adj_mean_control"], rel=1e-9)
    assert treated.value == pytest.approx(expected["adj_mean_treatment"], rel=1e-9)
    contrast = found.inference.absolute
    assert contrast is not None
    assert contrast.value == pytest.approx(expected["diff"], rel=1e-9)
    assert contrast.se == pytest.approx(expected["se"], rel=1e-9)
    lift = found.inference.relative
    assert lift is not None
    assert lift.value == pytest.approx(expected["rel_lift_delta"]["rel_lift"], rel=1e-9)


def adjusted_hillstrom(shared: Path, outcome: str, covariate: str) -> Read:
    """Womens e-mail against none, from moments of the file's rows."""
    file = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    rows: dict[str, list[list[float]]] = {"No E-Mail": [], "Womens E-Mail": []}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["segment"] in rows:
                rows[row["segment"]].append(
                    [float(row[outcome]), float(row[covariate])]
                )
    sides = [Moments.of_rows(part, ["y", "x"], [2, 2]) for part in rows.values()]
    return compared(
        *sides, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
    )


def test_adjusted_conversion_takes_log_delta() -> None:
    """A rate of few conversions is read by log-delta, never by a pooled spread."""
    rng = np.random.default_rng(18)
    sides = []
    for n in (2_000, 9_000):
        x = rng.normal(0, 1, n)
        y = rng.uniform(size=n) < 0.03 * np.exp(0.3 * x)
        sides.append(Moments.of_rows(np.column_stack([y, x]), ["y", "x"], [0, 3]))
    found = compared(
        *sides, formula=lambda m: m[0], columns=["y"], covariates=["x"], level=0.95
    )
    assert found.inference.method == "log_delta"
    ratio_of_two = compared(
        *sides, formula=lambda m: m[0] / 2, columns=["y"], covariates=["x"], level=0.95
    )
    assert ratio_of_two.inference.method == "pooled_cv_log"
