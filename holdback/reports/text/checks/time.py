"""What the checks of time found, in words: one function a code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from holdback.facts import Fact
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.codes import (
    as_day,
    as_percent,
    filled,
    number_of,
    tell,
    tells,
)
from holdback.reports.text.locale_format import Words
from holdback.reports.text.plain_numbers import percent, plural, signed


@tells("maturity.always_valid")
def _always_valid(words: Words, *, waiting: Fact | None = None) -> str:
    any_day = say("checks.maturity.always_valid_ranges_may")
    return f"{any_day} {tell(words, waiting)}".strip()


@tells("maturity.stopped")
def _stopped(
    words: Words, *, complete_on: str, waiting: Fact | None = None, looks: str = "end"
) -> str:
    return say(
        "checks.maturity.the_data_stop",
        experiment=complete_on,
        waiting=tell(words, waiting),
        read=texts("checks.maturity.read")[looks],
    )


@tells("maturity.running")
def _running(
    words: Words, *, complete_on: str, waiting: Fact | None = None, looks: str = "end"
) -> str:
    return say(
        "checks.maturity.the_test_is_not",
        experiment=complete_on,
        waiting=tell(words, waiting),
        read=texts("checks.maturity.read")[looks],
    )


@tells("maturity.over")
def _over(words: Words, *, waiting: Fact | None = None) -> str:
    return say("checks.maturity.the_test_is_over", waiting=tell(words, waiting)).strip()


filled("maturity.nobody_waits", "checks.maturity.every_unit_has_had")


@tells("maturity.units_wait")
def _units_wait(_words: Words, *, units: int, share: float, days: int) -> str:
    return say(
        "checks.maturity.have_not_had_their",
        plural=plural(units, "unit"),
        percent=percent(share),
        days=days,
    )


@tells("dates.guessed", "dates.declared")
def _dates(  # each is told
    _words: Words, *, source: str, column: str, form: str, written: str, meant: str
) -> str:
    return say(
        "checks.dates.read",
        source=source,
        column=column,
        form=form,
        written=written,
        meant=meant,
    )


@tells("coverage.whole")
def _whole(_words: Words, *, until: Mapping[str, str]) -> str:
    days = ", ".join(f"{source} {day[:10]}" for source, day in until.items())
    return say("checks.coverage.whole", days=days)


filled("coverage.ended", until=as_day, complete=as_day)
filled("coverage.ahead", rows=number_of("row"), share=as_percent, as_of=as_day)


@tells("whole_days.counted")
def _whole_days(
    words: Words,
    *,
    source: str,
    rows: int,
    metric: str,
    lifts: Mapping[str, float],
    without: Mapping[str, float],
) -> str:
    parts = [say("checks.whole_days.rows", source=source, rows=plural(rows, "row"))]
    parts += [
        say(
            "checks.whole_days.lifts",
            arm=words.arm(arm),
            metric=words.label(metric),
            lift=signed(lift),
            without=signed(without[arm]),
        )
        for arm, lift in lifts.items()
    ]
    return " ".join(parts)


@tells("clock_skew.piled")
def _piled(
    words: Words,
    *,
    source: str,
    rows: int,
    nearby: int,
    minutes: float,
    metric: str,
    lifts: Mapping[str, float],
    otherwise: Mapping[str, float],
) -> str:
    told = say(
        "checks.clock_skew.piled",
        source=source,
        rows=plural(rows, "row"),
        nearby=f"{nearby:,}",
        minutes=f"{minutes:g}",
    )
    both = _both_lifts(words, metric, lifts, otherwise)
    return " ".join([told, *both])


@tells("clock_skew.tolerated")
def _tolerated(
    words: Words,
    *,
    source: str,
    rows: int,
    nearby: int,
    minutes: float,
    metric: str,
    lifts: Mapping[str, float],
    otherwise: Mapping[str, float],
) -> str:
    del nearby
    told = say(
        "checks.clock_skew.tolerated",
        source=source,
        rows=plural(rows, "row"),
        minutes=f"{minutes:g}",
    )
    both = _both_lifts(words, metric, lifts, otherwise)
    return " ".join([told, *both])


def _both_lifts(
    words: Words,
    metric: str,
    lifts: Mapping[str, float],
    otherwise: Mapping[str, float],
) -> Iterator[str]:
    for arm, lift in lifts.items():
        yield say(
            "checks.clock_skew.lifts",
            arm=words.arm(arm),
            metric=words.label(metric),
            lift=signed(lift),
            otherwise=signed(otherwise[arm]),
        )


filled("timezones.early")


@tells("timezones.shifted")
def _shifted(_words: Words, *, source: str, hours: int, own: str) -> str:
    return say(
        "checks.timezones.shifted",
        source=source,
        hours=abs(hours),
        way=texts("checks.timezones.ways")["later" if hours > 0 else "earlier"],
        own=own,
    )


filled("timezones.alike")
