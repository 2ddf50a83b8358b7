"""The fewest changes of the plan that explain the arms of a sample of the log.

Single changes are tried first, then pairs of different kinds. A variant explains the
log when at least 99 % of the sample agree, at least 90 % of what chance leaves, and so
many cannot agree by chance, however many variants were tried.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import combinations, pairwise

from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.assignment.split import Split
from holdback.audit.hypotheses import Edit, Former, Variant, edits, with_arms
from holdback.audit.recomputed_arms import Counts, Rows
from holdback.audit.result import ArmVerdict, Cause, Change
from holdback.experiments.language.quantities import share_text
from holdback.stats.srm.agreement import Agreement, changes

__all__ = [
    "ALPHA",
    "Ask",
    "Days",
    "Stretch",
    "best_variant",
    "by_day",
    "cause_of",
    "cause_told",
    "explains",
    "stretches",
]

LEAST_SHARE, LEAST_KAPPA, ALPHA = 0.99, 0.9, 0.001
SCREENS = ((80, 0.5), (500, 0.8))
"""Units of a first look, and the least kappa to be looked at further."""
FITTED = 2_000
WHOLE = Fraction(3, 2000)


def explains(agreement: Agreement, tried: int = 1) -> bool:
    """Whether labels agree so well that one is the cause of the other."""
    return (
        agreement.share >= LEAST_SHARE
        and agreement.kappa >= LEAST_KAPPA
        and agreement.p_value * tried <= ALPHA
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
    agreement = Agreement(n=len(rows.logged), agreeing=n, chance=due)
    if not explains(agreement):
        return None
    change = Change(kind="constant", what=f"every unit logged as '{arm}'")
    return cause_told(agreement, (change,))


def _searched(base: Variant, rows: Rows, former: Former) -> Cause | None:
    tried = [*edits(base.split, list(rows.ids), former), _fitted(rows)]
    best = best_variant(base, rows, tried)
    return None if best is None else cause_told(best[0], best[1].changes)


def best_variant(
    base: Variant, rows: Rows, single: Sequence[Edit]
) -> tuple[Agreement, Variant] | None:
    """The variant of the fewest changes that explains the rows, and how well."""
    screens = [(_balanced(rows.logged, size), least) for size, least in SCREENS]
    tried = 0
    for level in (1, 2):
        best: tuple[Agreement, Variant] | None = None
        for variant in _variants(base, single, level):
            tried += 1
            if any(_agreement(variant, rows, few).kappa < k for few, k in screens):
                continue
            agreement = _agreement(variant, rows, range(len(rows.logged)))
            better = best is None or agreement.agreeing > best[0].agreeing
            if better and explains(agreement, tried):
                best = agreement, variant
        if best is not None:
            return best
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
    return [place for sampled in places.values() for place in sampled[:each]]


def _fitted(rows: Rows) -> Edit:
    """Shares and order of the arms as the hash's numbers themselves show them."""

    def apply(variant: Variant) -> Variant | None:
        arms = _shares_seen(variant, rows)
        if arms is None:
            return None
        shares = ", ".join(f"{name} {share_text(share)}" for name, share in arms)
        return with_arms(f"shares of about {shares}", arms).apply(variant)

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


def cause_told(agreement: Agreement, changes: tuple[Change, ...]) -> Cause:
    """A cause, whose agreement is hidden where it would tell of fewer than 10 units."""
    few = 0 < agreement.n - agreement.agreeing < SMALLEST
    return Cause(
        changes=changes,
        sampled=agreement.n,
        agreement=None if few else agreement.share,
    )


Days = tuple[date | None, ...]
Ask = Callable[[Days, Agreement], Cause | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Days of one rate, their agreement, and what it comes from."""

    days: Days
    agreement: Agreement
    verdict: ArmVerdict
    cause: Cause | None = None

    @property
    def is_perfect(self) -> bool:
        """Whether every unit was logged in the recomputed arm."""
        return self.agreement.agreeing == self.agreement.n


def stretches(counts: Counts, ask: Ask, ask_part: Ask) -> list[Stretch]:
    """Every day in its stretch, in order; `ask` searches for a cause.

    `ask_part` searches for what explains a part of the units, where nothing explains
    all of them, with or without the days at the ends.
    """
    days = by_day(counts)
    cuts = changes(
        [pair[0] for pair in days.values()], [sum(pair) for pair in days.values()]
    )
    listed = tuple(days)
    parts = [listed[a:b] for a, b in pairwise([0, *cuts, len(listed)])]
    sides = [_agreement_of_days(counts, part) for part in parts]
    periods: list[Stretch] = []
    for i, part in enumerate(parts):
        if _is_between(sides, i, part):
            one = Stretch(days=part, agreement=sides[i], verdict="changing")
            periods.append(one)
        else:
            ends = (i > 0, i < len(parts) - 1)
            periods += _read(counts, part, ask, ends)
    return [_in_part(one, ask_part) for one in periods]


def _in_part(one: Stretch, ask_part: Ask) -> Stretch:
    """The stretch, explained in part where it is not as a whole."""
    if one.verdict != "unexplained":
        return one
    cause = ask_part(one.days, one.agreement)
    return one if cause is None else replace(one, verdict="explained", cause=cause)


def by_day(counts: Counts) -> dict[date | None, tuple[int, int]]:
    """(agreeing, disagreeing) units by day, in order."""
    counted: dict[date | None, tuple[int, int]] = {}
    for cell, n in sorted(counts.cells.items(), key=lambda i: i[0].day or date.min):
        agreeing, disagreeing = counted.get(cell.day, (0, 0))
        here = (n, 0) if cell.agrees else (0, n)
        counted[cell.day] = (agreeing + here[0], disagreeing + here[1])
    return counted


def _read(
    counts: Counts, days: Days, ask: Ask, ends: tuple[bool, bool]
) -> list[Stretch]:
    """A stretch as a whole, or without the day at an end where a change came.

    A day that had two deployments, but too few units to be told from its neighbours,
    would keep the others from being explained; or it would pass as one of them, though
    the only units that differ are its own.
    """
    whole = _explained(counts, days, ask)
    if whole.verdict == "explained" or whole.is_perfect or len(days) < 2:
        return [whole]
    for at, is_change in enumerate(ends):
        if not is_change:
            continue
        rest, day = (days[:-1], days[-1:]) if at else (days[1:], days[:1])
        better = _explained(counts, rest, ask)
        mended = whole.verdict == "unexplained" != better.verdict
        if better.is_perfect or mended:
            changing = Stretch(
                days=day, agreement=_agreement_of_days(counts, day), verdict="changing"
            )
            return [better, changing] if at else [changing, better]
    return [whole]


def _explained(counts: Counts, days: Days, ask: Ask) -> Stretch:
    side = _agreement_of_days(counts, days)
    if side.agreeing == side.n or explains(side):
        return Stretch(days=days, agreement=side, verdict="agrees")
    cause = ask(days, side)
    verdict: ArmVerdict = "unexplained" if cause is None else "explained"
    return Stretch(days=days, agreement=side, verdict=verdict, cause=cause)


def _agreement_of_days(counts: Counts, days: Sequence[date | None]) -> Agreement:
    inside = set(days)
    pairs: Counter[tuple[str | None, str | None]] = Counter()
    for cell, n in counts.cells.items():
        if cell.day in inside:
            pairs[cell.planned, cell.logged] += n
    return Agreement.counted(pairs)


def _is_between(sides: Sequence[Agreement], i: int, days: Days) -> bool:
    """Whether a single day lies between its neighbours: a change came during it."""
    if len(days) > 1 or not 0 < i < len(sides) - 1:
        return False
    before, after = sides[i - 1].share, sides[i + 1].share
    return min(before, after) < sides[i].share < max(before, after)
