"""Which file holds the arms, and which of its columns is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from holdback.data.profiling.file_look import ColumnLook, FileLook
from holdback.drafting.names import (
    EXPOSED,
    HISTORY,
    OUTCOME,
    TEST,
    UNKNOWN_ARMS,
    arm_score,
    control_score,
    row_id_score,
    tokens,
    unit_name_score,
)
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.language.quantities import did_you_mean
from holdback.experiments.language.trees import (
    Compare,
    Member,
    Name,
    Text,
    written,
)

__all__ = ["EventTable", "ExposureTable", "Guess", "Roles", "Told", "roles_of"]

MOST_ARMS = 12
LEAST_SHARE_OF_ARM = 0.005
SURE_OF_ARM, SOME_ARM = 4.0, 1.0
MOSTLY = 0.8
LEAST_SHARED = 0.2
"""Of an events file's units that must be exposed, or of the exposed that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the user said instead of having it guessed."""

    unit: str | None = None
    arm: str | None = None
    control: str | None = None
    time: str | None = None
    currency: str | None = None
    dates: str | None = None
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A choice with its reason; `others` could have been chosen. Not `sure`: CHECK."""

    value: str
    reason: str
    others: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureTable:
    """The table that holds the arms. `levels` are the arms with their units.

    `unit` is ``row`` where nothing tells units apart, `repeats` says that units have
    several rows, `ignored` are values of the arm's column that are no arms, and
    `others` are tests that the rows of one were taken from.
    """

    source: str
    look: FileLook
    unit: Guess
    arm: Guess
    levels: tuple[tuple[str, int], ...]
    control: Guess
    ignored: tuple[tuple[str, int], ...] = ()
    time: Guess | None = None
    where: str | None = None
    others: tuple[str, ...] = ()
    repeats: bool = False
    crossing: float = 0.0
    fixed: frozenset[str] = frozenset()

    @property
    def taken(self) -> frozenset[str]:
        """Columns that have a role."""
        roles = {self.unit.value, self.arm.value}
        return frozenset(roles | ({self.time.value} if self.time else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTable:
    """A table of what units did; `covered` is the share of its units that are exposed.

    `holds` is the share of exposed units that have a row.
    """

    source: str
    look: FileLook
    unit: Guess
    covered: float
    holds: float
    time: Guess | None = None
    id: Guess | None = None

    @property
    def taken(self) -> frozenset[str]:
        """Columns that have a role."""
        known = (self.unit, self.time, self.id)
        return frozenset(one.value for one in known if one is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The table of exposures, tables of events, and files that none of it needs."""

    exposures: ExposureTable
    events: tuple[EventTable, ...] = ()
    unused: Mapping[str, str] = field(default_factory=dict)


def roles_of(looks: Mapping[str, FileLook], told: Told) -> Roles:
    """The roles of all files.

    Raises DataError where no column can be the arm, ConfigError for a column that was
    named and is not there.
    """
    _check_told(looks, told)
    source = _with_arms(looks, told)
    exposures = _exposures(source, looks[source], told)
    events: list[EventTable] = []
    unused: dict[str, str] = {}
    for name, look in looks.items():
        if name == source:
            continue
        found = None if told.wide else _events(name, look, exposures)
        if found is None:
            unused[name] = (
                "no column of it holds the units of the test, so its rows belong to "
                "nobody."
            )
        elif (
            found.holds > 0.99
            and found.look.rows <= found.look.columns[found.unit.value].distinct
        ):
            unused[name] = (
                "it has one row for nearly every unit: attributes, no events. Join it "
                f"to {exposures.look.path} to use its columns as segments."
            )
        else:
            events.append(found)
    blank = sum(n for value, n in exposures.ignored if not value)
    if exposures.repeats and blank > LEAST_SHARED * looks[source].rows:
        rest = _events(f"{source}_rows", looks[source], exposures)
        events += [] if rest is None else [rest]
    return Roles(exposures=exposures, events=tuple(events), unused=unused)


def _check_told(looks: Mapping[str, FileLook], told: Told) -> None:
    """ConfigError for a column that is in none of the files."""
    known = sorted({name for look in looks.values() for name in look.columns})
    for option in ("unit", "arm", "time"):
        name = getattr(told, option)
        if name and name not in known and not (option == "unit" and name == "row"):
            raise ConfigError(
                Problem(
                    where=f"--{option}",
                    what=f"no file has a column '{name}'.",
                    fix=did_you_mean(name, known)
                    or f"The columns are: {', '.join(known)}.",
                )
            )


def _arms(look: FileLook, told: Told) -> list[tuple[float, str]]:
    """Columns that could be the arm, the likeliest first."""
    scored = []
    for at, (name, column) in enumerate(look.columns.items()):
        if told.arm is not None:
            if name == told.arm:
                scored.append((99.0, 0, name))
            continue
        levels = [level for level, _ in _real(column)[0]]
        if not 2 <= len(levels) <= MOST_ARMS or column.is_time:
            continue
        if column.is_number and not column.whole:
            continue
        scored.append((arm_score(name, levels), -at, name))
    return [(score, name) for score, _, name in sorted(scored, reverse=True)]


def _real(
    column: ColumnLook,
) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Levels that can be arms, and values that are none or too rare."""
    total = sum(n for _, n in column.levels)
    arms: list[tuple[str, int]] = []
    others: list[tuple[str, int]] = []
    for level, n in column.levels:
        odd = level.strip().lower() in UNKNOWN_ARMS or level.strip() in {"", "-", "?"}
        odd = odd or level.strip().lower().startswith("(not")
        (others if odd or n < LEAST_SHARE_OF_ARM * total else arms).append((level, n))
    return arms, others


def _with_arms(looks: Mapping[str, FileLook], told: Told) -> str:
    """The source that holds the arms; raises DataError where none does."""
    best = [
        (arms[0][0], -at, look.rows, name)
        for at, (name, look) in enumerate(looks.items())
        if (arms := _arms(look, told)) and arms[0][0] >= SOME_ARM
    ]
    if best:
        top = max(best)[0]
        likely = [one for one in best if one[0] >= top - 1]
        with_ids = [one for one in likely if _unit_scores(looks[one[3]], None)]
        return max(with_ids or likely, key=lambda one: (one[0], one[1]))[3]
    columns = "; ".join(
        f"{look.path}: {', '.join(look.columns) or 'no column'}"
        for look in looks.values()
    )
    raise DataError(
        Problem(
            where=", ".join(look.path for look in looks.values()),
            what="no column looks like the arm (who got which treatment).",
            why=f"Such a column holds a few values, like control and treatment. "
            f"The columns are {columns}.",
            fix="Name it with `--arm COLUMN`, or add the file that says who was in "
            "which arm. Without arms there is no test to read.",
        )
    )


def _exposures(source: str, look: FileLook, told: Told) -> ExposureTable:
    scored = _arms(look, told)
    score, arm = scored[0]
    look, where, others = _one_test(look, arm)
    column = look.columns[arm]
    unit = _unit(look, arm, told)
    unit_column = None if unit.value == "row" else unit.value
    arms, ignored = _real(column)
    units = look.units_by_arm(unit_column, arm)
    levels = tuple(
        (level, units[level]) for level in sorted(level for level, _ in arms)
    )
    repeats = unit_column is not None and look.columns[unit_column].distinct < (
        look.columns[unit_column].filled
    )
    blank = column.rows - sum(n for _, n in column.levels)
    if blank:
        ignored.append(("", blank))
    if ignored:
        known = Member(Name(arm), tuple(Text(level) for level, _ in levels))
        where = f"({where}) and {written(known)}" if where else written(known)
    fixed = frozenset(
        name
        for name in look.columns
        if not repeats or look.constant(unit.value, name) > 0.98
    )
    names = ", ".join(level for level, _ in levels)
    likely = tuple(name for other, name in scored[1:4] if other >= SOME_ARM)
    return ExposureTable(
        source=source,
        look=look,
        where=where,
        others=others,
        unit=unit,
        arm=Guess(
            value=arm,
            reason=f"it holds {names}" if told.arm is None else "you said so",
            others=likely,
            sure=score >= SURE_OF_ARM,
        ),
        levels=levels,
        control=_control(levels, arm, told),
        ignored=tuple(ignored),
        time=_exposure_time(look, told),
        repeats=repeats,
        crossing=0.0 if unit_column is None else look.crossing(unit_column, arm),
        fixed=fixed,
    )


def _one_test(look: FileLook, arm: str) -> tuple[FileLook, str | None, tuple[str, ...]]:
    """The rows of the largest test, where a column names several."""
    for name, column in look.columns.items():
        named = tokens(name)
        joined = name.lower().replace("_", "").replace(" ", "")
        is_test = joined in {"abtest", "testname", "experimentname", "experimentid"}
        if name == arm or not (is_test or (named and named <= TEST)):
            continue
        levels = [level for level, _ in column.levels]
        if len(levels) < 2 or column.is_number or arm_score(name, levels) >= 10:
            continue
        chosen = levels[0]
        where = written(Compare("=", Name(name), Text(chosen)))
        return look.having(name, chosen), where, tuple(levels[1:])
    return look, None, ()


def _unit_scores(look: FileLook, arm: str | None) -> list[tuple[float, str]]:
    """Columns that could be the unit's id, the likeliest first."""
    scored = []
    for at, (name, column) in enumerate(look.columns.items()):
        fraction = column.is_number and not column.whole
        few = column.distinct < 8 or column.filled < MOSTLY * column.rows
        if name == arm or fraction or few or (column.is_time and "iso" in column.forms):
            continue
        score = unit_name_score(name)
        unique = column.distinct / max(column.filled, 1)
        if not score and unique > 0.99 and not column.is_number and not column.is_time:
            score = 2
        if not score:
            continue
        score += (unique > 0.3) + (unique > 0.999 and score > 2)
        if arm is not None and unique < 1 and look.crossing(name, arm) > 1 - MOSTLY:
            continue
        scored.append((score, -at, name))
    return [(score, name) for score, _, name in sorted(scored, reverse=True)]


def _unit(look: FileLook, arm: str, told: Told) -> Guess:
    if told.unit is not None:
        return Guess(value=told.unit, reason="you said so")
    scored = _unit_scores(look, arm)
    if not scored:
        return Guess(
            value="row",
            reason="no column looks like an id, so each row is a unit of its own",
            sure=True,
        )
    score, name = scored[0]
    column = look.columns[name]
    many = (
        "a different value in every row"
        if column.distinct == column.filled
        else f"{column.distinct:,} values in {column.filled:,} rows"
    )
    return Guess(
        value=name,
        reason=many,
        others=tuple(other for _, other in scored[1:3]),
        sure=score >= 4,
    )


def _control(levels: Sequence[tuple[str, int]], arm: str, told: Told) -> Guess:
    names = [level for level, _ in levels]
    if told.control is not None:
        if told.control not in names:
            raise ConfigError(
                Problem(
                    where="--control",
                    what=f"column {arm} holds no '{told.control}'.",
                    fix=did_you_mean(told.control, names)
                    or f"Its values are: {', '.join(names)}.",
                )
            )
        return Guess(value=told.control, reason="you said so")
    scores = sorted(
        ((control_score(name, names, arm), name) for name in names),
        key=lambda one: (-one[0], one[1]),
    )
    best, name = scores[0]
    others = tuple(other for _, other in scores[1:])
    if best and best > scores[1][0]:
        return Guess(value=name, reason="its name says so", others=others)
    return Guess(
        value=name,
        reason="no name says which arm is the control, so the first was taken",
        others=others,
        sure=False,
    )


def _exposure_time(look: FileLook, told: Told) -> Guess | None:
    """When units joined; the column that is filled and is called so."""
    if told.time is not None and told.time in look.columns:
        return Guess(value=told.time, reason="you said so")
    scored = []
    for at, (name, column) in enumerate(look.columns.items()):
        named = tokens(name)
        if not column.is_time or column.filled < 0.98 * column.rows:
            continue
        if named & {"birth", "dob", "birthday"} or named & (HISTORY | OUTCOME):
            continue
        score = 2 * bool(named & EXPOSED) + ("at" in named) + bool(named & {"time"})
        scored.append((score, -at, name))
    return _best_time(look, scored)


def _best_time(look: FileLook, scored: list[tuple[int, int, str]]) -> Guess | None:
    if not scored:
        return None
    ranked = [name for _, _, name in sorted(scored, reverse=True)]
    return Guess(
        value=ranked[0],
        reason="every row holds a time"
        if look.columns[ranked[0]].filled == look.rows
        else "nearly every row holds a time",
        others=tuple(ranked[1:3]),
    )


def _events(source: str, look: FileLook, exposures: ExposureTable) -> EventTable | None:
    """What a second file holds of the units; None where it holds none of them."""
    if exposures.unit.value == "row":
        return None
    own = exposures.look.columns[exposures.unit.value]
    best: tuple[float, float, float, str] | None = None
    for name, column in look.columns.items():
        fraction = column.is_number and not column.whole
        if fraction or column.distinct < 2 or column.is_truth:
            continue
        if column.is_number != own.is_number and own.kind == column.kind == "text":
            continue
        holds, covered = exposures.look.shared(exposures.unit.value, look, name)
        if max(holds, covered) < LEAST_SHARED or min(holds, covered) == 0:
            continue
        score = covered + holds + 0.1 * unit_name_score(name) + (name == own.name)
        if best is None or score > best[0]:
            best = (score, covered, holds, name)
    if best is None:
        return None
    _, covered, holds, unit = best
    return EventTable(
        source=source,
        look=look,
        covered=covered,
        holds=holds,
        unit=Guess(
            value=unit,
            reason=f"{covered:.0%} of its values are units of the test",
        ),
        time=_event_time(look, unit),
        id=_row_id(look, unit),
    )


def _event_time(look: FileLook, unit: str) -> Guess | None:
    scored = []
    for at, (name, column) in enumerate(look.columns.items()):
        if name == unit or not column.is_time or column.filled < 0.98 * column.rows:
            continue
        named = tokens(name)
        late = named & {
            "updated",
            "modified",
            "delivered",
            "shipped",
            "due",
            "refunded",
        }
        scored.append(
            (2 * bool(named & OUTCOME) + ("at" in named) - 3 * bool(late), -at, name)
        )
    return _best_time(look, scored)


def _row_id(look: FileLook, unit: str) -> Guess | None:
    """The id that makes a row unique."""
    for name, column in look.columns.items():
        unique = column.filled == look.rows and column.distinct > 0.9 * column.filled
        if name != unit and unique and row_id_score(name) >= 0.5 and not column.is_time:
            copies = column.filled - column.distinct
            said = "a different value in every row"
            if copies:
                said = f"a different value in all but {copies:,} rows"
            return Guess(value=name, reason=said)
    return None
