"""Whose ranges hold the truth: holdback and others on the same simulated tests.

``python -m benchmarks.validity [--tests 400] [--python PATH]`` draws so many tests of
each setting, has every contender read them by its public face and its defaults, and
prints one table. ``--python`` is the interpreter of an environment that has the other
libraries, whose needs differ from ours (``make validity`` makes it); one that is not
installed there is said to be so. Ranges are kept in ``benchmarks/data/validity``, and a
longer run adds to them: test number 7 of a setting is the same in every run.

A new setting is one line of `SETTINGS`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CONTENDERS", "SETTINGS", "Setting", "Tally", "drawn", "tally"]

HERE = Path(__file__).parent
AVERAGE = 30.0
FEW_TESTS = 50
Vector = npt.NDArray[np.float64]
Range = tuple[float | None, float | None]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is measured, and how both arms' units behave; control stands first.

    A `share` of the units buys for 30 on average, log amounts with deviation `sigma`
    (or gamma amounts of a `shape`). The treatment multiplies amounts and buyers, and
    may spread its amounts otherwise. With `covariate` the amount before is known too.
    """

    metric: str = "revenue"
    units: tuple[int, int] = (600, 5_400)
    share: float = 0.10
    sigma: float = 1.5
    treated_sigma: float | None = None
    shape: float | None = None
    amounts: float = 1.0
    buyers: float = 1.0
    covariate: bool = False

    @property
    def lift(self) -> float:
        """The truth, of the population that units are drawn from."""
        parts = {"conversion": (self.buyers, 1.0), "basket": (1.0, self.amounts)}
        buyers, amounts = parts.get(self.metric, (self.buyers, self.amounts))
        return buyers * amounts - 1


EVEN, SMALL = (600, 600), (300, 5_700)
SETTINGS = {
    "conversion 10 %, 50/50": Setting(metric="conversion", units=EVEN),
    "conversion 2 %, 90/10": Setting(
        metric="conversion", units=(1_000, 9_000), share=0.02
    ),
    "conversion 0.5 %, 90/10": Setting(
        metric="conversion", units=(1_000, 9_000), share=0.005
    ),
    "98 % stay, 90/10": Setting(metric="conversion", units=(1_000, 9_000), share=0.98),
    "conversion 10 %, +25 %, 50/50": Setting(
        metric="conversion", units=(2_000, 2_000), buyers=1.25
    ),
    "revenue, σ 1, 50/50": Setting(units=EVEN, sigma=1.0),
    "revenue, σ 1.5, 50/50": Setting(units=EVEN),
    "revenue, σ 1, 90/10": Setting(sigma=1.0),
    "revenue, σ 1.5, 90/10": Setting(),
    "revenue, σ 2, 90/10": Setting(sigma=2.0),
    "revenue, gamma(0.5), 90/10": Setting(shape=0.5),
    "revenue, σ 1.5, 95/5": Setting(units=SMALL),
    "revenue, σ 1.5 → 1.3, 90/10": Setting(treated_sigma=1.3),
    "revenue, σ 1.0 → 1.5, 90/10": Setting(sigma=1.0, treated_sigma=1.5),
    "revenue, amounts +50 %, 90/10": Setting(amounts=1.5),
    "revenue, amounts +100 %, 90/10": Setting(amounts=2.0),
    "revenue, buyers −40 %, 90/10": Setting(buyers=0.6),
    "revenue, amounts +50 %, σ 1, 50/50": Setting(units=EVEN, sigma=1.0, amounts=1.5),
    "order value, σ 1, 90/10": Setting(metric="basket", sigma=1.0),
    "revenue +10 %, everyone buys, spend before known, 50/50": Setting(
        units=(1_000, 1_000), share=1.0, sigma=0.8, amounts=1.1, covariate=True
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """An arm of `n` units: what buyers spent, and spent before; the others nothing."""

    n: int
    total: Vector
    before: Vector

    @property
    def columns(self) -> dict[str, Vector]:
        """By the names that metrics call them, of the buyers."""
        orders = np.ones(len(self.total))
        return {"total": self.total, "orders": orders, "before": self.before}

    def product(self, one: str, other: str) -> float:
        """Sum over units of the product of two columns."""
        return float(self.columns[one] @ self.columns[other])

    def mean(self, column: str) -> float:
        """Mean over all units."""
        return float(self.columns[column].sum()) / self.n

    def covariance(self, one: str, other: str) -> float:
        """Covariance over all units."""
        means = self.n * self.mean(one) * self.mean(other)
        return (self.product(one, other) - means) / (self.n - 1)

    def frame(self) -> dict[str, Vector]:
        """All units, those that did not buy last."""
        rest = np.zeros(self.n - len(self.total))
        return {k: np.concatenate([v, rest]) for k, v in self.columns.items()}


Test = tuple[Side, Side]


def drawn(name: str, numbers: Iterable[int]) -> Iterator[Test]:
    """Tests of a setting: those with these numbers."""
    setting = SETTINGS[name]
    for number in numbers:
        rng = np.random.default_rng([zlib.crc32(name.encode()), number])
        yield _side(setting, rng, treated=False), _side(setting, rng, treated=True)


def _side(setting: Setting, rng: np.random.Generator, *, treated: bool) -> Side:
    n = setting.units[1 if treated else 0]
    share = setting.share * (setting.buyers if treated else 1.0)
    buyers = int(rng.binomial(n, share))
    sigma = (treated and setting.treated_sigma) or setting.sigma
    habit, chance, earlier = rng.standard_normal((3, buyers)) / sqrt(2)
    amounts = np.exp(sigma * (habit + chance) - sigma**2 / 2)
    if setting.shape is not None:
        amounts = rng.gamma(setting.shape, 1 / setting.shape, buyers)
    spent = AVERAGE * amounts * (setting.amounts if treated else 1.0)
    before = AVERAGE * np.exp(sigma * (habit + earlier) - sigma**2 / 2)
    return Side(
        n=n,
        total=np.round(np.maximum(spent, 0.01), 2),
        before=np.round(before, 2) if setting.covariate else np.zeros(buyers),
    )


PROJECT = """\
version: 1
experiment: validity
currency: EUR
arms: {{holdback: {{share: {control:.0%}, control: true}}, treated: {{share: {rest:.0%}}}}}
assignment: {{source: customers}}
sources:
  customers: {{csv: customers.csv, columns: {{unit: unit, arm: arm}}}}
metrics:
  revenue: {{kind: mean, source: customers, value: total, unit: money}}
  conversion: {{kind: conversion, source: customers, where: orders > 0}}
  basket: {{kind: ratio, source: customers, value: total, per: orders, unit: money}}
primary: {metric}
analysis: {{looks: end{covariates}}}
"""  # noqa: E501  # YAML reads best unbroken


def holdback(setting: Setting, tests: Iterable[Test]) -> Iterator[Range]:
    """Our `analyze`: the range of the primary's lift in the scorecard."""
    import pandas as pd

    import holdback as hb

    control, rest = (n / sum(setting.units) for n in setting.units)
    covariates = ", covariates: [before]" if setting.covariate else ""
    written = PROJECT.format(
        control=control, rest=rest, metric=setting.metric, covariates=covariates
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "validity.yaml"
        file.write_text(written, encoding="utf-8")
        experiment = hb.load(file)
        for sides in tests:
            frame = pd.concat(
                [
                    pd.DataFrame({"arm": arm} | side.frame())
                    for arm, side in zip(("holdback", "treated"), sides, strict=True)
                ]
            )
            frame["unit"] = [f"u{i}" for i in range(len(frame))]
            readout = hb.analyze(experiment, customers=frame).scorecard.readouts[0]
            lift = readout.relative
            yield (None, None) if lift is None else (lift.lower, lift.upper)


def tea_tasting(setting: Setting, tests: Iterable[Test]) -> Iterator[Range]:
    """tea-tasting's metrics on aggregates: `rel_effect_size_ci`."""
    import tea_tasting as tt
    from tea_tasting.aggr import Aggregates

    before = "before" if setting.covariate else None
    metric = {
        "conversion": tt.Mean("orders"),
        "basket": tt.RatioOfMeans("total", "orders"),
        "revenue": tt.Mean("total", before),
    }[setting.metric]
    pairs = [("orders", "total"), ("before", "total")]
    for sides in tests:
        arms = {
            arm: Aggregates(
                count_=side.n,
                mean_={k: side.mean(k) for k in side.columns},
                var_={k: side.covariance(k, k) for k in side.columns},
                cov_={pair: side.covariance(*pair) for pair in pairs},
            )
            for arm, side in enumerate(sides)
        }
        read = metric.analyze(arms, 0, 1)
        yield float(read.rel_effect_size_ci_lower), float(read.rel_effect_size_ci_upper)


def gbstats(setting: Setting, tests: Iterable[Test]) -> Iterator[Range]:
    """GrowthBook's default engine: the Bayesian one, relative, flat prior."""
    from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig
    from gbstats.models import statistics as by

    def amount(side: Side, column: str) -> Any:
        return by.SampleMeanStatistic(
            n=side.n,
            sum=float(side.columns[column].sum()),
            sum_squares=side.product(column, column),
        )

    def statistic(side: Side) -> Any:
        if setting.metric == "conversion":
            return by.ProportionStatistic(n=side.n, sum=float(len(side.total)))
        if setting.metric == "basket":
            return by.RatioStatistic(
                n=side.n,
                m_statistic=amount(side, "total"),
                d_statistic=amount(side, "orders"),
                m_d_sum_of_products=side.product("total", "orders"),
            )
        if setting.covariate:
            return by.RegressionAdjustedStatistic(
                n=side.n,
                post_statistic=amount(side, "total"),
                pre_statistic=amount(side, "before"),
                post_pre_sum_of_products=side.product("total", "before"),
                theta=0.0,
            )
        return amount(side, "total")

    for sides in tests:
        arms = [statistic(side) for side in sides]
        if setting.covariate:
            theta = by.compute_theta(*arms)
            for arm in arms:
                arm.theta = theta
        config = EffectBayesianConfig()
        low, high = EffectBayesianABTest(*arms, config).compute_result().ci
        yield float(low), float(high)


def confidence(setting: Setting, tests: Iterable[Test]) -> Iterator[Range]:
    """spotify-confidence's z-test, relative; it knows neither ratios nor covariates."""
    import pandas as pd
    from spotify_confidence import ZTest

    known = not (setting.metric == "basket" or setting.covariate)
    column = "orders" if setting.metric == "conversion" else "total"
    rows = []
    for number, sides in enumerate(tests):
        for arm, side in zip(("control", "treated"), sides, strict=True):
            values = side.columns[column]
            rows.append((number, arm, values.sum(), values @ values, side.n))
    if not known:
        yield from [(None, None)] * (len(rows) // 2)
        return
    names = ["test", "arm", "sum", "squares", "n"]
    read = ZTest(
        pd.DataFrame(rows, columns=names),
        numerator_column="sum",
        numerator_sum_squares_column="squares",
        denominator_column="n",
        categorical_group_columns=["arm", "test"],
    ).difference("control", "treated", groupby="test", absolute=False)
    yield from zip(read["ci_lower"], read["ci_upper"], strict=True)


Reader = Callable[[Setting, Iterable[Test]], Iterator[Range]]
CONTENDERS: dict[str, tuple[Reader, str]] = {
    "holdback": (holdback, "holdback"),
    "tea-tasting": (tea_tasting, "tea_tasting"),
    "gbstats": (gbstats, "gbstats"),
    "spotify-confidence": (confidence, "spotify_confidence"),
}
"""What reads, and the module that has to be there for it."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Per cent of ranges wholly above and below the truth, and of effects found.

    `found` is how many exclude no lift on the side of the true one, `wrong` on the
    other; where nothing is true both are false alarms and stand in `above`, `below`.
    `silent` is how many gave no range. `tests` is of how many.
    """

    above: float
    below: float
    found: float
    wrong: float
    silent: float
    tests: int

    def cell(self, *, lift: float) -> str:
        """As the table shows it: counts where per cent would say too much."""
        if self.silent == 100:  # per cent
            return "–"
        if self.tests < FEW_TESTS:
            above, below = (self.tests * s / 100 for s in (self.above, self.below))
            return f"{above:.0f} / {below:.0f} of {self.tests} tests"
        shown = f"{self.above:.1f} / {self.below:.1f}"
        if lift:
            shown += f"; {self.found:.0f}"
        return shown if self.silent < 0.5 else f"{shown} ({self.silent:.0f} none)"


def tally(ranges: Iterable[Range], lift: float) -> Tally:
    """What these ranges did where so much lift is true."""
    known = list(ranges)
    low = np.array([-np.inf if r[0] is None else r[0] for r in known])
    high = np.array([np.inf if r[1] is None else r[1] for r in known])
    over, under = low > 0, high < 0
    hit, miss = (over, under) if lift >= 0 else (under, over)
    none = np.isinf(low) & np.isinf(high)
    shares = (
        100 * float(np.mean(marks))
        for marks in (low > lift, high < lift, hit, miss, none)
    )
    above, below, found, wrong, silent = shares
    return Tally(
        above=above,
        below=below,
        found=found,
        wrong=wrong,
        silent=silent,
        tests=len(known),
    )


def _kept(contender: str) -> dict[str, list[Range]]:
    file = HERE / "data" / "validity" / f"{contender}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _read(contender: str, tests: int) -> None:
    """Read what has not been read yet, setting by setting, and keep it."""
    reader, _ = CONTENDERS[contender]
    file = HERE / "data" / "validity" / f"{contender}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    for name, setting in SETTINGS.items():
        known = _kept(contender)
        before = known.get(name, [])
        if len(before) < tests:
            more = list(reader(setting, drawn(name, range(len(before), tests))))
            known[name] = [*before, *more]
            file.write_text(json.dumps(known), encoding="utf-8")
            print(f"{contender}: {name}", file=sys.stderr)


def table(tests: int) -> str:
    """Markdown: a row a setting, a column a contender that was read."""
    read = {name: _kept(name) for name in CONTENDERS}
    shown = list(CONTENDERS)
    heads = [name if read[name] else f"{name} (not installed)" for name in shown]
    lines = [
        "| setting | true lift | " + " | ".join(heads) + " |",
        "|---|---|" + "---|" * len(shown),
    ]
    for name, setting in SETTINGS.items():
        cells = [
            tally(read[contender].get(name, [])[:tests], setting.lift).cell(
                lift=setting.lift
            )
            if read[contender].get(name)
            else "–"
            for contender in shown
        ]
        truth = f"{100 * setting.lift:+.0f} %" if setting.lift else "none"
        lines.append(f"| {name} | {truth} | " + " | ".join(cells) + " |")
    lines.append(
        "| all without a lift | none | " + " | ".join(_pooled(read, tests)) + " |"
    )
    counts = [
        str(min(tests, *map(len, read[name].values())) if read[name] else 0)
        for name in shown
    ]
    lines.append("| tests a setting | | " + " | ".join(counts) + " |")
    return "\n".join(lines)


def _pooled(read: Mapping[str, dict[str, list[Range]]], tests: int) -> Iterator[str]:
    """False rises and false falls of each contender, settings without a lift alike."""
    for known in read.values():
        ranges = [
            one
            for name, setting in SETTINGS.items()
            if not setting.lift
            for one in known.get(name, [])[:tests]
            if one != [None, None]
        ]
        yield tally(ranges, 0.0).cell(lift=0.0) if ranges else "–"


def main() -> None:
    """Read and print; each contender in a process of the Python that has it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=400)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--only", nargs="+", default=list(CONTENDERS))
    parser.add_argument("--here", action="store_true", help="in this process")
    arguments = parser.parse_args()
    for name in arguments.only:
        if arguments.here or name == "holdback":
            if find_spec(CONTENDERS[name][1]) is None:
                print(f"{name} is not installed here.")
                continue
            _read(name, arguments.tests)
            continue
        command = [arguments.python, "-m", "benchmarks.validity", "--here"]
        more = ["--only", name, "--tests", str(arguments.tests)]
        done = subprocess.run([*command, *more], check=False, cwd=HERE.parent)
        if done.returncode:
            print(f"{name} failed.")
    if not arguments.here:
        print(table(arguments.tests))


if __name__ == "__main__":
    main()
