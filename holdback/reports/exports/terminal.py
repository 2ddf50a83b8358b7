"""The answer on a terminal: decision, lift, money, checks in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdback.errors import printable
from holdback.portfolio.result import Portfolio
from holdback.reports.blocks.answer import probabilities as confidence
from holdback.reports.blocks.answer.rollout import payback_told
from holdback.reports.text import portfolio_sentences as told
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import heads, in_its_language, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import money_told, outcome, verdict_told
from holdback.reports.text.telling import tell
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard
from holdback.results.sections.simulation import Simulation

__all__ = ["summary", "table_of"]


@in_its_language
def summary(scorecard: Scorecard) -> str:
    """At most about twenty aligned lines of plain text."""
    words = Words.of(scorecard)
    lines = [f"{scorecard.experiment}: {_outcome(scorecard)}"]
    lines += [f"  {reason}" for reason in _reasons(scorecard, words)]
    lines.append("")
    if scorecard.validity.is_invalid:
        lines.append(f"  {sentences.withheld()}")
    else:
        lines += _figures(scorecard, words)
    lines += ["", _check_line(scorecard)]
    marks = texts("summary")
    lines += [
        f"  {marks[check.status]} {check.check}: {sentences.checked(words, check)}"
        for check in scorecard.checks
        if check.status in marks
    ]
    return "\n".join(printable(line) for line in lines)


def _figures(scorecard: Scorecard, words: Words) -> list[str]:
    """What was measured: metrics, chances, money."""
    overall = [r for r in scorecard.readouts if r.segment is None]
    chances = confidence.told(scorecard, words)
    return [
        *_readout_lines(words, overall),
        *(["", *(f"  {text}" for text in chances)] if chances else []),
        *_money_lines(words, scorecard),
    ]


def _reasons(scorecard: Scorecard, words: Words) -> list[str]:
    """Three at most; of several arms each by its name."""
    if scorecard.validity.is_invalid:
        return sentences.failed(words, scorecard)[:3]
    decision = scorecard.decision
    if decision is None:
        return []
    reasons = decision.reasons
    if all(sentences.alike(arm.reasons, reasons) for arm in decision.arms):
        return [tell(words, reason) for reason in decision.reasons[:3]]
    compared = [reason for reason in reasons if reason.code == "decision.arms"]
    return [tell(words, reason) for reason in compared] + [
        say(
            "decision.arm_told",
            arm=words.arm(arm.arm),
            outcome=texts("headline.outcomes")[arm.outcome],
            reasons=" ".join(tell(words, reason) for reason in arm.reasons[:3]),
        )
        for arm in sentences.arms_in_order(scorecard)
    ]


def _outcome(scorecard: Scorecard) -> str:
    if scorecard.validity.is_invalid:
        return outcome("invalid").title
    decision = scorecard.decision
    if decision is not None and decision.outcome == "ship" and len(decision.arms) > 1:
        return sentences.headline(scorecard).title
    return outcome(decision.outcome).title if decision else say("summary.outcome")


def _readout_lines(words: Words, readouts: Sequence[Readout]) -> list[str]:
    """Name, change, range and reading of each metric, in columns."""
    rows = [(words.names(r.metric, r.arm), *_effect(words, r)) for r in readouts]
    names, changes, ranges = (
        max(map(len, column)) for column in zip(*rows, strict=True)
    )
    return [
        f"  {name:<{names}}  {change:>{changes}}   {likely:<{ranges}}   {reading}"
        for (name, change, likely), reading in zip(
            rows, (verdict_told(r).lower() for r in readouts), strict=True
        )
    ]


def _effect(words: Words, readout: Readout) -> tuple[str, str]:
    """The change and its range, or the reason why there is none."""

    def difference(value: float) -> str:
        return words.difference(readout.metric, value)

    if readout.relative is not None:
        effect, write = readout.relative, words.lift
    elif readout.absolute is not None and readout.absolute.has_interval:
        effect, write = readout.absolute, difference
    else:
        return "—", tell(words, readout.note)
    return write(effect.value), say("summary.effect", write=words.range(effect, write))


def _money_lines(words: Words, scorecard: Scorecard) -> list[str]:
    """Money of the arm that the decision speaks of, else of each."""
    return [
        line
        for money in money_told(scorecard)
        for line in ("", *_arm_named(words, money), *_figures_of(words, money))
    ]


def _arm_named(words: Words, money: Money) -> list[str]:
    return [f"  {words.arm(money.arm)}:"] if words.several else []


def _figures_of(words: Words, money: Money) -> list[str]:
    rows = [
        (
            say("common.extra_revenue"),
            words.money(money.incremental_revenue.value),
            words.range(money.incremental_revenue, words.money),
        ),
    ]
    if money.incremental_profit != money.incremental_revenue:
        profit = money.incremental_profit
        rows.append(
            (
                say("common.gross_profit"),
                words.money(profit.value),
                words.range(profit, words.money),
            )
        )
    if money.cost is not None:
        rows.append((say("common.cost"), words.money(money.cost.total), ""))
    if money.ropi is not None:
        rows.append(
            (
                say("summary.ropi"),
                words.lift(money.ropi.value),
                _ropi_range(words, money),
            )
        )
    wide = max(len(value) for _, value, _ in rows)
    lines = [
        f"  {name:<14} {value:>{wide}}"
        + (say("summary.likely", likely=likely) if likely else "")
        for name, value, likely in rows
    ]
    if money.payback_days is not None:
        lines.append(f"  {payback_told(words, money.payback_days)}")
    return lines


def _ropi_range(words: Words, money: Money) -> str:
    if money.ropi is None:
        return ""
    ropi = money.ropi
    interval = Quantity(
        value=ropi.value, lower=ropi.lower, upper=ropi.upper, unbounded=ropi.unbounded
    )
    text = words.range(interval, words.lift)
    if money.break_even_lift is not None:
        text += say(
            "summary.ropi_range", break_even_lift=words.lift(money.break_even_lift)
        )
    return text


def _check_line(scorecard: Scorecard) -> str:
    passed = sum(check.status == "pass" for check in scorecard.checks)
    made = sum(check.status != "skip" for check in scorecard.checks)
    return say("summary.check_line", passed=passed, checks=made)


def table_of(simulation: Simulation, locale: str) -> str:
    """What was replayed, and a line a method."""
    words = Words.plain(locale)
    rows = [heads("replays.columns")] + [
        (
            texts("replays.names")[record.method],
            words.share(record.false_wins),
            words.share(record.false_losses),
            words.share(record.power),
            words.share(record.coverage),
        )
        for record in simulation.records
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  "
        + "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    methods = ", ".join(
        f"{name} {count:,}" for name, count in simulation.methods.items()
    )
    side = words.share((1 - simulation.level) / 2)
    units = say(
        "replays.units_with_a_value",
        label=simulation.label,
        arm=simulation.arm,
        units=words.count(simulation.units),
        with_value=words.count(simulation.with_value),
        smaller_arm=words.count(simulation.smaller_arm),
    )
    splits = say(
        "replays.splits_with_nothing_to",
        replays=words.count(simulation.replays),
        side=side,
        replays_with_lift=words.count(simulation.replays_with_lift),
        lift=words.lift(simulation.lift),
    )
    return "\n".join([units, splits, *lines, say("replays.read_by", methods=methods)])


@in_its_language
def portfolio_summary(portfolio: Portfolio) -> str:
    """The headline, a line an experiment, and what did not count."""
    words = told.words_of(portfolio)
    blocks = [
        [
            *told.headline(portfolio, words),
            *told.honesty(portfolio, words),
            told.keeping(portfolio, words),
        ],
        list(_rows(portfolio, words)),
        list(told.spread(portfolio, words)),
        [told.reconciliation(reconciled, words) for reconciled in portfolio.long_run],
        [
            say("portfolio_text.summary", name=name, why=why)
            for name, why in told.left_out(portfolio)
        ],
    ]
    return "\n\n".join(
        "\n".join(printable(line) for line in block) for block in blocks if block
    )


def _rows(portfolio: Portfolio, words: Words) -> Iterator[str]:
    rows = [
        (
            "experiment",
            "decision",
            "reported",
            say("portfolio_text.pulled_together"),
            say("portfolio_text.extra_revenue"),
        )
    ]
    rows += [
        (
            experiment.experiment,
            experiment.decision.replace("_", " "),
            words.lift(experiment.lift.value),
            words.lift(experiment.shrunk.value) if experiment.shrunk else "–",
            words.money(experiment.revenue_shrunk.value)
            if experiment.revenue_shrunk
            else "–",
        )
        for experiment in portfolio.experiments
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for name, decision, *figures in rows:
        cells = [figure.rjust(w) for figure, w in zip(figures, widths[2:], strict=True)]
        yield "  ".join(
            ["", name.ljust(widths[0]), decision.ljust(widths[1]), *cells]
        ).rstrip()
