"""What the checks of the split found, in words: one function a code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from holdback.facts import Fact
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.codes import (
    as_arm,
    as_percent,
    filled,
    number_of,
    tell,
    tells,
    with_commas,
)
from holdback.reports.text.locale_format import Words
from holdback.reports.text.plain_numbers import percent, plural, signed


@tells("srm.mismatch")
def _mismatch(
    words: Words,
    *,
    units: Mapping[str, int],
    planned: Mapping[str, float],
    where: Fact | None = None,
) -> str:
    return say(
        "checks.srm.the_arms_do_not",
        seen=_counts(words, units, planned),
        where=tell(words, where),
    )


@tells("srm.doubtful")
def _doubtful(
    words: Words,
    *,
    units: Mapping[str, int],
    planned: Mapping[str, float],
    sequential: bool,
    where: Fact | None = None,
    detectable: Fact | None = None,
) -> str:
    return (
        say("checks.srm.the_shares_are_further")
        + f": {_counts(words, units, planned)}."
        + tell(words, where)
        + tell(words, detectable)
        + _read_daily(sequential=sequential)
    )


@tells("srm.as_planned")
def _as_planned(
    words: Words,
    *,
    units: Mapping[str, int],
    planned: Mapping[str, float],
    sequential: bool,
    detectable: Fact | None = None,
) -> str:
    return (
        say("checks.srm.the_arms_have_the")
        + f": {_counts(words, units, planned)}."
        + tell(words, detectable)
        + _read_daily(sequential=sequential)
    )


def _seen(words: Words, units: Mapping[str, int]) -> str:
    return ", ".join(f"{words.arm(arm)} {n:,}" for arm, n in units.items())


@tells("srm.counted")
def _counted(words: Words, *, units: Mapping[str, int]) -> str:
    return say("checks.srm.counted", seen=_seen(words, units))


@tells("srm.nearly_equal")
def _nearly_equal(words: Words, *, units: Mapping[str, int]) -> str:
    return say("checks.srm.nearly_equal", seen=_seen(words, units))


filled("srm.nowhere_alone", "checks.srm.no_single_day_or")


@tells("srm.furthest_off")
def _furthest_off(
    words: Words, *, part: tuple[str, ...], share: float, control: str
) -> str:
    return say(
        "checks.srm.furthest_off_with_in",
        name=" ".join(part),
        share=percent(share),
        name_2=words.arm(control),
    )


@tells("srm.detectable")
def _detectable(words: Words, *, share: float, control: str) -> str:
    return say(
        "checks.srm.had_only_of_the",
        detectable_share=percent(share),
        name=words.arm(control),
    )


def _counts(
    words: Words, units: Mapping[str, int], planned: Mapping[str, float]
) -> str:
    total = sum(units.values())
    return ", ".join(
        say(
            "checks.srm.planned",
            arm=words.arm(arm),
            count=f"{count:,}",
            percent=percent(count / total),
            percent_2=percent(planned[arm]),
        )
        for arm, count in units.items()
    )


def _read_daily(*, sequential: bool) -> str:
    return say("checks.srm.read_daily") if sequential else ""


SHOWN_CHANGES = 3


@tells("split_drift.within_stretches")
def _split_changed(
    _words: Words, *, changes: tuple[str, ...], stretches: int, left_out: int
) -> str:
    shown = ", ".join(changes[:SHOWN_CHANGES])
    more = len(changes) - SHOWN_CHANGES
    said = say(
        "checks.split_drift.within_stretches",
        days=shown,
        more=say("checks.split_drift.more", count=more) if more > 0 else "",
        stretches=stretches,
    )
    if not left_out:
        return said
    outside = say("checks.split_drift.left_out", units=plural(left_out, "unit"))
    return f"{said} {outside}"


filled("split_drift.two_periods")
filled("split_drift.little_in_common", arm=as_arm, share=as_percent)
filled("split_drift.steady", "checks.split_drift.the_arms_had_the")


@tells("crossovers.none")
def _no_crossovers(_words: Words, *, arms: int) -> str:
    if arms == 2:
        return say("checks.crossovers.no_unit_was_seen")
    return say("checks.crossovers.no_unit_was_seen_in_more")


@tells("crossovers.seen")
def _crossovers(
    words: Words,
    *,
    units: int,
    share: float,
    by_arm: Mapping[str, int],
    treated: str,
    bias: Fact | None = None,
) -> str:
    seen = say(
        "checks.crossovers.were_seen_in_both",
        crossed=plural(units, "unit"),
        share=percent(share),
        by_arm=", ".join(f"{words.arm(a)} {n:,}" for a, n in by_arm.items()),
        treated=texts("checks.crossovers.treated")[treated],
    )
    return f"{seen} {tell(words, bias)}".rstrip()


@tells("crossovers.uneven")
def _uneven(words: Words, *, rates: Mapping[str, float]) -> str:
    often, seldom = max(rates, key=rates.__getitem__), min(rates, key=rates.__getitem__)
    return say(
        "checks.crossovers.uneven",
        often=words.arm(often),
        seldom=words.arm(seldom),
        high=percent(rates[often]),
        low=percent(rates[seldom]),
    )


filled("crossovers.unordered")


@tells("united_ids.counted")
def _united_ids(  # each is told
    _words: Words,
    *,
    source: str,
    column: str,
    persons: int,
    ids: int,
    conflicts: int,
    met: int,
) -> str:
    parts = [
        say(
            "checks.united_ids.counted",
            source=source,
            ids=plural(ids, "id"),
            persons=f"{persons:,}",
        )
    ]
    if conflicts:
        told = {"conflicts": f"{conflicts:,}", "column": column, "source": source}
        parts.append(say("checks.united_ids.conflicts", **told))
    if not met:
        parts.append(say("checks.united_ids.strangers", source=source))
    return " ".join(parts)


@tells("dissolved.seen")
def _dissolved(  # each is told
    words: Words,
    *,
    arm: str,
    units: int,
    share: float,
    since: str,
    metric: str,
    lifts: Mapping[str, float],
    before: Mapping[str, float],
    readable: bool,
) -> str:
    seen = say(
        "checks.dissolved.seen",
        arm=words.arm(arm),
        units=plural(units, "unit"),
        share=percent(share),
        since=since,
        metric=words.label(metric),
    )
    both = [
        say(
            "checks.dissolved.lifts",
            arm=words.arm(treated),
            metric=words.label(metric),
            lift=signed(lift),
            before=signed(before[treated]),
        )
        for treated, lift in lifts.items()
    ]
    last = date.fromisoformat(since) - timedelta(days=1)
    way_out = (
        say("checks.dissolved.way_out", last=last.isoformat())
        if readable
        else say("checks.dissolved.again")
    )
    return " ".join([seen, *both, way_out])


@tells("defaults.older")
def _older_defaults(_words: Words, *, treated: str, then: int, now: int) -> str:
    return say(
        "checks.defaults.older",
        then=str(then),
        now=str(now),
        treated=texts("checks.crossovers.treated")[treated].lower(),
    )


filled("unit_mismatch.none", "checks.unit_mismatch.the_ids_of_the")


@tells("unit_mismatch.strangers")
def _strangers(words: Words, *, sources: tuple[Fact, ...]) -> str:
    return " ".join(tell(words, source) for source in sources)


@tells("unit_mismatch.redrawn")
def _redrawn(
    words: Words, *, crossed: int, later: int, sources: tuple[Fact, ...]
) -> str:
    redrawn = say(
        "checks.unit_mismatch.redrawn",
        crossed=plural(crossed, "unit"),
        later=f"{later:,}",
    )
    return " ".join([*(tell(words, source) for source in sources), redrawn])


filled("unit_mismatch.nothing_belongs", rows=with_commas)
filled("unit_mismatch.little_belongs", share=as_percent, rows=with_commas)
filled("unit_mismatch.less_than_half_belongs", share=as_percent, rows=with_commas)


@tells("several_experiments.seen")
def _several_experiments(
    _words: Words, *, source: str, column: str, rows: Mapping[str, int]
) -> str:
    return say(
        "checks.several_experiments.seen",
        source=source,
        column=column,
        names=", ".join(f"'{name}' ({count:,})" for name, count in rows.items()),
        first=next(iter(rows)),
    )


filled("unit_mismatch.apart", share=as_percent, more=as_percent)


@tells("unit_mismatch.spelled")
def _spelled(
    _words: Words, *, source: str, cause: str, ids: int, of: int, pair: tuple[str, str]
) -> str:
    exposed, here = pair
    return say(
        "checks.unit_mismatch.spelled",
        ids=f"{ids:,}",
        of=f"{of:,}",
        source=source,
        cause=texts("checks.unit_mismatch.causes")[cause],
        exposed=exposed,
        here=here,
    )


@tells("unit_mismatch.forms")
def _forms(_words: Words, *, source: str, pair: tuple[str, str]) -> str:
    exposed, here = pair
    return say("checks.unit_mismatch.forms", source=source, exposed=exposed, here=here)


@tells("holdout.kept_out")
def _kept_out(_words: Words, *, holdout: str, units: int) -> str:
    return say(
        "checks.holdout.the_holdout_kept_out", name=holdout, told=plural(units, "unit")
    )


@tells("holdout.respected")
def _respected(_words: Words, *, holdout: str) -> str:
    return say("checks.holdout.no_unit_of_the", name=holdout)


@tells("holdout.ignored")
def _ignored(
    _words: Words, *, holdout: str, units: int, share: float, planned_share: float
) -> str:
    cause = say("checks.holdout.a_part_of_the")
    return _given_an_arm(holdout, units, share, planned_share, cause)


@tells("holdout.entered")
def _entered(
    _words: Words, *, holdout: str, units: int, share: float, planned_share: float
) -> str:
    cause = say("checks.holdout.they_may_be_test")
    return _given_an_arm(holdout, units, share, planned_share, cause)


def _given_an_arm(
    holdout: str, units: int, share: float, planned_share: float, cause: str
) -> str:
    return say(
        "checks.holdout.of_the_holdout_were",
        exposed=plural(units, "unit"),
        name=holdout,
        percent=percent(share),
        percent_2=percent(planned_share),
        cause=cause,
    )


@tells("phase.mixed")
def _mixed(
    _words: Words, *, phase: int, treated_before: float, rows_outside: int
) -> str:
    outside = ""
    if rows_outside:
        outside = say("checks.phase.rows_of_exposures_lie", left=f"{rows_outside:,}")
    return say(
        "checks.phase.phase_drew_all_arms",
        phase=phase,
        percent=percent(treated_before),
        told=outside,
    )


@tells("phase.nobody_before")
def _nobody_before(words: Words, *, mixed: Fact) -> str:
    return f"{tell(words, mixed)} {say('checks.phase.nobody_was_seen_before')}"


@tells("phase.independent")
def _independent(
    words: Words, *, mixed: Fact, units: int, control: float, others: float
) -> str:
    seen = _held_before(units, control, others)
    return f"{tell(words, mixed)} {seen} {say('checks.phase.arms_do_not_follow')}"


@tells("phase.follows")
def _follows(
    words: Words, *, mixed: Fact, units: int, control: float, others: float
) -> str:
    seen = _held_before(units, control, others)
    return f"{tell(words, mixed)} {seen} {say('checks.phase.arms_follow_the_old')}"


def _held_before(units: int, control: float, others: float) -> str:
    return say(
        "checks.phase.were_there_before",
        units=plural(units, "unit"),
        control=percent(control),
        others=percent(others),
    )


@tells("identity.late")
def _late(_words: Words, *, share: float, newest: float, factor: float) -> str:
    return say(
        "checks.identity.of_all_units_were",
        share=percent(share),
        percent=percent(newest),
        factor=f"{factor:.3g}",
    )


@tells("pre_period.alike")
def _alike(_words: Words, *, comparisons: int) -> str:
    return say(
        "checks.pre_period.the_arms_were_alike",
        tests=plural(comparisons, "comparison"),
    )


filled("pre_period.few_values")


@tells("pre_period.differed")
def _differed(
    words: Words, *, arm: str, control: str, measure: Fact, comparisons: int
) -> str:
    return say(
        "checks.pre_period.the_arms_differed_before",
        label=tell(words, measure),
        arm=words.arm(arm),
        name=words.arm(control),
        tests=plural(comparisons, "comparison"),
    )


filled("pre_period.metric", "checks.pre_period.comparisons")


@tells("pre_period.attribute")
def _attribute(_words: Words, *, column: str) -> str:
    return column


@tells("audit_log.lost")
def _log_lost(_words: Words, *, entries: int, days: tuple[str, ...]) -> str:
    looks = ", ".join(days)
    lost = [plural(entries, "entry")] if entries else []
    lost += [say("checks.audit_log.looks_of", days=looks)] if looks else []
    return say("checks.audit_log.lost", lost="; ".join(lost))


@tells("lost_exposures.seen")
def _exposures_lost(
    words: Words,
    *,
    shares: Mapping[str, float],
    unequal: Mapping[str, Mapping[str, float]],
) -> str:
    reasons = texts("checks.lost_exposures.reasons")
    parts = [
        say("checks.lost_exposures.lost", share=percent(share), reason=reasons[why])
        for why, share in shares.items()
    ]
    parts += [
        say(
            "checks.lost_exposures.unequal",
            reason=reasons[why],
            shares=", ".join(f"{words.arm(a)} {percent(s)}" for a, s in arms.items()),
        )
        for why, arms in unequal.items()
    ]
    return " ".join([*parts, say("checks.lost_exposures.check")])


@tells("pre_period.former")
def _former(_words: Words, *, source: str, kind: str) -> str:
    return say(
        "checks.pre_period.former",
        source=source,
        what=texts("checks.pre_period.kinds")[kind],
    )


@tells("inactive.as_planned")
def _both_as_planned(
    _words: Words,
    *,
    source: str,
    active: Mapping[str, int],
    inactive: Mapping[str, int],
    planned: Mapping[str, float],
) -> str:
    del active, inactive, planned
    return say("checks.inactive.as_planned", source=source)


@tells("inactive.missing")
def _some_missing(
    words: Words,
    *,
    source: str,
    active: Mapping[str, int],
    inactive: Mapping[str, int],
    planned: Mapping[str, float],
) -> str:
    return say(
        "checks.inactive.missing",
        source=source,
        inactive=_counts(words, inactive, planned),
        active=_counts(words, active, planned),
    )


@tells("only_buyers.gone")
def _gone(_words: Words, *, source: str, share: float, alone: bool) -> str:
    seen = say("checks.only_buyers.gone", share=percent(share), source=source)
    return f"{seen} {_whole_list(source, alone=alone)}"


@tells("only_buyers.at_once")
def _at_once(_words: Words, *, source: str, share: float, alone: bool) -> str:
    seen = say("checks.only_buyers.at_once", share=percent(share), source=source)
    later = say("checks.only_buyers.later")
    return f"{seen} {_whole_list(source, alone=alone)} {later}"


def _whole_list(source: str, *, alone: bool) -> str:
    """What a list of exposures should hold, and how to say that it does."""
    told = say("checks.only_buyers.alone", source=source) if alone else ""
    remedies = (say(f"checks.only_buyers.{one}") for one in ("remedy", "everybody"))
    return f"{told}{' '.join(remedies)}"


filled("only_buyers.beside", share=as_percent)
filled("only_buyers.usual", share=as_percent)
filled("only_buyers.as_said", share=as_percent)
filled("only_buyers.some_did_not", share=as_percent)
filled("measured_after.none")


@tells("measured_after.seen")
def _known_after(words: Words, *, columns: tuple[Fact, ...]) -> str:
    told = " ".join(tell(words, column) for column in columns)
    return f"{told} {say('checks.measured_after.remedy')}"


filled("measured_after.differs")


@tells("measured_after.uneven")
def _uneven_levels(
    words: Words, *, column: str, level: str, shares: Mapping[str, float]
) -> str:
    told = ", ".join(f"{words.arm(a)} {percent(share)}" for a, share in shares.items())
    return say("checks.measured_after.uneven", column=column, level=level, shares=told)


filled("measured_after.holds", without=number_of("unit"), did=with_commas)
filled("measured_after.coincides", without=number_of("unit"), did=with_commas)
filled("measured_after.explains", share=as_percent)
filled("measured_after.all_did", units=number_of("unit"))


@tells("shared_arm.spread")
def _levels_spread(_words: Words, *, columns: tuple[str, ...]) -> str:
    return say("checks.shared_arm.spread", columns=", ".join(columns))


@tells("shared_arm.seen")
def _levels_apart(words: Words, *, columns: tuple[Fact, ...]) -> str:
    return " ".join(tell(words, column) for column in columns)


filled("shared_arm.split")
filled("shared_arm.suspect")
filled("shared_arm.cluster", levels=with_commas)
