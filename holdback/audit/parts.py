"""What explains a part of the log: units of one level, of a second version, of chance.

Asked where no variation of the plan explains all units. The rest of them must agree
with the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction

from holdback.assignment.split import Split
from holdback.audit.causes import (
    ALPHA,
    best_variant,
    cause_of,
    cause_told,
    explains,
)
from holdback.audit.hypotheses import Former, Variant, edits
from holdback.audit.recomputed_arms import Rows
from holdback.audit.result import Cause, Change
from holdback.experiments.language.quantities import share_text
from holdback.stats.numeric import upper_tail
from holdback.stats.srm.agreement import Agreement, fisher

__all__ = ["cause_of_part"]

LEAST_DIFFERING, LEAST_OF_A_LEVEL, MOST_GROUPS = 30, 50, 50
MOST_AT_RANDOM = 0.5
"""Above, so little is left of the plan that nothing speaks for it."""
FITS_FROM = 0.001


def cause_of_part(planned: Split, rows: Rows, former: Former) -> Cause | None:
    """What made some of the sampled units differ; None where nothing tried did.

    In this order: the units of one level of a column (one country on an old version),
    a second version of the plan side by side with it, arms drawn at random.
    """
    if not rows.logged:
        return None
    base = Variant(split=planned, column=next(iter(rows.ids)))
    arms = base.arms(rows.ids[base.column])
    differing = [i for i, arm in enumerate(arms) if arm != rows.logged[i]]
    if len(differing) < LEAST_DIFFERING:
        return None
    return (
        _of_one_level(planned, rows, arms, former)
        or _side_by_side(base, rows, arms, differing, former)
        or _at_random(planned, rows, arms)
    )


def _of_one_level(
    planned: Split, rows: Rows, arms: Sequence[str | None], former: Former
) -> Cause | None:
    for column, texts in list(rows.ids.items())[1:]:
        units, differing = Counter(texts), Counter[str | None]()
        for text, arm, logged in zip(texts, arms, rows.logged, strict=True):
            differing[text] += arm != logged
        if not 1 < len(units) <= MOST_GROUPS:
            continue
        level = max(units, key=lambda one: differing[one] / units[one])
        inside = [i for i, text in enumerate(texts) if text == level]
        outside = [i for i, text in enumerate(texts) if text != level]
        apart = Agreement.of((arms[i], rows.logged[i]) for i in outside)
        small = min(len(inside), len(outside)) < LEAST_OF_A_LEVEL
        if level is None or small or not explains(apart):
            continue
        p = fisher((differing[level], apart.n - apart.agreeing), (len(inside), apart.n))
        if p * len(units) > ALPHA:
            continue
        cause = cause_of(planned, _only(rows, inside), former)
        changes = () if cause is None else cause.changes
        agreeing = apart.agreeing
        if cause is not None:
            share = 1.0 if cause.agreement is None else cause.agreement
            agreeing += round(share * len(inside))
        part = Change(kind="part", what=f"only units with {column} '{level}' differ")
        whole = Agreement(n=len(texts), agreeing=agreeing, chance=apart.chance)
        return cause_told(whole, (part, *changes))
    return None


def _only(rows: Rows, places: Collection[int]) -> Rows:
    """Some of the rows."""
    return Rows(
        logged=tuple(rows.logged[i] for i in places),
        ids={
            column: tuple(texts[i] for i in places)
            for column, texts in rows.ids.items()
        },
    )


def _side_by_side(
    base: Variant,
    rows: Rows,
    arms: Sequence[str | None],
    differing: Sequence[int],
    former: Former,
) -> Cause | None:
    """A second version that dealt the units which differ.

    Other shares or names explain nothing here: of two arms the units that differ have
    the other one, whatever the cause.
    """
    tried = [
        edit
        for edit in edits(base.split, list(rows.ids), former)
        if edit.kind != "shares"
    ]
    best = best_variant(base, _only(rows, differing), tried)
    if best is None:
        return None
    agreement, variant = best
    others = variant.arms(rows.ids[variant.column])
    apart = sum(a != b for a, b in zip(arms, others, strict=True))
    share = Fraction(min(round(100 * len(differing) / apart), 100), 100)
    part = Change(
        kind="part", what=f"about {share_text(share)} of the units by a second version"
    )
    whole = Agreement(
        n=len(arms),
        agreeing=len(arms) - len(differing) + agreement.agreeing,
        chance=agreement.chance,
    )
    return cause_told(whole, (part, *variant.changes))


def _at_random(planned: Split, rows: Rows, arms: Sequence[str | None]) -> Cause | None:
    """A share of units whose arm was drawn anew, without the id, in the planned shares.

    Of n units planned for arm a, n q s_b are then logged in arm b: Pearson's chi-square
    of these counts, with q as estimated from all that differ.
    """
    shares = {name: float(share) for name, share in planned.arms}
    pairs = Counter(zip(arms, rows.logged, strict=True))
    units = Counter(arms)
    if units[None] > len(arms) - units[None]:
        return None
    off = {pair: n for pair, n in pairs.items() if pair[0] not in {None, pair[1]}}
    possible = sum(units[arm] * (1 - share) for arm, share in shares.items())
    q = sum(off.values()) / possible if possible else 1.0
    if not 0 < q <= MOST_AT_RANDOM:
        return None
    expected = {
        (a, b): units[a] * q * shares[b] for a in shares for b in shares if a != b
    }
    distance = sum(_distances(off, expected))
    if upper_tail(distance, len(expected) - 1) < FITS_FROM:
        return None
    share = Fraction(round(100 * q) or 1, 100)
    what = (
        f"about {share_text(share)} of the units in an arm drawn at random, as by a "
        "cache or a second writer"
    )
    whole = Agreement.of(zip(arms, rows.logged, strict=True))
    return cause_told(whole, (Change(kind="random", what=what),))


def _distances(
    off: dict[tuple[str | None, str], int], expected: dict[tuple[str, str], float]
) -> Iterator[float]:
    for pair, count in expected.items():
        if count:
            yield (off.get(pair, 0) - count) ** 2 / count
