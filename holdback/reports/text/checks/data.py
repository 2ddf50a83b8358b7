"""What the checks of the data found, in words: one function a code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from holdback.facts import Fact
from holdback.reports.text.catalog import counted, say, texts
from holdback.reports.text.codes import (
    as_label,
    as_percent,
    filled,
    number_of,
    tell,
    tells,
    with_commas,
)
from holdback.reports.text.locale_format import Words
from holdback.reports.text.plain_numbers import percent, plural, signed

filled("files.empty")


filled("files.open_ends", files=with_commas)


@tells("files.read_past")
def _read_past(_words: Words, *, source: str, counts: Mapping[str, int]) -> str:
    parts = [
        counted(f"checks.files.parts.{what}", count, count=f"{count:,}")
        for what, count in counts.items()
    ]
    return say("checks.files.read_past", source=source, parts="; ".join(parts))


filled("duplicates.none", "checks.duplicates.no_row_stands_in")


@tells(
    "duplicates.copies",
    "duplicates.repeated",
    "duplicates.unchecked",
    "duplicates.unsure",
)
def _duplicates(  # each is told where it is there
    _words: Words,
    *,
    copies: Mapping[str, int],
    repeated: int,
    unchecked: tuple[str, ...],
    idless: Mapping[str, int] | None = None,
    shared: Mapping[str, int] | None = None,
) -> str:
    parts = [
        say(
            "checks.duplicates.of_stood_there_twice",
            count=plural(count, "row"),
            name=source,
        )
        for source, count in copies.items()
    ]
    if repeated:
        exposures = plural(repeated, "exposure")
        parts.append(say("checks.duplicates.of_units_already_in", repeated=exposures))
    if unchecked:
        sources = ", ".join(unchecked)
        parts.append(say("checks.duplicates.no_id_column_is", join=sources))
    parts += [
        say("checks.duplicates.placeholders", rows=plural(rows, "row"), source=source)
        for source, rows in (idless or {}).items()
    ]
    parts += [
        say("checks.duplicates.shared", ids=plural(ids, "id"), source=source)
        for source, ids in (shared or {}).items()
    ]
    return " ".join(parts)


@tells("placeholders.seen")
def _placeholders(_words: Words, *, sources: Mapping[str, Mapping[str, int]]) -> str:
    parts = [
        say(
            "checks.placeholders.seen",
            rows=plural(sum(by_word.values()), "row"),
            source=source,
            words=", ".join(f"'{word}'" for word in by_word),
        )
        for source, by_word in sources.items()
    ]
    return " ".join([*parts, say("checks.placeholders.nobody")])


filled("repeated_amounts.seen", rows=number_of("row"), share=as_percent)
filled("running_totals.seen", steps=with_commas, rises=with_commas, falls=with_commas)


@tells("statuses.seen")
def _statuses(  # each is told where it is there
    _words: Words,
    *,
    source: str,
    column: str,
    none: Mapping[str, tuple[int, float]],
    others: Mapping[str, tuple[int, float]],
    share: float,
    remedy: str,
) -> str:
    parts = []
    if none:
        parts.append(
            say(
                "checks.statuses.counted",
                source=source,
                column=column,
                share=percent(share),
                levels=_levels(none),
                remedy=remedy,
            )
        )
    levels = _levels(others)
    if none and others:
        parts.append(say("checks.statuses.others", levels=levels))
    elif others:
        where = {"source": source, "column": column}
        parts.append(say("checks.statuses.sales", levels=levels, **where))
    return " ".join(parts)


def _levels(levels: Mapping[str, tuple[int, float]]) -> str:
    return ", ".join(
        say(
            "checks.statuses.level",
            level=level,
            rows=plural(rows, "row"),
            share=percent(share),
        )
        for level, (rows, share) in levels.items()
    )


@tells("unit_of_amounts.questioned")
def _unit_of_amounts(
    _words: Words,
    *,
    source: str,
    cause: str,
    value: str,
    currency: str,
    times: float,
    rows: int,
    medians: tuple[float, float],
) -> str:
    factor = max(times, 1 / times)
    apart = say("checks.unit_of_amounts.times", times=f"{factor:,.0f}")
    low, high = (f"{float(f'{amount:.2g}'):,.10g}" for amount in medians)
    where = {"source": source, "value": value}
    if cause == "named":
        remedy = f"{'/' if times > 1 else '*'} {factor:.0f}"
        return say(
            "checks.unit_of_amounts.named", currency=currency, remedy=remedy, **where
        )
    if cause == "whole":
        all_rows = f"{rows:,}"
        return say("checks.unit_of_amounts.whole", rows=all_rows, high=high, **where)
    if cause == "zeros":
        odd, share = plural(rows, "row"), percent(1 / times)
        return say("checks.unit_of_amounts.zeros", rows=odd, share=share, **where)
    between = {"low": low, "high": high, "times": apart}
    if cause == "history":
        return say("checks.unit_of_amounts.history", **between, **where)
    odd = plural(rows, "row")
    return say("checks.unit_of_amounts.two_units", rows=odd, **between, **where)


@tells("cut.seen")
def _cut(
    _words: Words,
    *,
    source: str,
    rows: int,
    first: str | None = None,
    start: str | None = None,
) -> str:
    if first is None or start is None:
        return say("checks.cut.rows", source=source, rows=f"{rows:,}")
    days = {"first": first, "start": start}
    if not rows:
        return say("checks.cut.late", source=source, **days)
    return say("checks.cut.late_rows", source=source, rows=f"{rows:,}", **days)


filled("lifetime_totals.named", metric=as_label)


@tells("refunds.seen")
def _refunds(  # each is told
    words: Words,
    *,
    source: str,
    rows: int,
    share: float,
    metric: str,
    lifts: Mapping[str, float],
    otherwise: Mapping[str, float],
) -> str:
    told = {"source": source, "rows": plural(rows, "row"), "share": percent(share)}
    seen = say("checks.refunds.seen", **told)
    both = _both_readings(words, "at_purchase", metric, lifts, otherwise)
    way_out = [say("checks.refunds.way_out", source=source)] if both else []
    return " ".join([seen, *both, *way_out])


@tells("refunds.overdrawn")
def _overdrawn(  # each is told
    words: Words,
    *,
    source: str,
    rows: int,
    share: float,
    metric: str,
    lifts: Mapping[str, float],
    otherwise: Mapping[str, float],
) -> str:
    told = {"source": source, "rows": plural(rows, "row"), "share": percent(share)}
    seen = say("checks.refunds.overdrawn", **told)
    both = _both_readings(words, "capped", metric, lifts, otherwise)
    return " ".join([seen, *both])


def _both_readings(
    words: Words,
    reading: str,
    metric: str,
    lifts: Mapping[str, float],
    otherwise: Mapping[str, float],
) -> list[str]:
    return [
        say(
            f"checks.refunds.{reading}",
            arm=words.arm(arm),
            metric=words.label(metric),
            lift=signed(lift),
            otherwise=signed(otherwise[arm]),
        )
        for arm, lift in lifts.items()
    ]


@tells("currency.told")
def _currency(  # each is told where it is there
    _words: Words,
    *,
    source: str,
    column: str,
    own: str,
    guessed: int,
    rows: Mapping[str, int],
    rates: Mapping[str, float],
    blank: int,
) -> str:
    where = {"source": source, "column": column}
    parts = [
        say("checks.currency.guessed", **where)
        if guessed
        else say("checks.currency.named", **where)
    ]
    parts += [
        say(
            "checks.currency.converted",
            rows=plural(rows[code], "row")
            if rows[code]
            else say("checks.currency.all"),
            code=code,
            rate=f"{rate:.10g}",
            own=own,
        )
        for code, rate in rates.items()
    ]
    if not rates:
        parts.append(say("checks.currency.one", own=own))
    if blank:
        count = plural(blank, "row")
        parts.append(say("checks.currency.blank", rows=count, own=own))
    return " ".join(parts)


filled("conditions.blanks", rows=number_of("row"), share=as_percent)
filled("conditions.spelling", rows=number_of("row"))
filled("notation.two_readings", rows=number_of("number"))


@tells("returns.none")
def _no_returns(_words: Words, *, source: str) -> str:
    return say("checks.returns.no_row_is_a_return", name=source)


@tells("returns.matched")
def _matched(_words: Words, *, source: str, rows: int, unmatched: int) -> str:
    parts = [
        say(
            "checks.returns.found_their_purchase",
            matched=f"{rows - unmatched:,}",
            rows=plural(rows, "return"),
            name=source,
        )
    ]
    if unmatched:
        parts.append(
            say(
                "checks.returns.have_no_purchase",
                unmatched=f"{unmatched:,}",
                share=percent(unmatched / rows),
            )
        )
    return " ".join(parts)


@tells("returns.mostly_unmatched")
def _mostly_unmatched(
    words: Words, *, source: str, rows: int, unmatched: int, columns: tuple[str, ...]
) -> str:
    counted = _matched(words, source=source, rows=rows, unmatched=unmatched)
    columns_told = ", ".join(columns) or "–"
    check = say("checks.returns.check_the_columns", columns=columns_told)
    return f"{counted} {check}"


filled("already_gone.before", rows=number_of("row"), share=as_percent)
filled("missing.none", "checks.missing.every_row_could_be")


@tells("missing.usual", "missing.odd")
def _missing(
    _words: Words,
    *,
    odd: Mapping[str, Mapping[str, int]],
    similar_ids: int,
    usual: Mapping[str, Mapping[str, int]],
) -> str:
    parts = list(_rows_left(odd))
    if similar_ids:
        pairs = plural(similar_ids, "pair")
        parts.append(say("checks.missing.of_unit_ids_differ", similar_ids=pairs))
    parts += _rows_left(usual)
    return f"{'; '.join(parts)}."


def _rows_left(rows: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    for reason, by_source in rows.items():
        for source, count in by_source.items():
            yield say(
                "checks.missing.told",
                count=plural(count, "row"),
                source=source,
                reason=texts("checks.missing.reasons")[reason],
            )


@tells("response_rate.equal")
def _answered(words: Words, *, metric: str, shares: Mapping[str, float]) -> str:
    return say(
        "checks.response_rate.was_answered_by",
        title=words.label(metric),
        told=", ".join(f"{words.arm(a)} {percent(s)}" for a, s in shares.items()),
    )


@tells("response_rate.unequal")
def _answered_unequally(
    words: Words, *, metric: str, shares: Mapping[str, float], bounds: tuple[Fact, ...]
) -> str:
    return "".join(
        [
            _answered(words, metric=metric, shares=shares),
            say("checks.response_rate.the_arms_answered_unequally"),
            *(tell(words, bound) for bound in bounds),
        ]
    )


@tells("response_rate.bounds")
def _bounds(
    words: Words,
    *,
    arm: str,
    bounds: tuple[float, float],
    reach: tuple[float, float],
) -> str:
    return say(
        "checks.response_rate.bounds",
        arm=words.arm(arm),
        span=_span(bounds, 1),
        reach=_span(reach, 1),
    )


@tells("response_rate.bounds_of_share")
def _bounds_of_share(
    words: Words,
    *,
    arm: str,
    bounds: tuple[float, float],
    reach: tuple[float, float],
) -> str:
    return say(
        "checks.response_rate.bounds_in_points",
        arm=words.arm(arm),
        span=_span(bounds, 100),
        reach=_span(reach, 100),
    )


def _span(ends: tuple[float, float], times: int) -> str:
    lower, upper = (f"{times * end:+.3g}" for end in ends)
    return say("common.to", lower=lower, upper=upper)


filled("bots.dominant", "checks.bots.one_unit_makes_of", share=as_percent)
filled("bots.none", "checks.bots.no_unit_makes_more", share=as_percent)
filled("channels.few")


@tells("channels.none")
def _none_touched(_words: Words, *, channel: str, nearest: str | None = None) -> str:
    nobody = say("checks.channels.none", channel=channel)
    if nearest is None:
        return nobody
    return f"{nobody} {say('checks.channels.did_you_mean', nearest=nearest)}"


@tells("restated.changed")
def _restated(words: Words, *, changes: tuple[Fact, ...]) -> str:
    return " ".join(tell(words, change) for change in changes)


filled("restated.unchanged", "reading.units_and_values_that")


@tells("restated.rows")
def _rows_changed(_words: Words, *, source: str, then: int, now: int) -> str:
    return say(
        "reading.has_changed_since_this",
        source=source,
        restated=f"{then:,}",
        rows=f"{now:,}",
    )


@tells("restated.arm")
def _arm_changed(
    words: Words,
    *,
    arm: str,
    metric: str,
    units_then: int,
    units_now: int,
    total_then: float | None = None,
    total_now: float | None = None,
    through: str | None = None,
) -> str:
    joined = say("settled.that_joined_up_to", through=through) if through else ""
    was = say("settled.units", then=f"{units_then:,}", joined=joined)
    now = f"{units_now:,}"
    if total_then is not None:
        then = f"{total_then:,.10g}"
        was += say("settled.with_in_all_for", then=then, title=words.label(metric))
        now += say("settled.with", total=f"{total_now:,.10g}")
    return say("settled.arm_had_now_they", name=words.arm(arm), was=was, now=now)
