"""Random subsets of exact sizes, against what counting and closed forms say."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.stats.evidence.subsets import subset_sums

Vector = npt.NDArray[np.float64]


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=3),
    st.integers(1, 4),
    st.data(),
)
def test_a_subset_has_the_size_that_was_asked_for(
    lengths: list[int], columns: int, data: st.DataObject
) -> None:
    """Ones add up to it over all groups, and to no more than a group has in each."""
    units = sum(lengths)
    wanted = data.draw(st.lists(st.integers(0, units), min_size=1, max_size=12))
    groups = [np.ones((length, columns)) for length in lengths]
    sizes = np.array(wanted)
    sums = subset_sums(groups, sizes, np.random.default_rng(len(wanted)))
    assert sums.shape == (len(wanted), len(lengths), columns)
    assert np.all(sums.sum(axis=1) == sizes[:, None])
    assert np.all(sums <= np.array(lengths)[None, :, None])


@pytest.mark.parametrize("size", [1, 2, 4, 5])
@pytest.mark.parametrize("lengths", [(7,), (3, 4)])
def test_every_subset_is_equally_likely_against_counting(
    lengths: tuple[int, ...], size: int
) -> None:
    """Powers of two name the subset; all of them come equally often (χ² test)."""
    values = 2.0 ** np.arange(7)
    groups = np.split(values[:, None], np.cumsum(lengths)[:-1])
    draws = 400 * comb(7, size)
    rng = np.random.default_rng([size, len(lengths)])
    sums = subset_sums(groups, np.full(draws, size), rng).sum(axis=(1, 2))
    names, seen = np.unique(sums, return_counts=True)
    expected = sorted(sum(chosen) for chosen in combinations(values, size))
    assert names.tolist() == expected
    assert stats.chisquare(seen).pvalue > 1e-3


@pytest.mark.parametrize("share", [0.06, 0.3, 0.5, 0.8])
def test_sums_against_the_law_of_sampling_without_replacement(share: float) -> None:
    """Mean n ȳ, and variance n (1 − n/N) s² (Cochran 1977, theorem 2.2)."""
    rng = np.random.default_rng(4)
    values = rng.lognormal(3, 1.5, (500, 2))
    size, draws = round(500 * share), 20_000
    sums = subset_sums([values[:130], values[130:]], np.full(draws, size), rng)
    both = sums.sum(axis=1)
    spread = size * (1 - share) * values.var(axis=0, ddof=1)
    off = (both.mean(axis=0) - size * values.mean(axis=0)) / np.sqrt(spread / draws)
    assert np.all(np.abs(off) < 4)
    fourth = stats.kurtosis(both, axis=0) + 2
    error = np.sqrt(fourth / draws)
    assert np.all(np.abs(both.var(axis=0) / spread - 1) < 4 * error)


def test_sizes_that_differ_against_one_draw_at_a_time() -> None:
    """Means of each size are those of `Generator.choice`, group by group."""
    rng = np.random.default_rng(5)
    values = rng.gamma(0.5, 10, (60, 3))
    sizes = np.repeat([3, 20, 41], 4_000)
    sums = subset_sums([values[:25], values[25:]], sizes, rng)
    for size in (3, 20, 41):
        mine = sums[sizes == size, 1]
        chosen = [rng.choice(60, size, replace=False) for _ in range(4_000)]
        other = np.array([values[at[at >= 25]].sum(axis=0) for at in chosen])
        for column in range(3):
            test = stats.ks_2samp(mine[:, column], other[:, column])
            assert test.pvalue > 1e-3


def test_the_same_generator_gives_the_same_sums() -> None:
    """To the last bit: nothing is left to threads or to the hash of the day."""
    values = np.random.default_rng(6).lognormal(3, 1.5, (5_000, 2))
    first, second = (
        subset_sums(
            [values[:2_000], values[2_000:]],
            np.full(50, 2_500),
            np.random.default_rng(7),
        )
        for _ in range(2)
    )
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("size", [-1, 6])
def test_impossible_sizes_are_refused(size: int) -> None:
    """A subset has no fewer than 0 units and no more than all."""
    with pytest.raises(ValueError, match="do not exist"):
        subset_sums([np.ones((5, 1))], np.array([3, size]), np.random.default_rng(1))
