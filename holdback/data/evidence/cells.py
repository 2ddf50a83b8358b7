"""Cells: the evidence of an experiment, as it comes from the data engine.

What makes the cells add up:

- `day` is the day of *first exposure*, so each unit stands in exactly one cell of a
  dimension; cells by the day of an event would not add.
- `matured` is the number of `horizons` that had passed for the unit at as-of, with
  the horizons sorted ascending. A metric counts units with enough of them, so every
  metric has its own matured units and one grouping serves all.
- a segment is an attribute known before exposure. The dimension ``all`` with level
  ``all`` holds every unit, by day; other dimensions hold no day.
- power sums are sums of integers, so they add exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, Literal, Self

from holdback.data.evidence.amounts import OddScale, Statuses
from holdback.data.evidence.unit_rows import CountedUnits, UnitRows
from holdback.experiments.language.measure import Measure
from holdback.results.scorecard import Accounting, Input
from holdback.stats.causal.attribution import TouchPath
from holdback.stats.evidence.arm_evidence import StratifiedCounts, ValueCounts
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample, StratifiedSample
from holdback.stats.evidence.stratified import LEAST_IN_STRATUM, StratifiedMoments

__all__ = [
    "ALL",
    "Cell",
    "Cells",
    "Column",
    "DaySpan",
    "Evidence",
    "Quality",
    "Reach",
]

ALL = "all"
DaySpan = tuple[date, date]
"""The first and the last day, both among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the evidence: a measure, its capped or its pre-exposure twin.

    `role`: `outcome` in the measure's own window; `capped` the same, cut at `cap`,
    and `winsorized` likewise where the file asks for no cap, to be shown beside the
    raw values; `before` the same measure over the lookback before exposure (amounts
    cut off), or whether it had any rows there; `history` the measure over a time
    before exposure as it was, for planning; `early` the first half of the measure's
    time; `attribute` a number known before
    exposure (then `measure` is None and `name` its column).
    """

    name: str
    role: str
    digits: int
    measure: Measure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One group of units and its moments over all columns of the cells."""

    arm: str
    dimension: str
    level: str
    day: date | None
    matured: int
    moments: Mapping[str, Moments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """All cells; `moments` of a cell are held per block of columns used together.

    A block is the columns of one metric (with their twins): only products within a
    block are ever needed, so only those are summed. `blocks` maps a block's name (the
    metric's) to its columns. `listed` holds the rows of units that have a value, for
    the blocks that need them, `counted` how many units have which values, by block.
    `lags` holds, by block, how long before as-of the sources of a metric end.
    `kept` is for what readers found out from these cells and need again.

    `stretches` are spans of days of exposure with constant shares of the arms, where
    these changed: units are then put together within stretches only, and the stretches
    with the weights that they have in all arms together. Segments, which hold no days,
    then have no moments, and no rows or counts are handed out.
    """

    blocks: Mapping[str, tuple[Column, ...]]
    horizons: tuple[timedelta, ...]
    rows: tuple[Cell, ...]
    caps: Mapping[str, int]
    listed: UnitRows | None = None
    counted: Mapping[str, CountedUnits] = field(default_factory=dict)
    lags: Mapping[str, timedelta] = field(default_factory=dict)
    stretches: tuple[DaySpan, ...] = ()
    kept: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def pooled(self) -> Self:
        """The same cells, put together whatever the shares were."""
        return replace(self, stretches=())

    def total(  # noqa: PLR0913  # each narrows the cells by one of their keys
        self,
        block: str,
        arms: Collection[str],
        *,
        dimension: str = ALL,
        level: str = ALL,
        within: timedelta | None = None,
        day: date | None = None,
        since: date | None = None,
        through: date | None = None,
    ) -> Moments:
        """Moments of a block over the cells that fit, matured for `within` only.

        `day` picks one day of first exposure, `since` and `through` bound the days.
        Over several stretches it is a `StratifiedMoments`: of those in which every arm
        of the cells has 20 such units; of no units where there is none.
        """
        needed = self.passed(block, within)
        fitting = [
            cell
            for cell in self.rows
            if cell.dimension == dimension
            and cell.level == level
            and cell.matured >= needed
            and (day is None or cell.day == day)
            and (since is None or (cell.day is not None and cell.day >= since))
            and (through is None or (cell.day is not None and cell.day <= through))
        ]
        if self.stretches:
            return self._within_stretches(block, arms, fitting)
        return self._sum(block, [cell for cell in fitting if cell.arm in arms])

    def _sum(self, block: str, cells: Iterable[Cell]) -> Moments:
        columns = self.blocks[block]
        zero = Moments.empty([c.name for c in columns], [c.digits for c in columns])
        return reduce(add, (cell.moments[block] for cell in cells), zero)

    def _within_stretches(
        self, block: str, arms: Collection[str], fitting: Sequence[Cell]
    ) -> Moments:
        """The stretches with units of every arm, put together by their common weights.

        Cells of a single stretch need no weights, however few they are.
        """
        parts = [cells for _, cells in self._by_stretch(block, fitting)]
        own = [self._sum(block, [c for c in p if c.arm in arms]) for p in parts]
        if len(own) < 2:
            return own[0] if own else self._sum(block, [])
        units = [sum(c.moments[block].n for c in cells) for cells in parts]
        return StratifiedMoments.of(own, [n / sum(units) for n in units])

    def _by_stretch(
        self, block: str, fitting: Sequence[Cell]
    ) -> list[tuple[DaySpan, list[Cell]]]:
        """The stretches that are compared, with their cells."""
        parts = [
            (
                span,
                [
                    c
                    for c in fitting
                    if c.day is not None and span[0] <= c.day <= span[1]
                ],
            )
            for span in self.stretches
        ]
        parts = [(span, cells) for span, cells in parts if cells]
        if len(parts) < 2:
            return parts
        everyone = {cell.arm for cell in self.rows}
        return [
            (span, cells)
            for span, cells in parts
            if all(
                sum(c.moments[block].n for c in cells if c.arm == arm)
                >= LEAST_IN_STRATUM
                for arm in everyone
            )
        ]

    def sample(  # noqa: PLR0913  # the keys of a cell, as in `total`
        self,
        block: str,
        columns: Sequence[str],
        arms: Collection[str],
        *,
        dimension: str = ALL,
        level: str = ALL,
        within: timedelta | None = None,
        through: date | None = None,
    ) -> Sample | None:
        """The rows behind `total`, where they were asked for."""
        if self.listed is None:
            return None
        total = self.total(
            block,
            arms,
            dimension=dimension,
            level=level,
            within=within,
            through=through,
        )
        spans = self._compared(block, within, through) if self.stretches else []
        if self.stretches and (dimension != ALL or not spans):
            return None
        if len(spans) > 1 and isinstance(total, StratifiedMoments):
            parts = [
                self.listed.sample(
                    block,
                    columns,
                    arms,
                    n=part.n,
                    needed=self.passed(block, within),
                    level=None,
                    since=first,
                    through=last if through is None else min(last, through),
                )
                for (first, last), part in zip(spans, total.parts, strict=True)
            ]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            return StratifiedSample.of(known, total.weights)
        (since, end) = spans[0] if spans else (None, through)
        return self.listed.sample(
            block,
            columns,
            arms,
            n=total.n,
            needed=self.passed(block, within),
            level=None if dimension == ALL else (dimension, level),
            since=since,
            through=end if through is None or end is None else min(end, through),
        )

    def _compared(
        self, block: str, within: timedelta | None, through: date | None
    ) -> list[DaySpan]:
        """The stretches that `total` puts together."""
        fitting = self._fitting(block, within, through)
        return [span for span, _ in self._by_stretch(block, fitting)]

    def counts(  # the keys of a cell, as in `total`
        self,
        block: str,
        arms: Collection[str],
        *,
        dimension: str = ALL,
        level: str = ALL,
        within: timedelta | None = None,
        through: date | None = None,
    ) -> ValueCounts:
        """How many units have which values, of a block that is read from that.

        Without `within` units count whose time is not over. Over several stretches
        they are `StratifiedCounts`, of the stretches that `total` puts together.
        """

        def between(since: date | None, through: date | None) -> ValueCounts:
            return self.counted[block].of(
                arms,
                needed=self.passed(block, within),
                level=None if dimension == ALL else (dimension, level),
                since=since,
                through=through,
            )

        if not self.stretches:
            return between(None, through)
        fitting = self._fitting(block, within, through, dimension, level)
        compared = self._by_stretch(block, fitting)
        parts = [
            between(first, last if through is None else min(last, through))
            for (first, last), _ in compared
        ]
        if len(parts) < 2:
            return parts[0] if parts else self.counted[block].of([])
        units = [sum(c.moments[block].n for c in cells) for _, cells in compared]
        return StratifiedCounts.of_parts(parts, [n / sum(units) for n in units])

    def _fitting(
        self,
        block: str,
        within: timedelta | None,
        through: date | None,
        dimension: str = ALL,
        level: str = ALL,
    ) -> list[Cell]:
        """The cells of a group whose units are matured."""
        needed = self.passed(block, within)
        return [
            cell
            for cell in self.rows
            if (cell.dimension, cell.level) == (dimension, level)
            and cell.matured >= needed
            and (through is None or (cell.day is not None and cell.day <= through))
        ]

    def passed(self, block: str, within: timedelta | None) -> int:
        """Horizons that must have passed for a metric: its time and its lag."""
        if within is None:
            return 0
        return self.horizons.index(within + self.lags.get(block, timedelta(0))) + 1

    def units(self, arm: str, *, within: timedelta | None = None) -> int:
        """Units of an arm; those alone whose time was over at as-of, if it is given."""
        block = next(iter(self.blocks))
        return replace(self, lags={}).total(block, {arm}, within=within).n

    def without(self, left_out: Collection[date]) -> Self:
        """The cells of all units but those that joined on some days.

        Segments, which hold no days, stay as they are.
        """
        return replace(
            self,
            rows=tuple(cell for cell in self.rows if cell.day not in left_out),
            listed=None if self.listed is None else self.listed.without(left_out),
            counted={
                block: units.without(left_out) for block, units in self.counted.items()
            },
        )

    def levels(self, dimension: str) -> tuple[str, ...]:
        """Levels of a dimension, sorted."""
        return tuple(sorted({c.level for c in self.rows if c.dimension == dimension}))

    def days(self) -> tuple[date, ...]:
        """Days of first exposure that hold units, ascending."""
        return tuple(sorted({c.day for c in self.rows if c.day is not None}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProfile:
    """What one scan told. Times are in µs, as wall clock or as moments (UTC).

    `days` says whether times are whole days, `unsettled` that the project's timezone
    must be asked; `offsets` which rows name theirs. `missing_times` counts rows whose
    date means none.
    `fine_values`: values of money with small amounts that are no whole coins.
    `two_readings`: rows of columns in which every number could be written with groups
    of thousands as well as with three decimals (1.234), by column.
    """

    rows: int
    kept: int
    missing_ids: int
    float_ids: int
    null_values: int
    wall: tuple[int, int] | None
    moments: tuple[int, int] | None
    days: Literal["none", "some", "written", "local", "unsettled"] = "none"
    offsets: Literal["none", "some", "all"] = "some"
    missing_times: int = 0
    placeholders: int = 0
    refunds: int = 0
    overdrawn: int = 0
    damaged_ids: int = 0
    fine_values: tuple[str, ...] = ()
    two_readings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """From when to when the rows of a source reach, in UTC.

    `until` is just after the last time that is no `stray` one: those lie far beyond the
    others. `ended` says that more rows were due by as-of, so that units are complete
    for its metrics up to `until` only; `begins_late` that rows were due from the first
    exposure on, and none came before `first`; `ahead` counts rows at or after as-of.
    `hours` counts rows by the hour of the day, where no time names its offset.
    """

    source: str
    first: datetime
    until: datetime
    stray: int = 0
    ahead: int = 0
    rows: int = 0
    ended: bool = False
    begins_late: bool = False
    hours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Rows that are returns: how many there are, and how many have no purchase."""

    rows: int
    unmatched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A value that differs from a text of a condition only by case or outer spaces."""

    column: str
    meant: str
    written: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Currencies:
    """Rows of a source by their currency, and what amounts were multiplied with.

    `guessed` says that nobody named the column; `blank` rows name no currency and are
    taken to be in the project's.
    """

    column: str
    guessed: bool
    rows: Mapping[str, int]
    blank: int
    rates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDates:
    """The form in which a source's times were read, with one of them as an example."""

    column: str
    form: str
    guessed: bool
    written: str
    meant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdSpelling:
    """Ids of a source that meet exposed units only when both are spelled alike.

    `cause` says what is lost, `ids` of `of` different ids have it, and `pair` is the
    form of an exposed id and of the same one in the source, without the id itself.
    Where the cause is `unknown`, `ids` meet nobody, and the pair is any of either side.
    """

    cause: str
    ids: int
    of: int
    pair: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitedIds:
    """What a map of ids made of them.

    `persons` have `ids` together; `conflicts` are persons with several ids of `column`,
    such as accounts on one device. `met` counts rows of exposures whose id is known.
    """

    source: str
    column: str
    persons: int
    ids: int
    conflicts: int
    met: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningTotals:
    """A value that hardly ever falls from a unit's row to its next.

    `steps` are the pairs of rows that were looked at, with `rises` and `falls`.
    """

    value: str
    steps: int
    rises: int
    falls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Units that were seen in another arm while the primary still counted for them.

    `units` are by the arm that they left; `since` is when that began, in UTC: the first
    switch of the day by which a twentieth of them had switched, so that a stray one
    moves nothing. `matter` says that an arm lost so many that the lift is another.
    """

    units: Mapping[str, int]
    since: datetime
    matter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Counts of what was odd in the data; the checks turn them into findings.

    `crossovers`: units seen in two arms, by arm of first exposure. `missing_ids`,
    `duplicates` (dropped exact duplicates), `unassigned` (rows of units that were
    never exposed), `before` (rows before exposure that are in no lookback), `late`
    (rows at or after as-of), `earlier` (all rows before exposure), `null_values`
    (rows whose value could not be computed: null or divided by zero),
    `nonexistent_times` (local times skipped by daylight
    saving): rows by source. `repeated_exposures`: exposure rows beyond each unit's
    first. `similar_ids`: pairs that differ only by case, spaces, Unicode
    normalization or a trailing ``.0``. `float_ids`: integral floats used as ids.
    `read_past`: what of a source's files is no data, such as empty rows, by source.
    `held_out`: units that the global holdout kept out, where arms are computed;
    `exposed_holdout`: units of it with a logged arm; None where it does not apply.
    `returns`: by source with a rule for them, how many found their purchase.
    `missing_times` (rows whose date means none, such as 1970-01-01), `repeated_times`
    (local times of the hour that comes twice), `stray_times` (rows far beyond all
    others), `skewed` (rows shortly before their exposure), `nearby` (in twelve times as
    long before that), `own_day` (days that are the exposure's own), `half_day` (rows in
    the 14 hours before their exposure) and `day_before` (in as long before that): rows
    by source. `quarters`: rows in each quarter of an hour of those 14 hours, of sources
    whose clocks may be another timezone's.
    `former`: units of an earlier phase by the arm they have now and the one they had
    then; None where there was no earlier phase. `placeholders`: rows whose unit is a
    word such as ``(not set)``, by source and word; `idless`: rows whose own id is one;
    `shared_ids`: row ids that stand on rows of different units, by source.
    `two_readings`: rows of columns of which every number may be read in two ways
    (1.234), by source and column. `blanks`: rows that a condition leaves out for an
    empty value alone, by source and condition; `spellings`: values that differ from a
    condition's texts only by case or outer spaces; `filtered`: rows of events that
    `where` leaves out. `currencies`: of sources of money in which something tells it.
    `dates`: of sources whose times are not written as ISO 8601. `id_spellings`: of
    sources whose ids are written otherwise than those of the exposures. `refunds`: rows
    of events that give money back and make nobody a buyer; `overdrawn`: purchases of
    which more was given back than they cost. `levels`: by other column of the
    exposures, numbers of levels and the units of each arm that such a level has (two or
    more in all). `damaged_ids`: rows whose
    unit's id a spreadsheet wrote as 5.12E+12, where they are few. `repeated_amounts`:
    rows of one unit, moment and amount beyond the first, where no id tells them apart.
    `exposure_rows`: rows of exposures by what became of them (``kept``, or a reason)
    and by arm, under ``""`` where they name none.
    `statuses`: columns of sources of money that say what is a sale, and are not read.
    `odd_scales`: amounts that may be in cents or in thousands, by source.
    `experiments`: rows of exposures by column and experiment, where there are several.
    """

    crossovers: Mapping[str, int] = field(default_factory=dict)
    repeated_exposures: int = 0
    missing_ids: Mapping[str, int] = field(default_factory=dict)
    duplicates: Mapping[str, int] = field(default_factory=dict)
    unassigned: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    earlier: Mapping[str, int] = field(default_factory=dict)
    null_values: Mapping[str, int] = field(default_factory=dict)
    nonexistent_times: Mapping[str, int] = field(default_factory=dict)
    float_ids: Mapping[str, int] = field(default_factory=dict)
    read_past: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    similar_ids: int = 0
    held_out: int | None = None
    exposed_holdout: int | None = None
    returns: Mapping[str, Returned] = field(default_factory=dict)
    missing_times: Mapping[str, int] = field(default_factory=dict)
    repeated_times: Mapping[str, int] = field(default_factory=dict)
    stray_times: Mapping[str, int] = field(default_factory=dict)
    skewed: Mapping[str, int] = field(default_factory=dict)
    nearby: Mapping[str, int] = field(default_factory=dict)
    own_day: Mapping[str, int] = field(default_factory=dict)
    half_day: Mapping[str, int] = field(default_factory=dict)
    day_before: Mapping[str, int] = field(default_factory=dict)
    quarters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    former: Mapping[str, Mapping[str, int]] | None = None
    placeholders: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    idless: Mapping[str, int] = field(default_factory=dict)
    shared_ids: Mapping[str, int] = field(default_factory=dict)
    two_readings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    blanks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    spellings: Mapping[str, tuple[Spelling, ...]] = field(default_factory=dict)
    filtered: Mapping[str, int] = field(default_factory=dict)
    currencies: Mapping[str, Currencies] = field(default_factory=dict)
    dates: Mapping[str, ReadDates] = field(default_factory=dict)
    id_spellings: Mapping[str, IdSpelling] = field(default_factory=dict)
    refunds: Mapping[str, int] = field(default_factory=dict)
    overdrawn: Mapping[str, int] = field(default_factory=dict)
    damaged_ids: Mapping[str, int] = field(default_factory=dict)
    levels: Mapping[str, Sequence[tuple[int, ...]]] = field(default_factory=dict)
    repeated_amounts: Mapping[str, int] = field(default_factory=dict)
    exposure_rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    switches: Switches | None = None
    running_totals: Mapping[str, RunningTotals] = field(default_factory=dict)
    united: UnitedIds | None = None
    statuses: Mapping[str, tuple[Statuses, ...]] = field(default_factory=dict)
    odd_scales: Mapping[str, tuple[OddScale, ...]] = field(default_factory=dict)
    experiments: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Cells, accounting and quality of one reading of the data.

    `assigned`: units per arm inside the window, crossovers included by their first
    arm, before anything else is left out: what the sample-ratio check counts.
    `as_of` is in UTC and absent when no source has a time. `reaches`: from when to
    when the rows of each source reach. `variants`: the primary's cells read another
    way, such as without the days of exposure. `paths`: by arm, how many
    units which channels touched, where attribution is asked for. `crossed_otherwise`:
    the cells with units seen in two arms left out where `cells` keep them in their
    first arm, and the other way round; None where there are none, or no time says
    which arm was first. `tiers`: where segments of equal size are cut, in millionths.
    """

    cells: Cells
    accounting: Accounting
    inputs: tuple[Input, ...]
    assigned: Mapping[str, int]
    quality: Quality
    as_of: datetime | None = None
    reaches: tuple[Reach, ...] = ()
    variants: Mapping[str, Cells] = field(default_factory=dict)
    paths: Mapping[str, tuple[TouchPath, ...]] = field(default_factory=dict)
    crossed_otherwise: Cells | None = None
    tiers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
