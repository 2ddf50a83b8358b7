"""Net scores: Tango's range, its correction, and the difference of two arms."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.methods import net_score
from holdback.stats.methods.net_score import (
    NetScore,
    compare_net_scores,
    net_score_interval,
)

Z = NormalDist().inv_cdf(0.975)


def answers(promoters: int, detractors: int, n: int) -> NetScore:
    """So many answers of +1 and −1 among n."""
    return NetScore(
        mean=(promoters - detractors) / n, square=(promoters + detractors) / n, n=n
    )


def compared(
    control: NetScore, treatment: NetScore, *, level: float = 0.95
) -> Inference:
    """The difference of two net scores, in points of 1."""
    first, second = (
        Estimate(
            value=side.mean,
            se=sqrt(max(side.square - side.mean**2, 0) / side.n),
            n=round(side.n),
            third=0.0,
            nonzero=round(side.n * side.square),
        )
        for side in (control, treatment)
    )
    return compare_net_scores(
        first, second, (control, treatment), points=1, level=level
    )


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((18, 1, 20), 0.515202, 0.974590),
        ((20, 0, 20), 0.740568, 1.0),
        ((0, 20, 20), -1.0, -0.740568),
        ((150, 45, 270), 0.295615, 0.475857),
    ],
)
def test_range_against_table(
    counts: tuple[int, int, int], low: float, high: float
) -> None:
    """Ends by bisection, in an implementation that shares no line with this one."""
    assert net_score_interval(answers(*counts), z=Z) == pytest.approx(
        (low, high), abs=1e-6
    )


@pytest.mark.parametrize("counts", [(18, 1, 20), (150, 45, 270), (3, 11, 40)])
def test_ends_against_brute_force(counts: tuple[int, int, int]) -> None:
    """At each end the score, with shares of numerically greatest likelihood, is ±z."""
    ups, downs, n = counts
    for end, sign in zip(
        net_score_interval(answers(*counts), z=Z), (1, -1), strict=True
    ):

        def negative(q: float, end: float = end) -> float:
            terms = [(ups, q + end), (downs, q), (n - ups - downs, 1 - 2 * q - end)]
            return -sum(k * np.log(v) for k, v in terms if k)

        bounds = (max(0.0, -end) + 1e-12, (1 - end) / 2 - 1e-12)
        q = optimize.minimize_scalar(
            negative, bounds=bounds, method="bounded", options={"xatol": 1e-13}
        ).x
        values, shares = np.array([1.0, -1.0, 0.0]), np.array([q + end, q, 0.0])
        shares[2] = 1 - shares.sum()
        variance = shares @ (values - end) ** 2 / n
        third = shares @ (values - end) ** 3 / n**2
        w, k = ((ups - downs) / n - end) / sqrt(variance), third / variance**1.5 / 6
        assert w == pytest.approx(sign * Z + k * (Z * Z - 1), abs=1e-4)


def test_difference_against_table() -> None:
    """230 and 12 of 270 against 26 and 1 of 30, put together by hand."""
    found = compared(answers(26, 1, 30), answers(230, 12, 270)).absolute
    assert found.interval.lower == pytest.approx(-0.157084, abs=1e-6)
    assert found.interval.upper == pytest.approx(0.218555, abs=1e-6)


@given(st.data())
def test_range_and_p_value_agree(data: st.DataObject) -> None:
    """The range leaves out 0 exactly where p is below 1 − level."""
    sides = []
    for _ in range(2):
        n = data.draw(st.integers(20, 300))
        ups = data.draw(st.integers(0, n))
        sides.append(answers(ups, data.draw(st.integers(0, n - ups)), n))
    found = compared(*sides)
    lower, upper = found.absolute.interval.lower, found.absolute.interval.upper
    assert -2 <= lower <= found.absolute.value <= upper <= 2
    if abs(found.p_value - 0.05) > 1e-9:
        assert (lower > 0 or upper < 0) == (found.p_value < 0.05)


@given(st.integers(0, 60), st.integers(0, 30), st.integers(0, 60), st.integers(0, 30))
def test_swapping_arms_and_answers_invariance(a: int, b: int, c: int, d: int) -> None:
    """Arms swapped, or promoters called detractors: the range changes its sign."""
    first, second = answers(a, b, 90), answers(c, d, 120)
    plain = compared(first, second)
    turned = compared(answers(b, a, 90), answers(d, c, 120))
    for other in (compared(second, first), turned):
        assert other.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-9)
        assert other.absolute.interval.lower == pytest.approx(
            -plain.absolute.interval.upper, abs=1e-8
        )


def test_large_arms_approach_the_normal() -> None:
    """With 10⁶ answers the range is that of the plain standard errors."""
    first, second = answers(500_000, 200_000, 10**6), answers(510_000, 195_000, 10**6)
    found = compared(first, second).absolute
    half = Z * found.se
    assert found.interval.lower == pytest.approx(found.value - half, abs=1e-6)
    assert found.interval.upper == pytest.approx(found.value + half, abs=1e-6)


def test_identical_answers_have_a_range() -> None:
    """Twenty promoters in each arm: the difference may be either way, and p is 1."""
    found = compared(answers(20, 0, 20), answers(30, 0, 30))
    assert found.absolute.interval.lower < 0 < found.absolute.interval.upper
    assert found.p_value == 1.0


def test_few_answers_have_none() -> None:
    """Below 20 answers in an arm the difference is told without a range."""
    found = compared(answers(5, 5, 19), answers(50, 5, 100))
    assert found.method == "none"
    assert found.p_value is None
    assert found.absolute.interval.lower is found.absolute.interval.upper is None
    assert found.note.numbers == {"answers": 19, "side": "control", "least": 20}


def tails(
    shares: tuple[float, float, float], sizes: tuple[int, int], runs: int
) -> tuple[float, float]:
    """Simulated shares of ranges above and below no difference, by their own ends."""
    rng = np.random.default_rng(7)
    ends: dict[tuple[int, int, int], tuple[float, float]] = {}

    def side(n: int) -> np.ndarray:
        counts = rng.multinomial(n, shares, size=runs)[:, [0, 2]]
        rows = np.empty((runs, 3))
        for i, (up, down) in enumerate(counts):
            key = (int(up), int(down), n)
            if key not in ends:
                ends[key] = net_score_interval(answers(*key), z=Z)
            rows[i] = ((up - down) / n, *ends[key])
        return rows

    (t, lt, ut), (c, lc, uc) = (side(n).T for n in sizes)
    low = t - c - np.hypot(np.maximum(t - lt, 0), np.maximum(uc - c, 0))
    high = t - c + np.hypot(np.maximum(ut - t, 0), np.maximum(c - lc, 0))
    return float((low > 0).mean()), float((high < 0).mean())


CELLS = [
    ((0.5, 0.3, 0.2), (270, 30)),
    ((0.6, 0.25, 0.15), (270, 30)),
    ((0.5, 0.3, 0.2), (180, 20)),
    ((0.85, 0.10, 0.05), (150, 150)),
    ((0.1, 0.3, 0.6), (180, 20)),
]


@pytest.mark.parametrize(
    "runs", [4_000, pytest.param(20_000, marks=pytest.mark.calibration)]
)
@pytest.mark.parametrize(("shares", "sizes"), CELLS)
def test_each_side_errs_as_promised(
    shares: tuple[float, float, float], sizes: tuple[int, int], runs: int
) -> None:
    """No difference, 20 to 270 answers: each side in 1.5–3.4 % of simulated tests."""
    for share in tails(shares, sizes, runs):
        assert 0.015 < share < 0.034


def test_the_band_catches_a_score_without_its_skewness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: 85 % promoters, 180 against 20 answers, without the correction."""
    monkeypatch.setattr(
        net_score,
        "skewness_corrected",
        lambda distance, variance, _: distance / sqrt(max(variance, 1e-300)),
    )
    assert tails((0.85, 0.10, 0.05), (180, 20), 4_000)[0] > 0.034
