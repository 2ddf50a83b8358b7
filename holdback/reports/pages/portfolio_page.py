"""The portfolio as a page in the report's design."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from holdback.portfolio.result import Entry, Portfolio, Theme, Total
from holdback.reports.figures.charts import Axis, axis_of, forest_mark
from holdback.reports.html import join, linked, named, section, table
from holdback.reports.pages.experiment_page import document
from holdback.reports.text import portfolio_sentences as told
from holdback.reports.text.catalog import in_its_language, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import outcome
from holdback.results.quantity import Quantity

__all__ = ["render", "tests"]

TOO_LOW, TOO_HIGH = (0.08, 0.13), 0.16
"""By how much the kept tests' sum is off in simulated programs (docs/statistics.md)."""


@in_its_language
def render(portfolio: Portfolio, reports: Mapping[str, str] | None = None) -> str:
    """One self-contained HTML file; the same portfolio, the same bytes.

    `reports`: experiment → the way to its page.
    """
    words = told.words_of(portfolio)
    return document(
        say("portfolio_page.title"),
        join(
            part
            for part in (
                _header(portfolio, words),
                _answer(portfolio, words),
                _totals(portfolio, words),
                tests(portfolio, words, reports or {}),
                _common(portfolio, words),
                _themes(portfolio, words),
                _long_run(portfolio, words),
                _priors(portfolio, words),
                _left_out(portfolio),
                _method(portfolio, words),
            )
            if part
        ),
    )


def _header(portfolio: Portfolio, words: Words) -> Markup:
    days = [
        d for e in portfolio.experiments for d in (e.window_start, e.window_end) if d
    ]
    span = f" · {words.day(min(days))} – {words.day(max(days))}" if days else ""
    return Markup('<header>\n<p class="small">{}{}</p>\n<h1>{}</h1>\n</header>').format(
        say("portfolio_page.portfolio"), span, say("portfolio_page.title")
    )


def _answer(portfolio: Portfolio, words: Words) -> Markup:
    lines = [
        *told.headline(portfolio, words),
        *told.honesty(portfolio, words),
        told.keeping(portfolio, words),
    ]
    return Markup(
        '<section class="decision plain" aria-labelledby="answer">\n'
        '<h2 id="answer">{}</h2>\n{}\n</section>'
    ).format(
        say("portfolio_page.together"),
        join(
            Markup('<p class="lead">{}</p>' if i == 0 else "<p>{}</p>").format(line)
            for i, line in enumerate(filter(None, lines))
        ),
    )


def _totals(portfolio: Portfolio, words: Words) -> Markup:
    if not portfolio.totals:
        return Markup("")
    which = texts("portfolio_page.which")
    return section(
        say("portfolio_page.the_money"),
        *(
            table(
                f"{which[total.which]}: {words.count(total.experiments)}",
                (
                    say("common.what"),
                    say("portfolio_page.reports_added_up"),
                    say("common.pulled_together"),
                ),
                _money_rows(total, words),
                numeric=(1, 2),
            )
            for total in reversed(portfolio.totals)
        ),
        Markup('<p class="small">{}</p>').format(
            say("portfolio_page.over_the_days_and")
        ),
        anchor="money",
    )


def _money_rows(total: Total, words: Words) -> Iterator[tuple[str, str, str]]:
    for name, plain, shrunk in (
        (say("common.extra_revenue"), total.revenue, total.revenue_shrunk),
        (say("common.gross_profit"), total.profit, total.profit_shrunk),
    ):
        yield name, _ranged(words, plain), _ranged(words, shrunk)
    if total.cost is None or total.ropi is None:
        return
    cost = words.money(total.cost)
    yield (
        say("portfolio_page.cost_tests", with_costs=words.count(total.with_costs)),
        cost,
        cost,
    )
    if total.savings is not None:
        saved = words.money(total.savings)
        yield say("portfolio_page.savings"), saved, saved
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
    yield say("portfolio_page.chance_that_they_paid"), chances[0], chances[1]


def _ranged(words: Words, quantity: Quantity | None) -> str:
    if quantity is None:
        return "—"
    return f"{words.money(quantity.value)} ({words.range(quantity, words.money)})"


def _common(portfolio: Portfolio, words: Words) -> Markup:
    lines = list(told.spread(portfolio, words))
    if not lines:
        return Markup("")
    return section(say("portfolio_page.common"), _paragraphs(lines), anchor="common")


def _themes(portfolio: Portfolio, words: Words) -> Markup:
    if not portfolio.themes:
        return Markup("")
    return section(
        say("portfolio_page.by_theme"),
        table(
            say("portfolio_page.tests_of_one_tag"),
            (
                say("portfolio_page.theme"),
                say("portfolio_page.tests"),
                say("portfolio_page.average_change"),
                say("common.likely_range"),
                say("common.chance_of_a_rise"),
            ),
            [_theme(words, theme) for theme in portfolio.themes],
            numeric=(1, 2, 3),
        ),
        Markup('<p class="small">{}</p>').format(
            say("portfolio_page.nobody_drew_which_theme")
        ),
        anchor="themes",
    )


def _theme(words: Words, theme: Theme) -> tuple[str | Markup, ...]:
    count = words.count(theme.experiments)
    pooled = theme.pooled
    if pooled is None:
        return named(theme.tag), count, "—", say("portfolio_page.one_test_only"), "—"
    return (
        named(theme.tag),
        count,
        words.lift(pooled.mean.value),
        words.range(pooled.mean, words.lift),
        words.chance(pooled.p_positive),
    )


def _long_run(portfolio: Portfolio, words: Words) -> Markup:
    if not portfolio.long_run:
        return Markup("")
    return section(
        say("portfolio_page.beside_the_long_run"),
        _paragraphs(
            [
                told.reconciliation(reconciled, words)
                for reconciled in portfolio.long_run
            ]
        ),
        Markup('<p class="small">{}</p>').format(
            say("portfolio_page.the_expectation_adds_the")
        ),
        anchor="long-run",
    )


def _priors(portfolio: Portfolio, words: Words) -> Markup:
    if not portfolio.priors:
        return Markup("")
    rows = [
        (
            named(prior.metric),
            words.count(len(prior.experiments)),
            words.lift(prior.mean),
            words.share(prior.sd),
        )
        for prior in portfolio.priors
    ]
    return section(
        say("portfolio_page.what_to_expect_of"),
        table(
            say("portfolio_page.priors_learned_on_the"),
            (
                say("common.metric"),
                say("portfolio_page.tests"),
                say("common.mean"),
                say("portfolio_page.standard_deviation"),
            ),
            rows,
            numeric=(1, 2, 3),
        ),
        Markup('<p class="small">{}</p>').format(
            Markup(say("portfolio_page.next", setting="{}")).format(
                Markup("<code>analysis: {prior: past}</code>")
            )
        ),
        anchor="priors",
    )


def _left_out(portfolio: Portfolio) -> Markup:
    rows = [(named(name), named(why)) for name, why in told.left_out(portfolio)]
    if not rows:
        return Markup("")
    return section(
        say("portfolio_page.not_counted"),
        table(
            say("portfolio_page.experiments_left_out"),
            (say("common.experiment"), say("common.why")),
            rows,
        ),
        Markup('<p class="small">{}</p>').format(
            say("portfolio_page.a_portfolio_is_only")
        )
        if portfolio.unanalyzed
        else Markup(""),
        anchor="left-out",
    )


def _method(portfolio: Portfolio, words: Words) -> Markup:
    level = words.round_share(portfolio.level)
    return section(
        say("method.title"),
        _paragraphs(
            [
                say("portfolio_page.method"),
                say(
                    "portfolio_page.bias",
                    nil_low=words.round_share(TOO_LOW[0]),
                    nil_high=words.round_share(TOO_LOW[1]),
                    nil_missed="4–7",
                    little=words.round_share(TOO_HIGH),
                ),
                say("portfolio_page.ranges", level=level),
            ]
        ),
        anchor="method",
    )


def _paragraphs(lines: Sequence[str]) -> Markup:
    return join(Markup("<p>{}</p>").format(named(line)) for line in lines)


LONGEST = 20


def tests(portfolio: Portfolio, words: Words, reports: Mapping[str, str]) -> Markup:
    """One row a finished test, linked to its report where there is one."""
    axis = axis_of(
        [experiment.shrunk or experiment.lift for experiment in portfolio.experiments]
    )
    return section(
        say("portfolio_tests.test_by_test"),
        table(
            say("portfolio_tests.finished_tests_by_the"),
            (
                say("common.experiment"),
                say("portfolio_tests.decision"),
                say("portfolio_tests.reported"),
                say("common.pulled_together"),
                say("common.extra_revenue"),
                say("common.likely_range"),
                say("common.chance_of_a_rise"),
            ),
            [
                _row(words, experiment, axis, reports)
                for experiment in portfolio.experiments
            ],
            classes=("", "", "num", "num", "num", "f", ""),
            css=axis,
        ),
        Markup('<p class="small">{}</p>').format(
            say("portfolio_tests.the_picture_shows_the")
        ),
        anchor="tests",
    )


def _row(
    words: Words, experiment: Entry, axis: Axis, reports: Mapping[str, str]
) -> tuple[str | Markup, ...]:
    shown = experiment.shrunk or experiment.lift
    decided = outcome(experiment.decision) if experiment.decision else None
    tone = decided.tone if decided else "plain"
    likely = words.range(shown, words.lift)
    mark = forest_mark(shown, axis, f"{words.lift(shown.value)}, {likely}", "plain")
    return (
        linked(experiment.experiment, reports.get(experiment.experiment)),
        Markup('<span class="{}">{}</span>').format(
            tone, _unbroken(decided.title if decided else say("headline.no_decision"))
        ),
        words.lift(experiment.lift.value),
        words.lift(experiment.shrunk.value) if experiment.shrunk else "—",
        words.money(experiment.revenue_shrunk.value)
        if experiment.revenue_shrunk
        else "—",
        Markup('{}<span class="range">{}</span>').format(mark, likely),
        "—" if experiment.p_positive is None else words.chance(experiment.p_positive),
    )


def _unbroken(title: str) -> str:
    """A short title on one line."""
    return title.replace(" ", "\N{NO-BREAK SPACE}") if len(title) < LONGEST else title
