"""The experiment: what was planned, as frozen values that are valid by construction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import EMBEDDED, Source
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Companion, CompanionReader

if TYPE_CHECKING:
    from holdback.stats.posterior.random_effects import NormalMixture

__all__ = [
    "DEFAULTS",
    "AnalysisSettings",
    "Arm",
    "Assignment",
    "Cost",
    "DecisionRule",
    "DerivedSegment",
    "Economics",
    "Experiment",
    "Holdout",
    "Layer",
    "Learned",
    "LearnedPrior",
    "LogLift",
    "Margin",
    "MoneyBasis",
    "NamedEvent",
    "PastEffect",
    "Prior",
    "Role",
    "Rollout",
    "Saving",
    "Window",
    "resolved_by",
]

DEFAULTS = 2
"""Version of the defaults; raised where a file that says less means something else."""

Crossing = Literal["exclude", "first", "stop"]
Looks = Literal["spending", "end", "always_valid"] | tuple[date, ...]
Role = Literal["primary", "secondary", "guardrail", "value", "segment"]
Per = Literal["day", "week", "month", "year", "treated unit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One arm: its planned share and how the data and the report call it.

    `dose` is how intense its treatment is, where arms are ordered by that.
    """

    name: str
    share: Fraction
    control: bool = False
    label: str = ""
    logged_as: str = ""
    dose: Fraction | None = None

    @property
    def title(self) -> str:
        """How reports call it."""
        return self.label or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Touches of channels before a conversion: credited by rules, for comparison.

    `conversion` names the metric, `channels` those that the treatment is.
    """

    source: str
    channel: str
    conversion: str
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityColumns:
    """Columns of two ids of one person: that of a visit, and that of the account."""

    from_: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """The source that says which ids are of one person."""

    source: str
    columns: IdentityColumns


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """Units that no experiment which names the holdout may touch, on these days."""

    share: Fraction
    salt: str
    from_: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The range of a layer's buckets that the experiment may use."""

    name: str
    range: tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """How units came into arms. `source` holds the exposures.

    `holdout` and `layer` name one of the experiment's `holdouts` and `layers`; `params`
    are the scheme's keys as plain values. `everybody`: the file says that who did not
    buy stands in the exposures as well. `crossovers_by_default`: the file does not say
    what happens to units seen in two arms. `counted_shares`: nobody wrote the planned
    shares; those of the arms are the data's own.
    """

    source: str
    salt: str
    scheme: str = "holdback"
    traffic: Fraction = Fraction(1)
    phase: int = 1
    overrides: Mapping[str, str] = field(default_factory=dict)
    overrides_file: str | None = None
    include_overridden: bool = False
    counted_shares: bool = False
    everybody: bool = False
    crossovers: Crossing = "first"
    crossovers_by_default: bool = False
    where: Expression | None = None
    holdout: str | None = None
    layer: Layer | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days on which units may join, inclusive, in the project's timezone."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(
                f"the window ends ({self.end}) before it starts ({self.start})"
            )

    @property
    def days(self) -> int:
        """Number of days, both ends included."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Prior on the log ratio of the arms: a named one, or a width of one's own.

    `learned` is what ``past`` means for each metric, once it has been looked up.
    """

    name: Literal["weak", "skeptical", "none", "custom", "past"] = "weak"
    lift_sd: Fraction | None = None
    learned: Mapping[str, Learned] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedSegment:
    """Groups of units by their rows before exposure, or by a logged number.

    One of three: whether a unit has a row in the time `new_or_returning`, how many
    days ago its last row was (`days_since_last`, bounds), or `tiers` of the sum of a
    `value` over the `lookback`, or of a `column` of the exposures. As a number,
    `tiers` are of equal size; where they were cut at the first look is then `cuts`,
    in millionths.
    """

    name: str
    source: str | None = None
    column: str | None = None
    new_or_returning: timedelta | None = None
    days_since_last: tuple[int, ...] = ()
    value: Expression | None = None
    lookback: timedelta | None = None
    tiers: int | tuple[Fraction, ...] = ()
    cuts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """How the numbers are read.

    `segments` are names of columns, and of those among `derived`.
    """

    level: Fraction = Fraction(95, 100)
    looks: Looks = "spending"
    lookback: timedelta | None = None
    predict: bool = False
    covariates: tuple[str, ...] = ()
    multiplicity: Literal["holm", "bh", "none"] = "holm"
    prior: Prior = Prior()
    segments: tuple[str, ...] = ()
    derived: tuple[DerivedSegment, ...] = ()
    harm: tuple[str, ...] = ()
    reached: str | None = None
    uplift: Expression | None = None

    @property
    def grouped(self) -> tuple[DerivedSegment, ...]:
        """The segments that are derived, as far as they are asked for."""
        return tuple(one for one in self.derived if one.name in self.segments)

    @property
    def logged(self) -> tuple[str, ...]:
        """The segments that are columns of the exposures."""
        names = {one.name for one in self.derived}
        return tuple(name for name in self.segments if name not in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """An amount per period or per treated unit, or once, spread over a time.

    It lies within `uncertainty` (a share of the amount) 95 times in 100. `arms` are
    the treatment arms that have it; none named means all.
    """

    name: str
    amount: Fraction
    per: Per | None = None
    spread: timedelta | None = None
    uncertainty: Fraction = Fraction(0)
    kind: Literal["technology", "people", "campaign"] | None = None
    arms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Hours of work saved per period, at a rate of money per hour."""

    name: str
    hours: Fraction
    rate: Fraction
    per: Literal["day", "week", "month", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What comes after the test: units per period over a horizon.

    `last_year` is last year's revenue of each period, which the lift is applied to.
    """

    units: int
    per: Literal["day", "week", "month", "year"]
    horizon: timedelta
    decay: timedelta | None = None
    last_year: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """What a gain is worth and what personalization costs.

    `profit` names the metric that measures a unit's profit, in place of a `margin`;
    `incremental` names ratios that are also read as what was added, `cost_per` metrics
    that count something, of which is told what one more cost.
    """

    value: str
    margin: Fraction = Fraction(1)
    costs: tuple[Cost, ...] = ()
    savings: tuple[Saving, ...] = ()
    rollout: Rollout | None = None
    incremental: tuple[str, ...] = ()
    cost_per: tuple[str, ...] = ()
    profit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The worst harm still accepted: `relative` (a lift) or in the metric's unit."""

    value: Fraction
    scale: Literal["relative", "absolute"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """The rule that turns results into an outcome."""

    rule: Literal["lift", "profit", "not_worse"]
    minimum_lift: Fraction = Fraction(0)
    margin: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEvent:
    """Something from outside, on the days from `first` to `last`, both included.

    `exclude`: the lift is also shown without the units that joined on these days.
    """

    first: date
    last: date
    what: str
    exclude: bool = False

    def meets(self, since: date, through: date) -> bool:
        """Whether one of its days lies from one day to another."""
        return self.first <= through and since <= self.last

    @property
    def written(self) -> dict[str, Any]:
        """How the file says it, as plain JSON values."""
        days = {"date": self.first.isoformat(), "until": self.last.isoformat()}
        return {**days, "what": self.what, "exclude": self.exclude}


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One experiment with everything it names resolved.

    `metrics`, `sources`, `holdouts` and `layers` (name → salt) hold only what the
    experiment uses, `companions` what is collected beside its metrics; `root` is the
    folder that relative paths start from and is no part of the plan's meaning.
    `resolved` is the file with its defaults filled, as plain JSON values and without
    secrets; `defaults` the version of the defaults that filled it.
    """

    name: str
    arms: tuple[Arm, ...]
    assignment: Assignment
    metrics: Mapping[str, Metric]
    sources: Mapping[str, Source]
    primary: str
    companions: Mapping[str, Companion] = field(default_factory=dict)
    window: Window | None = None
    secondary: tuple[str, ...] = ()
    guardrails: Mapping[str, Margin] = field(default_factory=dict)
    analysis: AnalysisSettings = AnalysisSettings()
    economics: Economics | None = None
    decision: DecisionRule = DecisionRule(rule="lift")
    attribution: Attribution | None = None
    identities: Identities | None = None
    events: tuple[NamedEvent, ...] = ()
    title: str = ""
    hypothesis: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    currency: str | None = None
    timezone: str = "UTC"
    locale: str = "en-US"
    unit_name: str = "customer"
    database: str = EMBEDDED
    holdouts: Mapping[str, Holdout] = field(default_factory=dict)
    layers: Mapping[str, str] = field(default_factory=dict)
    root: Path = Path()
    file: str = ""
    resolved: Mapping[str, Any] = field(default_factory=dict)
    defaults: int = DEFAULTS

    def to_yaml(self) -> str:
        """The YAML of a file that means this, its defaults filled and no secret in it.

        Paths start from `root`; a frame stands as the file that it may be written to.
        """
        from io import StringIO

        from ruamel.yaml import YAML

        says = next((resolve(self) for resolve in _resolvers), self.resolved)
        written = StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.allow_unicode = True
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
        yaml.dump(dict(says), written)
        return written.getvalue()

    @property
    def control(self) -> Arm:
        """The arm compared against."""
        return next(arm for arm in self.arms if arm.control)

    @property
    def treatments(self) -> tuple[Arm, ...]:
        """All other arms, in the file's order."""
        return tuple(arm for arm in self.arms if not arm.control)

    @property
    def collected(self) -> Mapping[str, Metric | Companion]:
        """Everything that is collected of each unit, by name."""
        return {**self.metrics, **self.companions}

    def companions_for(self, reader: CompanionReader) -> tuple[Companion, ...]:
        """What is collected for one part of the analysis."""
        return tuple(c for c in self.companions.values() if c.reader == reader)

    def called(self, arm: str) -> str:
        """How reports call the arm of a name."""
        return next((one.title for one in self.arms if one.name == arm), arm)

    def roles(self) -> tuple[tuple[str, Role], ...]:
        """(metric, role) in reading order: primary, secondary, guardrails."""
        named: list[tuple[str, Role]] = [(self.primary, "primary")]
        named += [(name, "secondary") for name in self.secondary]
        named += [(name, "guardrail") for name in self.guardrails]
        if self.economics and self.economics.value not in {name for name, _ in named}:
            named.append((self.economics.value, "value"))
        return tuple(named)


Resolver = Callable[[Experiment], Mapping[str, Any]]
_resolvers: list[Resolver] = []


def resolved_by(resolve: Resolver) -> None:
    """Say how an experiment becomes the plain values of its file.

    What resolves stands above this room, and edited experiments are written as they
    are, not as the file was that they came from.
    """
    _resolvers[:] = [resolve]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLift:
    """ln(1 + lift) with its standard error: what the data say, before any prior."""

    value: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBasis:
    """What an arm's money was computed from.

    `treated_total` is the value metric's sum over the arm's units, `margin` turns
    revenue into profit.
    """

    treated_total: float
    margin: float
    log_lift: LogLift


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEffect:
    """One finished experiment that a prior was learned from."""

    experiment: str
    log_lift: LogLift


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedPrior:
    """The prior on a metric's ln(1 + lift): its mean, standard deviation and sources.

    `tau` is the spread of true effects alone; `sd` also holds that the mean is known
    from so many experiments only.
    """

    metric: str
    mean: float
    sd: float
    tau: float
    experiments: tuple[PastEffect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A prior that was learned, and the record of it."""

    mixture: NormalMixture
    record: LearnedPrior
