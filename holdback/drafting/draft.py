"""The YAML of a first draft: every guess with its reason and the alternatives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Literal

from holdback.data.profiling.file_look import FileLook, looked_into
from holdback.drafting.metrics import Guessed, MetricGuess, measured
from holdback.drafting.names import plain_key
from holdback.drafting.roles import (
    EventTable,
    ExposureTable,
    Guess,
    Roles,
    Told,
    roles_of,
)
from holdback.drafting.shares import likely_shares

__all__ = ["Draft", "Question", "draft"]

ASK = "CHECK"
PLAIN_SCALAR = re.compile(r"[A-Za-z_/][\w./@ -]*(?<! )")
WORDS_OF_YAML = frozenset(
    ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"]
)
MICROSECONDS = 1_000_000
FLAGS = frozenset({"0", "1", "true", "false", "yes", "no", "0.0", "1.0", "y", "n"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the files do not settle: which field of `Told` answers it, and the options.

    Without options any text is an answer.
    """

    answers: Literal["unit", "arm", "control", "time", "currency", "dates"]
    text: str
    options: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A file that can be analyzed as it is, and what was left to guess."""

    name: str
    text: str
    summary: tuple[str, ...]
    questions: tuple[Question, ...]


def draft(paths: Mapping[str, str], shown: Mapping[str, str], told: Told) -> Draft:
    """The draft of an experiment from files by the name of their source.

    `shown` are the paths as the YAML should write them. Raises DataError where nothing
    holds the arms or a file cannot be read, ConfigError for what was told wrongly.
    """
    with looked_into(paths) as looks:
        roles = roles_of(looks, told)
        values = measured(roles, told)
        name = plain_key(roles.exposures.source).replace("_", "-")
        writer = _Writer(roles=roles, values=values, shown=shown, told=told, name=name)
        text = writer.text()
        return Draft(
            name=name,
            text=text,
            summary=writer.summary(),
            questions=writer.questions(),
        )


@dataclass(slots=True, kw_only=True)
class _Writer:
    """Writes the lines of the YAML."""

    roles: Roles
    values: Guessed
    shown: Mapping[str, str]
    told: Told
    name: str

    def text(self) -> str:
        """The whole file."""
        lines = [
            f"# Drafted by `holdback init` from {self._files()}.",
            "# It runs as it is: holdback analyze THIS-FILE. What was guessed has its",
            f"# reason beside it; {ASK} marks what the data do not settle: read that.",
            "version: 1",
            f"experiment: {self.name}",
            "# hypothesis: what you expected, in a sentence",
            *self._currency(),
            *self._arms(),
            *self._assignment(),
            *self._window(),
            "sources:",
            *self._exposures(),
            *(line for table in self.roles.events for line in self._events(table)),
            *self._unused(),
            "metrics:",
            *(self._metric(metric) for metric in self.values.metrics),
            *self._skipped(),
            *self._choice(),
            *self._analysis(),
            *self._economics(),
        ]
        return "\n".join(lines) + "\n"

    def _shown(self, source: str) -> str:
        """The file of a source; a second look at the exposures' has the same."""
        return self.shown.get(source, self.shown[self.roles.exposures.source])

    def _files(self) -> str:
        return ", ".join(self.shown.values())

    def _currency(self) -> list[str]:
        if not any(metric.money for metric in self.values.metrics):
            return []
        if self.values.currency is None:
            names = ", ".join(m.key for m in self.values.metrics if m.money)
            return [
                f"# currency: EUR  # {ASK}: nothing says in which currency these are:",
                f"#   {names}; with it, add `unit: money` to them",
            ]
        code, reason = self.values.currency
        return [f"currency: {code}  # {reason}"]

    @property
    def _money(self) -> bool:
        return self.values.currency is not None

    def arm_keys(self) -> dict[str, str]:
        """Level of the arm's column → key of the arm."""
        own = self.roles.exposures
        levels = [level for level, _ in own.levels]
        if {level.strip().lower() for level in levels} <= FLAGS and len(levels) == 2:
            return {
                level: "control" if level == own.control.value else "treatment"
                for level in levels
            }
        keys: dict[str, str] = {}
        for level in levels:
            plain = re.fullmatch(r"[A-Za-z][\w-]*", level)
            usable = plain and level.lower() not in WORDS_OF_YAML
            prefix = "" if level[:1].isalpha() else f"{own.arm.value} "
            keys[level] = (
                level if usable else plain_key(prefix + level, list(keys.values()))
            )
        return keys

    def _shares(self) -> tuple[dict[str, Fraction], str]:
        own = self.roles.exposures
        shares, are_equal = likely_shares(dict(own.levels))
        listed = ", ".join(f"{n:,} {level}" for level, n in own.levels)
        if are_equal:
            return shares, (
                f"shares: equal, as far as chance can tell ({listed}); write what was "
                "planned if it was something else"
            )
        return shares, (
            f"{ASK} shares: counted, not planned ({listed}). Write the planned ones, "
            "and take `counted_shares` out: only then can it be seen whether units "
            "got lost"
        )

    def _arms(self) -> list[str]:
        own = self.roles.exposures
        keys = self.arm_keys()
        shares, told = self._shares()
        lines = ["arms:", f"  # {told}"]
        ordered = sorted(own.levels, key=lambda one: one[0] != own.control.value)
        for level, _ in ordered:
            share = shares[level]
            parts = [f"share: {_share(share)}"]
            note = ""
            if level == own.control.value:
                parts.append("control: true")
                note = f"  # {_noted(own.control)}"
            if keys[level] != level:
                parts.append(f"logged_as: {_scalar(level, always=True)}")
            if keys[level] not in {level, "control", "treatment"}:
                parts.append(f"label: {_scalar(level, always=True)}")
            lines.append(f"  {keys[level]}: {{{', '.join(parts)}}}{note}")
        lines += [
            f"  # left out: {n:,} rows with {_value(value)} in {own.arm.value}"
            for value, n in own.ignored
        ]
        return lines

    def _assignment(self) -> list[str]:
        own = self.roles.exposures
        _, equal = likely_shares(dict(own.levels))
        counted = "" if equal else ", counted_shares: true"
        lines = [f"assignment: {{source: {own.source}{counted}}}"]
        if own.crossing:
            lines.append(
                f"  # {own.crossing:.1%} of units stand in several arms; they count "
                + ("in their first" if own.time else "in none, as there are no times")
            )
        return lines

    def _window(self) -> list[str]:
        own = self.roles.exposures
        if own.time is None:
            return []
        seen = own.look.columns[own.time.value]
        ends = [
            table.look.columns[table.time.value].last
            for table in self.roles.events
            if table.time is not None
        ]
        last = max([seen.last, *ends])
        why = "the first and the last time in the file"
        lines = []
        if ends:
            why = "to the last row: all that came after a unit's exposure counts"
        if self.values.within:
            lines.append(
                f"# `within: {self.values.within} days` at the metrics would give each "
                "unit the same time; all have so much."
            )
        return [
            f"window: {{start: {_day(seen.first)}, end: {_day(last)}}}  # {why}",
            *lines,
        ]

    def _source(self, look: FileLook, source: str, used: Iterable[str]) -> list[str]:
        lines = [
            f"  {source}:",
            f"    {look.form.kind}: {_scalar(self._shown(source))}",
        ]
        if look.form.kind == "csv":
            if look.form.delimiter != ",":
                mark = look.form.delimiter.replace("\t", r"\t")
                lines.append(f"    delimiter: '{mark}'")
            if look.form.encoding != "utf-8":
                lines.append(
                    f"    encoding: {look.form.encoding}  # {ASK}: it is no UTF-8; "
                    "cp1251 and iso-8859-2 are others"
                )
        writing = self.values.numbers.get(source, "plain")
        if writing == "comma":
            lines.append('    decimal: ","')
        elif writing != "plain":
            lines.append(f"    numbers: {writing}  # how its numbers are written")
        for column in used:
            forms = look.columns[column].forms
            if forms and forms[0] != "iso":
                lines.append(self._dates(look, column))
        return lines

    def _dates(self, look: FileLook, column: str) -> str:
        forms = look.columns[column].forms
        chosen = self.told.dates if self.told.dates in forms else forms[0]
        if len(forms) == 1 or self.told.dates in forms:
            return f"    dates: {chosen}  # the only order that reads every row"
        others = " or ".join(forms[1:])
        return (
            f"    dates: {chosen}  # {ASK}: {others} reads every row, too; this one "
            "spans fewer days"
        )

    def _exposures(self) -> list[str]:
        own = self.roles.exposures
        used = [own.time.value] if own.time else []
        lines = self._source(own.look, own.source, used)
        lines.append("    columns:")
        lines.append(f"      unit: {_scalar(own.unit.value)}  # {_noted(own.unit)}")
        lines.append(f"      arm: {_scalar(own.arm.value)}  # {_noted(own.arm)}")
        if own.time is not None:
            lines.append(f"      time: {_scalar(own.time.value)}  # {_noted(own.time)}")
        if own.where:
            why = "leaves out what is no arm"
            if own.others:
                why = f"{ASK}: there are other tests, too: {', '.join(own.others[:5])}"
            lines.append(f"    where: {_scalar(own.where, always=True)}  # {why}")
        if self.values.matching:
            lines += [
                f"    # where: {self.values.matching}",
                f"    #   {ASK}: would keep only rows that got what their arm says",
            ]
        return lines

    def _events(self, table: EventTable) -> list[str]:
        used = [table.time.value] if table.time else []
        lines = self._source(table.look, table.source, used)
        parts = [f"unit: {_scalar(table.unit.value)}"]
        reasons = [table.unit.reason]
        for role, guess in (("time", table.time), ("id", table.id)):
            if guess is not None:
                parts.append(f"{role}: {_scalar(guess.value)}")
        if table.time is not None and table.time.others:
            reasons.append(f"other times: {', '.join(table.time.others)}")
        lines.append(f"    columns: {{{', '.join(parts)}}}  # {'; '.join(reasons)}")
        return lines

    def _unused(self) -> list[str]:
        return [
            f"  # {self._shown(name)} is not used: {why}"
            for name, why in self.roles.unused.items()
        ]

    def _metric(self, metric: MetricGuess) -> str:
        keys = dict(metric.keys)
        if metric.money and self._money:
            keys["unit"] = "money"
        parts = [
            f"{key}: {_scalar(text, always=key == 'where')}"
            for key, text in keys.items()
        ]
        return f"  {metric.key}: {{{', '.join(parts)}}}  # {metric.reason}"

    def _skipped(self) -> list[str]:
        return [f"  # {name}: {why}" for name, why in self.values.skipped.items()]

    def _choice(self) -> list[str]:
        primary = self.values.primary
        others = [m.key for m in self.values.metrics if m.key != primary.key]
        note = f"  # {ASK}: the metric that decides" if others else ""
        lines = [f"primary: {primary.key}{note}"]
        if others:
            lines.append(f"secondary: [{', '.join(others)}]")
        return lines

    def _analysis(self) -> list[str]:
        lines = [
            "analysis:",
            "  looks: end  # read once, at the end; `spending` allows earlier looks",
        ]
        if self.values.lookback:
            lines.append(
                f"  covariates: {{lookback: {self.values.lookback} days}}  # the same "
                "measures from before the exposure narrow the ranges"
            )
        elif self.values.covariates:
            lines.append(
                f"  covariates: [{_listed(self.values.covariates)}]  # {ASK}: only "
                "what was known before the test"
            )
        return lines + self._segments()

    def _segments(self) -> list[str]:
        values = self.values
        if values.history is None:
            listed = _listed(values.segments)
            note = "# explored, never decided by"
            return [f"  segments: [{listed}]  {note}"] if values.segments else []
        lines = [f"    - {_listed([name])}" for name in values.segments]
        lines.append(
            f"    - {{name: {plain_key('customer', values.segments)}, source: "
            f"{values.history}, new_or_returning: 365 days}}  # as far as the file "
            "goes back"
        )
        return ["  segments:  # explored, never decided by", *lines]

    def _economics(self) -> list[str]:
        if not any(m.money for m in self.values.metrics) or not self._money:
            return []
        return [
            "# With your margin and costs the report tells profit and ROPI:",
            "# economics:",
            "#   margin: 42%",
            "#   costs: [{name: Service, amount: 500, per: month}]",
        ]

    def summary(self) -> tuple[str, ...]:
        """What was found, a line each."""
        own = self.roles.exposures
        keys = ", ".join(
            f"{level} ({n:,}{', control' if level == own.control.value else ''})"
            for level, n in own.levels
        )
        metrics = ", ".join(metric.key for metric in self.values.metrics)
        unit = "each row" if own.unit.value == "row" else own.unit.value
        lines = [
            f"arms     {own.arm.value}: {keys}",
            f"units    {unit}",
            f"metrics  {metrics}; {self.values.primary.key} decides",
        ]
        if own.time is not None:
            lines.insert(2, f"time     {own.time.value}")
        if self.values.only_split:
            lines.append("no column looks like an outcome: only the split is checked")
        return tuple(lines)

    def questions(self) -> tuple[Question, ...]:
        """What a person may settle, in the order of what follows from what."""
        own = self.roles.exposures
        asked: list[Question] = []
        if not own.arm.sure and self.told.arm is None:
            asked.append(_question("arm", "Which column says the arm?", own.arm))
        elif not own.unit.sure and self.told.unit is None:
            asked.append(_question("unit", "Which column is the unit's id?", own.unit))
        elif not own.control.sure and self.told.control is None:
            asked.append(_question("control", "Which arm is the control?", own.control))
        elif self._ambiguous() and self.told.dates is None:
            forms = self._ambiguous()
            asked.append(
                Question(
                    answers="dates",
                    text="How are dates written (d = day, m = month)?",
                    options=forms,
                    default=forms[0],
                )
            )
        elif (
            any(m.money for m in self.values.metrics)
            and self.values.currency is None
            and self.told.currency is None
        ):
            asked.append(
                Question(
                    answers="currency",
                    text="In which currency are the amounts (EUR, USD …)?",
                )
            )
        return tuple(asked)

    def _ambiguous(self) -> tuple[str, ...]:
        own = self.roles.exposures
        tables: Sequence[ExposureTable | EventTable] = (own, *self.roles.events)
        for table in tables:
            if table.time is not None:
                forms = table.look.columns[table.time.value].forms
                if len(forms) > 1:
                    return forms
        return ()


def _question(
    answers: Literal["unit", "arm", "control"], text: str, guess: Guess
) -> Question:
    return Question(
        answers=answers,
        text=text,
        options=(guess.value, *guess.others),
        default=guess.value,
    )


def _noted(guess: Guess) -> str:
    """A guess's reason, and what else could have been chosen."""
    mark = "" if guess.sure else f"{ASK}: "
    others = f"; or {', '.join(guess.others)}" if guess.others else ""
    return f"{mark}{guess.reason}{others}"


def _value(text: str) -> str:
    return f"'{text}'" if text else "nothing"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_scalar(name) for name in names)


def _share(share: Fraction) -> str:
    percent = share * 100
    if percent.denominator in {1, 2, 4, 5, 10}:
        return f"{float(percent):g}%"
    return f"{share.numerator}/{share.denominator}"


def _scalar(text: str, *, always: bool = False) -> str:
    """A text as YAML writes it, in quotes where it needs them."""
    plain = PLAIN_SCALAR.fullmatch(text) and text.lower() not in WORDS_OF_YAML
    if plain and not (always and not re.fullmatch(r"[A-Za-z][\w -]*", text)):
        return text
    return json.dumps(text, ensure_ascii=False)


def _day(microseconds: int) -> date:
    return datetime.fromtimestamp(microseconds / MICROSECONDS, UTC).date()
