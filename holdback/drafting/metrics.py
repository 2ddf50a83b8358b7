"""What is measured, and which columns were known before: guessed of each column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from holdback.data.profiling.file_look import ColumnLook, FileLook, NumberWriting
from holdback.drafting.names import (
    AFFIRMED,
    ATTRIBUTE,
    EVENT,
    HISTORY,
    LEAVING,
    PERSONS,
    REFUND,
    money_score,
    outcome_score,
    plain_key,
    tokens,
    unit_name_score,
)
from holdback.drafting.roles import EventTable, ExposureTable, Roles, Told
from holdback.experiments.language.quantities import CODES
from holdback.experiments.language.trees import Compare, Name, Text, TruthWord, written

__all__ = ["Guessed", "MetricGuess", "measured"]

DAY_LENGTH = 86_400_000_000
SPANS = (90, 60, 28, 14, 7)
"""Days after exposure that may be counted, as far as the data go."""
FEW_LEVELS, MOST_SEGMENTS, MOST_COVARIATES, MOST_METRICS = 12, 6, 8, 8
MOST_EVENTS = 30
ALL_BUT_FEW = 0.95
SIGNS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
}
IN_CENTS = frozenset({"cents", "cent", "pence", "minor", "kopecks"})
WORTH = re.compile(
    r"(?:^|_)(usd|eur|gbp|chf|jpy|cad|aud|sek|nok|dkk|pln|rub|inr)(?:_|$)"
)
SAID_YES = frozenset({"1", "true", "yes", "t", "y", "1.0"})
SURE_OUTCOME, SURE_UNIT, SOME_ROWS = 3, 4, 30
PERIOD = frozenset(
    ["week", "day", "month", "year", "period", "index", "quarter", "hour", "weekday"]
)
BOUGHT = frozenset({"purchase", "purchased", "order", "buy", "checkout", "paid"})
ONLY_BUYERS = (
    ". CHECK: every row has an amount; if who bought nothing is missing from the file, "
    "this compares buyers with buyers"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricGuess:
    """One metric: its keys as YAML writes them, and why. `rank` 0 decides best."""

    key: str
    keys: Mapping[str, str]
    reason: str
    rank: int
    money: bool = False


@dataclass(slots=True, kw_only=True)
class Guessed:
    """Everything that was guessed of the values.

    `within` is how many days after its exposure every unit could be followed, `numbers`
    say how each source writes them; `history` is a source that reaches back well before
    the first exposure; `skipped` tells of columns that have no
    place, with the reason; `currency` is a code with its reason, None where nothing
    says it.
    """

    metrics: list[MetricGuess] = field(default_factory=list)
    covariates: list[str] = field(default_factory=list)
    lookback: int | None = None
    history: str | None = None
    segments: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, NumberWriting] = field(default_factory=dict)
    currency: tuple[str, str] | None = None
    within: int | None = None
    matching: str | None = None
    reached: str | None = None
    only_split: bool = False

    @property
    def primary(self) -> MetricGuess:
        """The metric that decides."""
        return min(self.metrics, key=lambda metric: metric.rank)

    def add(self, guess: MetricGuess) -> None:
        """Take a metric under a key of its own."""
        if len(self.metrics) < MOST_METRICS:
            key = plain_key(guess.key, [one.key for one in self.metrics])
            self.metrics.append(replace(guess, key=key))


def measured(roles: Roles, told: Told) -> Guessed:
    """The metrics, covariates and segments of an experiment's tables."""
    found = Guessed()
    own = roles.exposures
    for table in roles.events:
        _events(found, own, table)
    again = any(table.look.path == own.look.path for table in roles.events)
    _own(found, own, bool(roles.events), only_fixed=again)
    if not found.metrics:
        found.only_split = True
        found.add(
            MetricGuess(
                key="present",
                keys={"kind": "conversion", "source": own.source, "value": "1"},
                reason="no column looks like an outcome: this one is the same for "
                "all, and only the split is checked",
                rank=9,
            )
        )
    found.currency = _currency(roles, told)
    _numbers(found, roles)
    return found


# Tables of events


def _events(found: Guessed, own: ExposureTable, table: EventTable) -> None:
    base = {"source": table.source}
    if own.time is not None and table.time is not None:
        last = own.look.columns[own.time.value].last
        times = table.look.columns[table.time.value]
        full = (times.last - last) // DAY_LENGTH
        span = next((days for days in SPANS if days <= full), None)
        found.within = found.within or span
        before = (own.look.columns[own.time.value].first - times.first) // DAY_LENGTH
        if before >= SPANS[-1]:
            found.lookback = min(28, before)
            found.history = found.history or table.source
    steps = _event_column(table.look, table.taken, table.unit.value)
    if steps is not None:
        _steps(found, table.look, steps, base)
        amount = _amount(table.look, table.taken)
    else:
        found.add(
            MetricGuess(
                key="conversion",
                keys={"kind": "conversion", **base},
                reason=f"units with a row in {table.look.path}",
                rank=1,
            )
        )
        amount = _amount(table.look, table.taken)
    if amount is None:
        if steps is None:
            found.add(_count(table.source, base))
        return
    value, column, reason = amount
    noun = _noun(own.unit.value)
    named = "revenue" if money_score(column.name) else plain_key(column.name)
    found.add(
        MetricGuess(
            key=f"{named}_per_{noun}",
            keys={"kind": "mean", "source": table.source, "value": value} | _rest(base),
            reason=reason,
            rank=0,
            money=bool(money_score(column.name) or _signs(column)),
        )
    )
    if steps is None:
        found.add(_count(table.source, base))
        found.add(
            MetricGuess(
                key="average_value",
                keys={
                    "kind": "ratio",
                    "source": table.source,
                    "value": value,
                    "per": table.source,
                }
                | _rest(base),
                reason="the amount of a row, on average",
                rank=5,
                money=bool(money_score(column.name) or _signs(column)),
            )
        )


def _rest(base: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in base.items() if key != "source"}


def _count(source: str, base: Mapping[str, str]) -> MetricGuess:
    return MetricGuess(
        key=f"{plain_key(source)}_per_unit",
        keys={"kind": "count", **base},
        reason="rows of a unit",
        rank=4,
    )


def _noun(unit: str) -> str:
    return next(iter(sorted(tokens(unit) & PERSONS)), "unit")


def _amount(look: FileLook, taken: Iterable[str]) -> tuple[str, ColumnLook, str] | None:
    """The value of a row: an amount, or a price times its quantity, less refunds."""
    known = set(taken)
    numbers = [
        column
        for name, column in look.columns.items()
        if name not in known
        and column.is_number
        and not column.is_time
        and column.high > column.low
        and unit_name_score(name) < 4
        and not tokens(name) & (HISTORY | REFUND | {"tax", "taxes", "shipping"})
    ]
    scored = sorted(
        numbers,
        key=lambda c: (
            -money_score(c.name) - 2 * bool(_signs(c)) - 0.5 * (not c.whole),
            list(look.columns).index(c.name),
        ),
    )
    best = next((c for c in scored if money_score(c.name) or _signs(c)), None)
    if best is None:
        best = next((c for c in scored if not c.whole or len(numbers) == 1), None)
    if best is None:
        return None
    value, reason = _scaled(best), "the amount of each row, added up"
    quantity = next((c for c in numbers if tokens(c.name) & {"quantity", "qty"}), None)
    named = tokens(best.name)
    if named & {"price", "preis", "prix"} and not named & {"total", "sum"} and quantity:
        value = f"{written(Name(quantity.name))} * {value}"
        reason = "a price times its quantity"
    refund = next(
        (
            c
            for name, c in look.columns.items()
            if name not in known
            and c.is_number
            and tokens(name) & REFUND
            and not c.is_truth
        ),
        None,
    )
    if refund is not None and refund.high > 0:
        value, reason = f"{value} - {_scaled(refund)}", f"{reason}, less refunds"
    return value, best, reason


def _scaled(column: ColumnLook) -> str:
    name = written(Name(column.name))
    return f"{name} / 100" if tokens(column.name) & IN_CENTS else name


def _signs(column: ColumnLook) -> frozenset[str]:
    return frozenset(m for m in column.marks if m and m not in {"%", "‰"})


def _event_column(look: FileLook, taken: Iterable[str], unit: str) -> str | None:
    """The column that says what happened, in a log of several kinds of events."""
    known = set(taken)
    for name, column in look.columns.items():
        few = 2 <= len(column.levels) <= MOST_EVENTS
        if name in known or not few or column.is_number or column.is_truth:
            continue
        if tokens(name) & EVENT and look.constant(unit, name) < ALL_BUT_FEW:
            return name
    return None


def _steps(
    found: Guessed,
    look: FileLook,
    column: str,
    base: Mapping[str, str],
) -> None:
    """One conversion for each kind of event."""
    levels = [level for level, _ in look.columns[column].levels]
    levels.sort(key=lambda level: not tokens(level) & BOUGHT)
    for level in levels[: MOST_METRICS - 2]:
        happened = written(Compare("=", Name(column), Text(level)))
        found.add(
            MetricGuess(
                key=level,
                keys={"kind": "conversion", **base, "where": happened},
                reason=f"units with such a row ({column})",
                rank=1 if tokens(level) & BOUGHT else 3,
            )
        )


# Columns of the exposures


def _own(
    found: Guessed,
    own: ExposureTable,
    has_events: bool,  # noqa: FBT001
    *,
    only_fixed: bool,
) -> None:
    """Outcomes and attributes; what changes within a unit is read as events."""
    names = list(own.look.columns)
    arm_at = names.index(own.arm.value)
    steps = None
    if own.repeats:
        steps = _event_column(own.look, own.taken, own.unit.value)
    if steps is not None and not has_events:
        _steps(found, own.look, steps, {"source": own.source})
    unsure: list[ColumnLook] = []
    for at, (name, column) in enumerate(own.look.columns.items()):
        if name in own.taken or name == steps or column.distinct < 1:
            continue
        if only_fixed and name not in own.fixed:
            continue
        if _moves_with_arm(found, own, column):
            continue
        score = outcome_score(name) + (1 if at > arm_at else -1)
        score -= 2 * has_events * (outcome_score(name) < 3)
        _place(found, own, column, score, unsure)
    if not found.metrics:
        _better_than_nothing(found, own, unsure)


def _better_than_nothing(
    found: Guessed, own: ExposureTable, unsure: Iterable[ColumnLook]
) -> None:
    """Where nothing looks like an outcome: the numbers that may be one."""
    for column in unsure:
        for known in (found.covariates, found.segments):
            if column.name in known:
                known.remove(column.name)
        _outcome(found, own, column)


def _place(
    found: Guessed,
    own: ExposureTable,
    column: ColumnLook,
    score: float,
    unsure: list[ColumnLook],
) -> None:
    """An outcome, a covariate, a segment, or nothing."""
    name = column.name
    if column.is_time and not column.is_number:
        if column.filled < ALL_BUT_FEW * column.rows and score > 0:
            found.add(_happened(own, column))
        return
    known_before = bool(tokens(name) & (HISTORY | ATTRIBUTE)) or score < 0
    changes = own.repeats and name not in own.fixed
    if column.is_truth or column.is_number:
        likely = score >= 2 if known_before else score >= 0
        if likely or (changes and outcome_score(name) >= 0 and not known_before):
            _outcome(found, own, column)
            return
        if unit_name_score(name) >= SURE_UNIT:
            return
        if outcome_score(name) > -SURE_OUTCOME and not column.is_truth:
            unsure.append(column)
    elif score >= SURE_OUTCOME and _outcome(found, own, column):
        return
    if not changes:
        _known_before(found, column)


def _happened(own: ExposureTable, column: ColumnLook) -> MetricGuess:
    """A conversion of those units that have a time there."""
    name = column.name
    return MetricGuess(
        key=name.removesuffix("_at").removesuffix("_date"),
        keys={
            "kind": "conversion",
            "source": own.source,
            "where": f"{written(Name(name))} is not null",
        },
        reason="units with a time there",
        rank=1,
    )


def _known_before(found: Guessed, column: ColumnLook) -> None:
    """A covariate or a segment, as far as there is room."""
    most = FEW_LEVELS if not column.is_number or column.is_truth else FEW_LEVELS // 2
    few = 2 <= len(column.levels) <= most
    if column.is_number and not few and column.filled == column.rows:
        if column.high > column.low and len(found.covariates) < MOST_COVARIATES:
            found.covariates.append(column.name)
    elif few and len(found.segments) < MOST_SEGMENTS:
        found.segments.append(column.name)


def _outcome(found: Guessed, own: ExposureTable, column: ColumnLook) -> bool:
    """Add the metric of a column; False for one that is none."""
    name = column.name
    if tokens(name) <= PERIOD:
        return False
    source = {"source": own.source}
    formula = written(Name(name))
    lower = {"better": "lower"} if tokens(name) & LEAVING else {}
    if column.distinct < 2 and not column.is_truth:
        return False
    if column.is_truth:
        value = {"value": formula}
        if not column.is_number and not _true_or_false(column):
            value = {"where": written(Compare("=", Name(name), TruthWord(value=True)))}
        bought = tokens(name) & (BOUGHT | {"converted", "conversion", "convert"})
        found.add(
            MetricGuess(
                key=name,
                keys={"kind": "conversion", **source, **value, **lower},
                reason=_reason_of_truth(column),
                rank=1 if bought else 2,
            )
        )
        return True
    if not column.is_number:
        said = [level for level, _ in column.levels if tokens(level) & AFFIRMED]
        if len(column.levels) != 2 or len(said) != 1:
            return False
        happened = written(Compare("=", Name(name), Text(said[0])))
        found.add(
            MetricGuess(
                key=name,
                keys={"kind": "conversion", **source, "where": happened, **lower},
                reason=f"'{said[0]}' is taken for yes",
                rank=2,
            )
        )
        return True
    survey = _survey(column, source, formula)
    if survey is not None:
        found.add(survey)
        return True
    money = bool(money_score(name) >= 2 or _signs(column))
    buyers = own.repeats and money and column.low > 0
    keys = {"kind": "mean", **source, "value": _scaled(column)}
    summed = own.repeats and name not in own.fixed
    if own.repeats and not summed:
        keys["aggregate"] = "max"
    if column.blanks:
        listed = ", ".join(written(Text(word)) for word in column.blanks)
        keys["where"] = f"{formula} not in ({listed})"
    found.add(
        MetricGuess(
            key=name,
            keys={**keys, **({} if money else lower)},
            reason=("an amount of money" if money else "a number")
            + (", added up over a unit's rows" if summed else "")
            + (f"; '{column.blanks[0]}' counts as nothing" if column.blanks else "")
            + (ONLY_BUYERS if buyers else ""),
            rank=0 if money else 4,
            money=money,
        )
    )
    return True


def _survey(
    column: ColumnLook, source: Mapping[str, str], formula: str
) -> MetricGuess | None:
    named = tokens(column.name)
    for kind, words, low, high in (
        ("nps", {"nps"}, 0, 10),
        ("csat", {"csat", "rating", "stars", "satisfaction"}, 1, 5),
    ):
        inside = column.whole and low <= column.low and column.high <= high
        if named & words and inside:
            return MetricGuess(
                key=column.name,
                keys={"kind": kind, **source, "value": formula},
                reason=f"answers from {low} to {high}; who did not answer is left out",
                rank=3,
            )
    return None


def _true_or_false(column: ColumnLook) -> bool:
    words = {level.strip().lower() for level, _ in column.levels}
    return column.kind == "boolean" or words <= {"true", "false"}


def _reason_of_truth(column: ColumnLook) -> str:
    told = " and ".join(level for level, _ in column.levels)
    blank = column.rows - sum(n for _, n in column.levels)
    return f"it holds {told}" + (", blank counts as no" if blank else "")


def _moves_with_arm(found: Guessed, own: ExposureTable, column: ColumnLook) -> bool:
    """Whether a column says the arm again, or whom the treatment reached."""
    changes = own.repeats and column.name not in own.fixed and not own.crossing
    if not 2 <= len(column.levels) <= FEW_LEVELS:
        return False
    if changes and not column.is_truth:
        return False
    arms = {level for level, _ in own.levels}
    by_level: dict[str, dict[str, int]] = {}
    for (arm, level), n in own.look.pairs(own.arm.value, column.name).items():
        if arm in arms:
            by_level.setdefault(level, {})[arm] = n
    total = sum(sum(counts.values()) for counts in by_level.values())
    largest = sum(max(counts.values()) for counts in by_level.values())
    modes = {max(counts, key=counts.__getitem__) for counts in by_level.values()}
    if len(modes) == len(arms) and largest > ALL_BUT_FEW * total:
        said = "it says the arm again"
        if total > largest:
            said += (
                f", but not in {total - largest:,} rows, which may not have got their "
                "arm"
            )
            found.matching = _matching(own, column.name, by_level)
        found.skipped[column.name] = said
        return True
    if column.is_truth and _never_in_control(own, by_level):
        found.skipped[column.name] = (
            "it never happens in the control: whom the treatment reached, rather than "
            "an outcome"
        )
        return True
    return False


def _never_in_control(
    own: ExposureTable, by_level: Mapping[str, Mapping[str, int]]
) -> bool:
    yes = [
        counts
        for level, counts in by_level.items()
        if level.strip().lower() in SAID_YES
    ]
    in_control = sum(counts.get(own.control.value, 0) for counts in yes)
    return not in_control and sum(sum(c.values()) for c in yes) > SOME_ROWS


def _matching(
    own: ExposureTable, column: str, by_level: Mapping[str, Mapping[str, int]]
) -> str:
    """The condition that keeps the rows in which both say the same."""
    parts = []
    for level, arms in sorted(by_level.items()):
        arm = max(arms, key=lambda one: arms[one])
        first = written(Compare("=", Name(own.arm.value), Text(arm)))
        second = written(Compare("=", Name(column), Text(level)))
        parts.append(f"({first} and {second})")
    return " or ".join(parts)


# Money and numbers


def _currency(roles: Roles, told: Told) -> tuple[str, str] | None:
    """The currency of amounts, and what says it."""
    if told.currency:
        return told.currency.upper(), "you said so"
    looks = [roles.exposures.look, *(table.look for table in roles.events)]
    columns = [column for look in looks for column in look.columns.values()]
    for says in (_named_currency, _marked_currency, _mentioned_currency):
        for column in columns:
            said = says(column)
            if said is not None:
                return said
    return None


def _named_currency(column: ColumnLook) -> tuple[str, str] | None:
    """A column of codes."""
    values = [level.strip().upper() for level, _ in column.levels]
    if "currency" in column.name.lower() and values and CODES.keys() >= set(values):
        return values[0], f"column {column.name} says it"
    return None


def _marked_currency(column: ColumnLook) -> tuple[str, str] | None:
    """Signs beside the numbers of a column, or a code in its name."""
    for mark in sorted(_signs(column)):
        code = SIGNS.get(mark, mark)
        if code in CODES:
            return code, f"{mark} stands beside the numbers of {column.name}"
    match = WORTH.search(plain_key(column.name))
    if match and column.is_number:
        return match[1].upper(), f"column {column.name} is called so"
    return None


def _mentioned_currency(column: ColumnLook) -> tuple[str, str] | None:
    """A symbol before a number, in the levels of any column."""
    said = " ".join(level for level, _ in column.levels)
    for symbol, code in SIGNS.items():
        if re.search(rf"{re.escape(symbol)} ?\d", said):
            return code, f"{symbol} stands in {column.name}"
    return None


def _numbers(found: Guessed, roles: Roles) -> None:
    """How each source writes its numbers, by the columns that are used of it."""
    own = roles.exposures
    tables = [(own.source, own.look), *((t.source, t.look) for t in roles.events)]
    for source, look in tables:
        text = " ".join(
            part
            for metric in found.metrics
            if metric.keys.get("source") == source
            for part in (metric.keys.get("value", ""), metric.keys.get("where", ""))
        )
        used = [
            column
            for name, column in look.columns.items()
            if column.is_number
            and (written(Name(name)) in text or name in found.covariates)
        ]
        writing = _writing_of(used)
        if writing is not None:
            found.numbers[source] = writing


def _writing_of(columns: Sequence[ColumnLook]) -> NumberWriting | None:
    """The plainest way that reads all columns, or else most of them."""
    options: tuple[NumberWriting, ...] = (
        "plain", "comma", "de", "en", "fr", "ch", "in",
    )  # fmt: skip
    texts = [column.writings for column in columns if column.kind == "text"]
    if not texts:
        return None
    return max(options, key=lambda one: sum(one in known for known in texts))
