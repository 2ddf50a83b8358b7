"""Ranks of the truth among what a posterior holds possible: uniform where it is right.

Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv 1804.06788.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import stats

__all__ = ["BINS", "band", "drawn", "histogram", "uniform_p"]

BINS = 20
STORED = Path(__file__).resolve().parents[2] / "docs" / "ranks"
WIDE, HIGH = 200, 60


def histogram(ranks: Sequence[float], bins: int = BINS) -> list[int]:
    """How many of the ranks (shares in [0, 1]) fall in each of even bins."""
    return [int(n) for n in np.histogram(ranks, bins=bins, range=(0, 1))[0]]


def uniform_p(counts: Sequence[int]) -> float:
    """P-value of uniform ranks, by chi-square."""
    return float(stats.chisquare(counts).pvalue)


def band(share: float, runs: int, level: float = 0.999) -> tuple[float, float]:
    """Where such a share of counts lies, as shares of the runs."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = stats.binom.ppf(tails, runs, share) / runs
    return float(low), float(high)


def drawn(name: str, counts: Sequence[int]) -> str:
    """The histogram with the band that holds 99 % of the bars of uniform ranks.

    With UPDATE_RANKS=1 in the environment it is stored for the documents.
    """
    runs = sum(counts)
    low, high = (runs * edge for edge in band(1 / len(counts), runs, 0.99))
    top = 1.1 * max(*counts, high)

    def at(count: float) -> float:
        return round(HIGH * (1 - count / top), 1)

    step = WIDE / len(counts)
    bars = "".join(
        f'<rect x="{i * step + 0.5:g}" y="{at(n)}" width="{step - 1:g}" '
        f'height="{round(HIGH - at(n), 1)}"/>'
        for i, n in enumerate(counts)
    )
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" '
        f'width="{WIDE}" height="{HIGH}" role="img">'
        f"<title>{name}: ranks of the truth in {runs} runs, {list(counts)}</title>"
        f'<g fill="#5b7fa6">{bars}</g>'
        f'<rect y="{at(high)}" width="{WIDE}" height="{round(at(low) - at(high), 1)}" '
        f'fill="#d08a2c" fill-opacity="0.35"/></svg>\n'
    )
    if os.environ.get("UPDATE_RANKS"):
        STORED.mkdir(exist_ok=True)
        (STORED / f"{name}.svg").write_text(text, encoding="utf-8")
    return text
