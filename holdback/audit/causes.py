"""The fewest changes of the plan that explain the arms of a sample of the log.

Single changes are tried first, then pairs of different kinds. A variant explains the
log when at least 99 % of the sample agree, at least 90 % of what chance leaves, and so
many cannot agree by chance, however many variants were tried.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.assignment.split import Split
from holdback.audit.hypotheses import Edit, Variant, edits, with_arms
from holdback.audit.past_splits import Former
from holdback.audit.recomputed_arms import Rows
from holdback.audit.result import Cause, Change
from holdback.experiments.language.quantities import share_text
from holdback.stats.srm.label_agreement import Agreement

__all__ = ["cause_of", "explains"]

LEAST_SHARE, LEAST_KAPPA, ALPHA = 0.99, 0.9, 0.001
SCREENS = ((80, 0.5), (500, 0.8))
"""Units of a first look, and the least kappa to be looked at further."""
FITTED = 2_000
WHOLE = Fraction(3, 2000)


def explains(found: Agreement, tried: int = 1) -> bool:
    """Whether labels agree so well that one is the cause of the other."""
    return (
        found.share >= LEAST_SHARE
        and found.kappa >= LEAST_KAPPA
        and found.p_value * tried <= ALPHA
    )


def cause_of(planned: Split, rows: Rows, former: Former) -> Cause | None:
    """What explains the sampled rows; None when nothing that was tried does."""
    if not rows.logged:
        return None
    base = Variant(split=planned, column=next(iter(rows.ids)))
    return _constant(base, rows) or _searched(base, rows, former)


def _constant(base: Variant, rows: Rows) -> Cause | None:
    """One arm for everybody: a rollout, or a switch that was turned off."""
    arm, n = Counter(rows.logged).most_common(1)[0]
    due = base.arms(rows.ids[base.column]).count(arm) / len(rows.logged)
    found = Agreement(n=len(rows.logged), agreeing=n, chance=due)
    if not explains(found):
        return None
    change = Change(kind="constant", what=f"every unit logged as '{arm}'")
    return _told(found, (change,))


def _searched(base: Variant, rows: Rows, former: Former) -> Cause | None:
    single = [*edits(base.split, list(rows.ids), former), _fitted(rows)]
    screens = [(_balanced(rows.logged, size), least) for size, least in SCREENS]
    tried = 0
    for level in (1, 2):
        best: tuple[Agreement, Variant] | None = None
        for variant in _variants(base, single, level):
            tried += 1
            if any(_agreement(variant, rows, few).kappa < k for few, k in screens):
                continue
            found = _agreement(variant, rows, range(len(rows.logged)))
            better = best is None or found.agreeing > best[0].agreeing
            if better and explains(found, tried):
                best = found, variant
        if best is not None:
            return _told(best[0], best[1].changes)
    return None


def _variants(base: Variant, single: Sequence[Edit], level: int) -> Iterator[Variant]:
    for chosen in combinations(single, level):
        if len({edit.kind for edit in chosen}) < level:
            continue
        variant: Variant | None = base
        # Shares are fitted to the hash that is left, so they come last.
        for edit in sorted(chosen, key=lambda edit: edit.kind == "shares"):
            variant = None if variant is None else edit.apply(variant)
        if variant is not None:
            yield variant


def _agreement(variant: Variant, rows: Rows, which: Iterable[int]) -> Agreement:
    places = list(which)
    texts = rows.ids[variant.column]
    arms = variant.arms(texts[i] for i in places)
    return Agreement.of(zip(arms, (rows.logged[i] for i in places), strict=True))


def _balanced(logged: Sequence[str], size: int) -> list[int]:
    """Places of some units of each arm alike, so that a small arm weighs as much."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, arm in enumerate(logged):
        places[arm].append(place)
    each = max(1, size // len(places))
    return [place for found in places.values() for place in found[:each]]


def _fitted(rows: Rows) -> Edit:
    """Shares and order of the arms as the hash's numbers themselves show them."""

    def apply(variant: Variant) -> Variant | None:
        arms = _shares_seen(variant, rows)
        if arms is None:
            return None
        told = ", ".join(f"{name} {share_text(share)}" for name, share in arms)
        return with_arms(f"shares of about {told}", arms).apply(variant)

    return Edit("shares", apply)


def _shares_seen(
    variant: Variant, rows: Rows
) -> tuple[tuple[str, Fraction], ...] | None:
    """Each arm's part of the numbers, if every arm had one range of them."""
    step = max(1, len(rows.logged) // FITTED)
    texts = variant.written(rows.ids[variant.column][::step])
    draw = variant.split.recipe.draw
    drawn = sorted(
        (draw.number(text), arm)
        for text, arm in zip(texts, rows.logged[::step], strict=True)
        if text
    )
    by_arm: defaultdict[str, list[int]] = defaultdict(list)
    for number, arm in drawn:
        by_arm[arm].append(number)
    if set(by_arm) != set(variant.split.names):
        return None
    order = sorted(by_arm, key=lambda arm: sum(by_arm[arm]) / len(by_arm[arm]))
    edges, rank = [Fraction(0)], 0
    for arm in order[:-1]:
        rank += len(by_arm[arm])
        edges.append(_rounded(Fraction(drawn[rank][0], draw.size)))
    edges.append(Fraction(1))
    shares = [end - start for start, end in pairwise(edges)]
    return tuple(zip(order, shares, strict=True))


def _rounded(share: Fraction) -> Fraction:
    """A whole percentage where one is near, else hundredths of one."""
    whole = Fraction(round(share * 100), 100)
    return (
        whole
        if abs(whole - share) <= WHOLE
        else Fraction(round(share * 10_000), 10_000)
    )


def _told(found: Agreement, changes: tuple[Change, ...]) -> Cause:
    few = 0 < found.n - found.agreeing < SMALLEST
    return Cause(
        changes=changes,
        sampled=found.n,
        agreement=None if few else found.share,
    )
