"""The portfolio as a page in the report's design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from holdback.experiments.portfolio_record import Portfolio, Theme, Total
from holdback.experiments.scorecard import Quantity
from holdback.reports import portfolio_words as told
from holdback.reports.blocks import join, named, section, table
from holdback.reports.page import document
from holdback.reports.portfolio_tests import tests
from holdback.reports.words import Words

__all__ = ["render"]

TITLE = "All finished experiments"
METHOD = (
    "Each test’s log lift is normal around its true one with its own error; true log "
    "lifts are normal around a common mean. The mean is flat, the spread is integrated "
    "over (half-normal of scale 5% below 20 tests). Early stops need no further "
    "correction here: the posterior is the same however a test came to its end."
)
RANGES = (
    "Ranges hold the truth {level} of the time if tests of the kind are alike in this "
    "way. Reports added up take the tests’ own ranges, as if none had been picked."
)
WHICH = {"all": "All finished tests", "kept": "Tests that were kept on"}


def render(
    found: Portfolio, folders: Sequence[Path] = (), beside: Path | None = None
) -> str:
    """One self-contained HTML file; the same portfolio, the same bytes.

    Links go to the reports in `folders`, relative to the folder `beside`.
    """
    words = told.words_of(found)
    return document(
        TITLE,
        join(
            part
            for part in (
                _header(found, words),
                _answer(found, words),
                _totals(found, words),
                tests(found, words, folders, beside),
                _common(found, words),
                _themes(found, words),
                _long_run(found, words),
                _priors(found, words),
                _left_out(found),
                _method(found, words),
            )
            if part
        ),
    )


def _header(found: Portfolio, words: Words) -> Markup:
    days = [d for e in found.experiments for d in (e.window_start, e.window_end) if d]
    span = f" · {words.day(min(days))} – {words.day(max(days))}" if days else ""
    return Markup(
        '<header>\n<p class="small">Portfolio{}</p>\n<h1>{}</h1>\n</header>'
    ).format(span, TITLE)


def _answer(found: Portfolio, words: Words) -> Markup:
    lines = [*told.headline(found, words), told.keeping(found, words)]
    return Markup(
        '<section class="decision plain" aria-labelledby="answer">\n'
        '<h2 id="answer">What they brought together</h2>\n{}\n</section>'
    ).format(
        join(
            Markup('<p class="lead">{}</p>' if i == 0 else "<p>{}</p>").format(line)
            for i, line in enumerate(filter(None, lines))
        )
    )


def _totals(found: Portfolio, words: Words) -> Markup:
    if not found.totals:
        return Markup("")
    return section(
        "The money",
        *(
            table(
                f"{WHICH[total.which]}: {words.count(total.experiments)}",
                ("What", "Reports added up", "Pulled together"),
                _money_rows(total, words),
                numeric=(1, 2),
            )
            for total in reversed(found.totals)
        ),
        Markup('<p class="small">{}</p>').format(
            "Over the days and units of the tests themselves; nothing is counted for "
            "the time after them. ROPI is (extra profit + savings − cost) / cost, over "
            "the tests that state costs."
        ),
        anchor="money",
    )


def _money_rows(total: Total, words: Words) -> Iterator[tuple[str, str, str]]:
    for name, plain, shrunk in (
        ("Extra revenue", total.revenue, total.revenue_shrunk),
        ("Extra profit before costs", total.profit, total.profit_shrunk),
    ):
        yield name, _ranged(words, plain), _ranged(words, shrunk)
    if total.cost is None or total.ropi is None:
        return
    cost = words.money(total.cost)
    yield f"Cost ({words.count(total.with_costs)} tests)", cost, cost
    if total.savings is not None:
        saved = words.money(total.savings)
        yield "Savings", saved, saved
    honest = total.ropi_shrunk
    yield (
        "ROPI",
        told.returned(words, total.ropi),
        "—" if honest is None else told.returned(words, honest),
    )
    chances = [
        "—" if one is None or one.p_positive is None else words.chance(one.p_positive)
        for one in (total.ropi, honest)
    ]
    yield "Chance that they paid together", chances[0], chances[1]


def _ranged(words: Words, quantity: Quantity | None) -> str:
    if quantity is None:
        return "—"
    return f"{words.money(quantity.value)} ({words.range(quantity, words.money)})"


def _common(found: Portfolio, words: Words) -> Markup:
    lines = list(told.spread(found, words))
    if not lines:
        return Markup("")
    return section("What the tests have in common", _paragraphs(lines), anchor="common")


def _themes(found: Portfolio, words: Words) -> Markup:
    if not found.themes:
        return Markup("")
    return section(
        "By theme",
        table(
            "Tests of one tag, put together",
            ("Theme", "Tests", "Average change", "Likely range", "Chance of a rise"),
            [_theme(words, theme) for theme in found.themes],
            numeric=(1, 2, 3),
        ),
        Markup('<p class="small">{}</p>').format(
            "Nobody drew which theme is tested where and when, so a difference between "
            "themes is a hint for the next test, not a result."
        ),
        anchor="themes",
    )


def _theme(words: Words, theme: Theme) -> tuple[str | Markup, ...]:
    count = words.count(theme.experiments)
    pooled = theme.pooled
    if pooled is None:
        return named(theme.tag), count, "—", "one test only", "—"
    return (
        named(theme.tag),
        count,
        words.lift(pooled.mean.value),
        words.range(pooled.mean, words.lift),
        words.chance(pooled.p_positive),
    )


def _long_run(found: Portfolio, words: Words) -> Markup:
    if not found.long_run:
        return Markup("")
    return section(
        "Beside the long-run holdback",
        _paragraphs([told.reconciliation(one, words) for one in found.long_run]),
        Markup('<p class="small">{}</p>').format(
            "The expectation adds the tests’ changes, pulled together, each by the "
            "share of the holdback’s days and units on which it worked: its treated "
            "share while it ran, everyone it may touch after it was kept on."
        ),
        anchor="long-run",
    )


def _priors(found: Portfolio, words: Words) -> Markup:
    if not found.priors:
        return Markup("")
    rows = [
        (
            named(prior.metric),
            words.count(len(prior.experiments)),
            words.lift(prior.mean),
            words.share(prior.sd),
        )
        for prior in found.priors
    ]
    return section(
        "What to expect of the next test",
        table(
            "Priors learned, on the log scale",
            ("Metric", "Tests", "Mean", "Standard deviation"),
            rows,
            numeric=(1, 2, 3),
        ),
        Markup(
            '<p class="small">With <code>analysis: {{prior: past}}</code> {}</p>'
        ).format("the next experiment begins from these."),
        anchor="priors",
    )


def _left_out(found: Portfolio) -> Markup:
    rows = [(named(name), named(why)) for name, why in told.left_out(found)]
    if not rows:
        return Markup("")
    return section(
        "Not counted",
        table("Experiments left out", ("Experiment", "Why"), rows),
        Markup('<p class="small">{}</p>').format(
            "A portfolio is only as honest as it is complete: tests that nobody "
            "analyzed make the others look better than they are."
        )
        if found.unanalyzed
        else Markup(""),
        anchor="left-out",
    )


def _method(found: Portfolio, words: Words) -> Markup:
    level = words.round_share(found.level)
    return section(
        "Method",
        _paragraphs([METHOD, RANGES.format(level=level)]),
        anchor="method",
    )


def _paragraphs(lines: Sequence[str]) -> Markup:
    return join(Markup("<p>{}</p>").format(named(line)) for line in lines)
