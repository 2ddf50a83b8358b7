"""Which model spend bears, from a project's rows to the scorecard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.workflow import analyze

YAML = """\
version: 1
currency: EUR
experiment: small
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
sources:
  assignments:
    csv: units.csv
    columns: {unit: customer, arm: group, time: seen}
metrics:
  revenue: {kind: mean, source: assignments, value: spent, unit: money}
assignment: {source: assignments}
window: {start: 2026-10-01, end: 2026-10-28}
primary: revenue
analysis: {looks: end}
economics: {margin: 40%, costs: [{name: Service, amount: 500, per: month}]}
"""


def project(folder: Path, amounts: str) -> Path:
    """8,000 units, 5 % of them buyers whose spend follows a law or a few prices."""
    rng = np.random.default_rng(12)
    lines = ["customer,group,seen,spent"]
    for i in range(8_000):
        arm = "holdback" if i % 10 == 0 else "personalized"
        spent = 0.0
        if rng.random() < 0.05:
            spent = {
                "lognormal": float(np.exp(rng.normal(3, 1))),
                "gamma": float(rng.gamma(0.6, 40)) + 0.01,
                "student": float(np.exp(3 + rng.standard_t(2.5) / 2)),
                "prices": float(rng.choice([19, 49, 99])),
            }[amounts]
        lines.append(f"u{i},{arm},2026-10-{1 + i % 28:02d},{spent:.2f}")
    (folder / "units.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = folder / "small.yaml"
    file.write_text(YAML, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("amounts", "method", "told"),
    [
        ("lognormal", "hurdle_lognormal", "Belief: a hurdle model"),
        ("gamma", "hurdle_gamma", "spend as gamma with one shape"),
        ("student", "hurdle_student_t", "a Student t that the treatment moves"),
        ("prices", "normal_log_ratio", "gamma and Student-t spend were refused"),
    ],
)
def test_model_follows_the_buyers(
    tmp_path: Path, amounts: str, method: str, told: str
) -> None:
    """Lognormal spend takes the hurdle; a few prices fall back and say so."""
    found = analyze(project(tmp_path, amounts)).scorecard
    readout = found.readout("revenue", "personalized")
    assert readout.bayes is not None
    assert readout.bayes.method == method
    assert told in str(readout.note)
    others = {one.prior: one for one in readout.bayes_alternatives}
    half, double = others["half_width"], others["double_width"]
    assert abs(half.mean) < abs(readout.bayes.mean) < abs(double.mean)
    assert half.sd < readout.bayes.sd < double.sd
    assert readout.bayes.equivalence == 0.01
    again = from_json(to_json(found))
    assert again == found
    page = render(again)
    for words in ("Half the width", told, "What a wrong choice would cost"):
        assert words in page
