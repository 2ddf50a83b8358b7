"""Models of spend, from a project's rows to the scorecard: they explain, no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import holdback
import holdback.analysis.exploratory.sensitivity as sensitivity_module
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.results.sections.sensitivity import Sensitivity
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
        arm = "holdback" if i // 28 % 10 == 0 else "personalized"
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
    ("amounts", "variants", "told"),
    [
        ("lognormal", {"hurdle", "hurdle_one_spread"}, "a spread of its own in each"),
        ("gamma", {"hurdle_gamma"}, "gamma with one shape in both arms"),
        ("student", {"hurdle_student_t"}, "a Student t on the log"),
        ("prices", set(), ""),
    ],
)
def test_a_model_of_spend_stands_under_sensitivity(
    tmp_path: Path, amounts: str, variants: set[str], told: str
) -> None:
    """The law that fits the buyers explains; the chance is the deciding method's."""
    found = analyze(project(tmp_path, amounts)).scorecard
    readout = found.readout("revenue", "personalized")
    assert readout.bayes is not None
    assert readout.bayes.method == "confidence_distribution"
    models = {one.variant: one for one in found.section(Sensitivity) if one.note}
    assert set(models) == variants
    others = {one.prior: one for one in readout.bayes_alternatives}
    half, double = others["half_width"], others["double_width"]
    chances = [abs(b.p_positive - 0.5) for b in (half, readout.bayes, double)]
    assert chances == sorted(chances)
    assert half.sd < readout.bayes.sd < double.sd
    assert readout.bayes.equivalence == 0.01
    again = from_json(to_json(found))
    assert again == found
    page = render(again)
    for words in ("Half the width", told, "What a wrong choice would cost"):
        assert words in page
    assert ("nothing is decided from them" in page) is bool(variants)


def test_no_model_reaches_a_decision_or_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any model of spend: the same chances, money and decision, to the bit."""
    file = project(tmp_path, "lognormal")
    with_models = analyze(file).scorecard
    none: list[object] = []
    monkeypatch.setattr(sensitivity_module, "spend_models", lambda _shown: none)
    without = analyze(file).scorecard
    assert {s.variant for s in with_models.section(Sensitivity)} - {
        s.variant for s in without.section(Sensitivity)
    } == {"hurdle", "hurdle_one_spread"}
    assert with_models.money == without.money
    assert with_models.decision == without.decision
    assert with_models.readouts == without.readouts


def test_nothing_that_decides_imports_a_model_of_spend() -> None:
    """Only what explains does: sensitivity, and the models that are drawn from."""
    package = Path(holdback.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "comparison.spend_models import" in path.read_text(encoding="utf-8")
    }
    assert readers == {"analysis/exploratory/sensitivity.py", "analysis/mcmc.py"}
    for path in (*package.glob("economics/*.py"), *package.glob("analysis/*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name != "mcmc.py":
            assert "posterior.hurdle" not in text
            assert "posterior.counts" not in text
