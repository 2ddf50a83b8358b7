"""The chance of spend in the Hillstrom e-mail test, against a program of its own.

Expected numbers: 100,000 re-splits of the same customers, their tails on a grid, and
prior × confidence summed with numpy and scipy, sharing no code with the product. The
product draws fewer; limits are three times what seeds change at its 4,999 draws.
"""

from __future__ import annotations

import csv
import gzip
from math import log1p
from pathlib import Path

import numpy as np
import pytest

from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.compare import compare_means
from holdback.stats.posterior.posterior import LiftPrior, Posterior, posterior
from tests.calibration.shops import estimated, mean

WEAK = LiftPrior(name="weak", sd=0.30)
SKEPTICAL = LiftPrior(name="skeptical", sd=0.05)


@pytest.fixture(scope="module")
def spent(shared: Path) -> dict[str, Sample]:
    """What each customer with an order spent, by e-mail."""
    path = shared / "data" / "hillstrom" / "hillstrom.csv.gz"
    amounts: dict[str, list[float]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            amounts.setdefault(row["segment"], []).append(float(row["spend"]))
    return {
        arm: Sample(
            columns=("spend",),
            rows=np.array([[v] for v in values if v > 0]),
            n=len(values),
        )
        for arm, values in amounts.items()
    }


def believed(spent: dict[str, Sample], arm: str, prior: LiftPrior) -> Posterior:
    """What is believed of an e-mail against none."""
    control, treated = spent["No E-Mail"], spent[arm]
    inference = compare_means(
        estimated(control, mean),
        estimated(treated, mean),
        level=0.95,
        samples=TwoSamples(control=control, treatment=treated, formula=mean),
    )
    return posterior(inference, family="mean", prior=prior)


@pytest.mark.parametrize(
    ("arm", "prior", "above", "above_twentieth", "ends"),
    [
        ("Mens E-Mail", WEAK, 1.0, 1.0, (0.3593, 0.6239, 0.8860)),
        ("Mens E-Mail", SKEPTICAL, 0.9489, 0.7278, (-0.0154, 0.0775, 0.1705)),
        ("Womens E-Mail", WEAK, 0.9978, 0.9936, (0.1234, 0.3956, 0.6662)),
        ("Womens E-Mail", SKEPTICAL, 0.8335, 0.4759, (-0.0471, 0.0459, 0.1396)),
    ],
)
def test_chance_of_spend_against_a_program_of_its_own(  # one arm and prior
    spent: dict[str, Sample],
    arm: str,
    prior: LiftPrior,
    above: float,
    above_twentieth: float,
    ends: tuple[float, ...],
) -> None:
    """P(lift > 0), P(lift > 5 %), and log ratios of 2.5, 50 and 97.5 %."""
    found = believed(spent, arm, prior)
    narrow = prior.name == "skeptical"
    assert found.probability_above(0.0) == pytest.approx(
        above, abs=0.04 if narrow else 0.003
    )
    assert found.probability_above(0.05) == pytest.approx(
        above_twentieth, abs=0.07 if narrow else 0.007
    )
    logs = [log1p(found.quantile(q)) for q in (0.025, 0.5, 0.975)]
    assert logs == pytest.approx(ends, abs=0.01 if narrow else 0.04)
