"""The scorecard: everything an analysis found, as plain frozen values.

It is what `scorecard.json` holds (schema ``holdback/scorecard/2``), what the report
is drawn from without the data, and what a notebook shows. Rates and lifts are
fractions; money is in the project's currency. A value that does not apply is None
here and absent in the JSON; there is no NaN and no infinity anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from holdback.experiments.definition.experiment import (
    LearnedPrior,
    LogLift,
    Role,
)
from holdback.facts import Fact
from holdback.results.money import Money
from holdback.results.notebook_display import Shown
from holdback.results.quantity import Quantity
from holdback.results.section import Records, sections
from holdback.results.validity import Validity, failures, validity_of

__all__ = [
    "AUDIT_LOG",
    "RESULTS",
    "SCHEMA",
    "UNTOLD",
    "Accounting",
    "ArmRecord",
    "Bayes",
    "Decision",
    "DecisionArm",
    "Drawing",
    "Estimates",
    "Excluded",
    "Finding",
    "Input",
    "Interaction",
    "LookTaken",
    "MetricRecord",
    "PointEstimate",
    "Readout",
    "Scorecard",
    "Segment",
    "Status",
    "readout_of",
]

SCHEMA = "holdback/scorecard/2"
AUDIT_LOG = "audit_log"
"""What `amended` names beside fields of the plan where the audit log lost entries."""

RESULTS = ("readouts", "interactions", "money")
"""Fields of the scorecard that show results; each section says of itself."""
TOLD = frozenset(
    {"implausible_return", "influence", "novelty", "response_rate", "twyman"}
)
"""Checks that speak of the result, also in scorecards that do not say so."""
UNTOLD = Fact("validity.withheld")
"""What such a check says of an invalid result."""

R = TypeVar("R")

Status = Literal["pass", "warn", "fail", "skip"]
Outcome = Literal["ship", "hold_back", "keep_testing", "stop", "invalid"]
Verdict = Literal[
    "better", "worse", "equivalent", "unclear", "safe", "at_risk", "breached"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEstimate:
    """A metric's value in one arm, over so many units (`nonzero` of them not 0)."""

    value: float
    units: int
    nonzero: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """The two arms compared."""

    control: PointEstimate
    treatment: PointEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bayes:
    """Posterior of the lift under one prior. Losses are in units of lift.

    `p_equivalent`: P(−`equivalence` < lift < `equivalence`). Where a metric has no
    lift (a score, an amount that may be 0 or below) all is of its difference, in the
    metric's unit, and `scale` says so.
    """

    prior: str
    mean: float
    sd: float
    lower: float
    upper: float
    p_positive: float
    p_above_minimum: float
    expected_loss_if_shipped: float
    expected_loss_if_held: float
    method: str
    equivalence: float | None = None
    p_equivalent: float | None = None
    scale: Literal["absolute"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Dimension and level that a readout is limited to."""

    dimension: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How many splits a method drew; `error_of_ends` is a share of the range's width.

    That is the standard error which drawing, and not the data, leaves in each end.
    """

    number: int
    error_of_ends: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One of several looks at a running test, and what it takes to decide at it.

    `information`: the share of what was planned that had been seen. `boundary`: the
    |z| to exceed; `decision_alpha`: the same as a p-value. `alpha_spent`: the part of
    alpha that is spent with this look. `rule` ``always_valid`` counts no looks.
    """

    information: float
    boundary: float
    decision_alpha: float
    rule: Literal["spending", "always_valid"]
    number: int | None = None
    alpha_spent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookTaken:
    """A look as the audit log has it, kept here so that a shortened log is seen.

    `key` is the same for the same plan, moment and data.
    """

    key: str
    information: float
    could_decide: bool
    as_of: str | None = None

    @property
    def day(self) -> str | None:
        """The last day that it saw, as ISO text; None where no time bounded it."""
        if self.as_of is None:
            return None
        seen = datetime.fromisoformat(self.as_of) - timedelta(microseconds=1)
        return seen.date().isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The lift without covariates, beside one that is adjusted for them.

    `estimates` are the arms' values as they were seen.
    """

    method: str
    absolute: Quantity | None = None
    relative: Quantity | None = None
    p_value: float | None = None
    estimates: Estimates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Shares of units that the treatment reached, and the difference on those.

    `metric` says who was; `effect` is per unit reached, absent where the shares
    differ too little to divide by.
    """

    metric: str
    control: float
    treatment: float
    effect: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout(Shown):
    """One metric × arm × segment. `note` says in one sentence why this method.

    `unadjusted` and `variance_reduction` stand where covariates were used, and
    `estimates` are then net of them; `pooled`
    is a segment's lift pulled towards the other levels' of its dimension.
    `after_looks` is the primary's lift, median-unbiased, where a test that was read
    before may end with this look. `inference_data` holds draws for ArviZ where a
    sampler ran in this process; they are never stored here. `draws` stands where the
    method drew; where no draw reached the data, `p_value_below` is the bound that
    `p_value` and what is made of it are then no more than. `interval_level` is that of
    its ranges: stricter than the file's `level` at one of several looks, and where
    several arms hold together (Dunnett). `withheld` where the
    result it belongs to is invalid: then no output shows its figures.
    """

    metric: str
    kind: str
    role: Role
    arm: str
    control: str
    level: float
    method: str
    note: Fact
    verdict: Verdict
    segment: Segment | None = None
    estimates: Estimates | None = None
    absolute: Quantity | None = None
    relative: Quantity | None = None
    p_value: float | None = None
    p_value_below: float | None = None
    p_value_adjusted: float | None = None
    draws: Drawing | None = None
    decision_alpha: float | None = None
    interval_level: float | None = None
    look: Look | None = None
    margin: float | None = None
    margin_scale: Literal["relative", "absolute"] | None = None
    skew_coefficient: float | None = None
    unadjusted: Plain | None = None
    variance_reduction: float | None = None
    pooled: Quantity | None = None
    after_looks: Quantity | None = None
    reached: Reached | None = None
    bayes: Bayes | None = None
    bayes_alternatives: tuple[Bayes, ...] = ()
    log_lift: LogLift | None = None
    inference_data: Any = field(
        default=None, compare=False, repr=False, metadata={"stored": False}
    )
    withheld: bool = field(
        default=False, compare=False, repr=False, metadata={"stored": False}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """Whether the levels of a dimension differ in their lift at all."""

    metric: str
    arm: str
    dimension: str
    p_value: float
    p_value_adjusted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found: a fact, whose parts stand flat in the JSON.

    `shows_results` where it speaks of the result, as a check of the lift over time
    does: of an invalid result it is withheld, unless it is one that failed.
    """

    check: str
    status: Status
    p_value: float | None = None
    fact: Fact = field(metadata={"flat": True})
    shows_results: bool = field(
        default=False, compare=False, repr=False, metadata={"stored": False}
    )

    @property
    def message(self) -> str:
        """The fact in words."""
        return str(self.fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Units or rows left out, and why."""

    reason: str
    count: int
    arm: str | None = None
    what: Literal["units", "rows"] = "units"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounting:
    """Where every row and unit went."""

    rows_read: int
    units_used: int
    excluded: tuple[Excluded, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One source as it was read. A frame or a database has no file hash."""

    source: str
    rows: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRecord:
    """One arm as planned and as seen."""

    arm: str
    control: bool
    label: str
    planned_share: float
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRecord:
    """How a metric is called and read; a `share` is written as a percentage."""

    metric: str
    label: str
    kind: str
    role: str
    better: Literal["higher", "lower"]
    unit: str | None = None
    scale: Literal["share", "value"] = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionArm:
    """The outcome for one treatment arm."""

    arm: str
    outcome: Outcome
    reasons: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome under the planned rule, with the reasons.

    `arm` is the one to keep on; absent where none is, and where several are whose
    comparison does not tell which is the better.
    """

    rule: Literal["lift", "profit", "not_worse"]
    outcome: Outcome
    reasons: tuple[Fact, ...]
    arms: tuple[DecisionArm, ...]
    arm: str | None = None

    @property
    def ahead(self) -> str | None:
        """The arm to keep on, or the one that is ahead of those to choose from."""
        compared = self.arms_told
        return self.arm if compared is None else str(compared.numbers["ahead"])

    @property
    def arms_told(self) -> Fact | None:
        """The reason that compares the arms to choose from, where there are several."""
        return next((one for one in self.reasons if one.code == "decision.arms"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard(Shown):
    """The whole result. `final` is False while the window or maturity is open.

    The core of a result has fields; what else was read stands in `sections`, by name:
    `section(Trend)` and `single(Cohorts)` give its records. `look` stands where alpha
    is spent over several looks. `preview` says why nothing may be decided yet.
    `amended` names what differs from the locked plan. `looks_taken` are the looks up to
    this one, as the audit log has them.

    Where `validity` is ``invalid``, all that shows results stands under `withheld`, by
    the name of its field or section, and nowhere else: those are empty.
    """

    experiment: str
    status: Literal["confirmatory", "amended", "exploratory"]
    plan_hash: str
    seed: int
    final: bool
    level: float
    locale: str
    timezone: str
    hypothesis: str
    owner: str
    currency: str | None
    inputs: tuple[Input, ...]
    versions: Mapping[str, str]
    arms: tuple[ArmRecord, ...]
    metrics: tuple[MetricRecord, ...]
    accounting: Accounting
    checks: tuple[Finding, ...]
    readouts: tuple[Readout, ...]
    configuration: Mapping[str, Any]
    as_of: str | None = None
    window_start: str | None = None
    window_end: str | None = None
    look: Look | None = None
    preview: Fact | None = None
    amended: tuple[str, ...] = ()
    looks_taken: tuple[LookTaken, ...] = ()
    minimum_lift: float = 0.0
    interactions: tuple[Interaction, ...] = ()
    money: tuple[Money, ...] = ()
    decision: Decision | None = None
    command: str = ""
    title: str = ""
    unit_name: str = "customer"
    tags: tuple[str, ...] = ()
    learned: tuple[LearnedPrior, ...] = ()
    sections: Records = field(default_factory=dict, metadata={"stored": False})
    withheld: Mapping[str, Any] | None = field(
        default=None, repr=False, metadata={"stored": False}
    )
    schema: str = field(default=SCHEMA)

    def __post_init__(self) -> None:
        """Leave no result where an output would look for one, if it is invalid."""
        if self.validity.is_invalid:
            _withhold(self)

    @property
    def validity(self) -> Validity:
        """Whether the result may be used; every output asks."""
        return validity_of(self.checks, self.preview)

    @property
    def decision_level(self) -> float:
        """How sure a decision must be at this look."""
        return self.level if self.look is None else 1 - self.look.decision_alpha

    def section(self, record: type[R]) -> tuple[R, ...]:
        """The records of a section, by their class; none where it does not apply."""
        return tuple(
            one
            for records in self.sections.values()
            for one in records
            if isinstance(one, record)
        )

    def single(self, record: type[R]) -> R | None:
        """The one record of a section, by its class; None where it does not apply."""
        return next(iter(self.section(record)), None)

    def readout(self, metric: str, arm: str | None = None) -> Readout:
        """The unsegmented readout of a metric (of `arm`, if there are several).

        Raises KeyError where none fits, or several do, and where they are withheld.
        """
        if self.validity.is_invalid:
            raise KeyError(
                f"The result is invalid ({', '.join(self.validity.reasons)}), so its "
                "readouts are withheld: they stand under `withheld`."
            )
        return readout_of(self.readouts, metric, arm)

    def label(self, metric: str) -> str:
        """How the report calls a metric."""
        return next((m.label for m in self.metrics if m.metric == metric), metric)


def readout_of(
    readouts: Sequence[Readout], metric: str, arm: str | None = None
) -> Readout:
    """The one unsegmented readout of a metric (of `arm`, if there are several).

    Raises KeyError where none fits, or several do.
    """
    fitting = [
        r
        for r in readouts
        if r.metric == metric and r.segment is None and arm in (None, r.arm)
    ]
    if len(fitting) == 1:
        return fitting[0]
    known = sorted({r.metric for r in readouts})
    arms = sorted({r.arm for r in readouts})
    raise KeyError(
        f"{len(fitting)} readouts fit metric {metric!r}, arm {arm!r}. "
        f"Metrics: {', '.join(known)}. Arms: {', '.join(arms)}."
    )


def _withhold(card: Scorecard) -> None:
    """Put what shows results under `withheld`, while the scorecard is being made.

    No output then has to remember what may be shown. Of the checks, those that speak
    of the result are told no more: that a lift is believable is no news either.
    """
    withheld = dict(card.withheld or {})
    withheld |= {name: part for name in RESULTS if (part := getattr(card, name))}
    withheld |= {name: r for name, r in card.sections.items() if _shows_results(name)}
    kept = {name: r for name, r in card.sections.items() if not _shows_results(name)}
    emptied: dict[str, Any] = dict.fromkeys(RESULTS, ()) | {"sections": kept}
    if card.decision is not None and card.decision.outcome != "invalid":
        withheld["decision"], emptied["decision"] = card.decision, None
    telling = tuple(check for check in card.checks if _tells(check))
    if telling:
        withheld["checks"] = (*withheld.get("checks", ()), *telling)
        emptied["checks"] = tuple(
            replace(check, status="skip", fact=UNTOLD, p_value=None)
            if _tells(check)
            else check
            for check in card.checks
        )
    if "readouts" in withheld:
        withheld["readouts"] = tuple(
            replace(readout, withheld=True) for readout in withheld["readouts"]
        )
    for name, part in (emptied | {"withheld": withheld}).items():
        object.__setattr__(card, name, part)


def _shows_results(section: str) -> bool:
    """Whether a section does; also one that nobody knows."""
    return section not in sections or sections[section].shows_results


def _tells(check: Finding) -> bool:
    """Whether a check that did not fail speaks of the result."""
    telling = check.shows_results or check.check in TOLD
    return telling and not failures([check]) and check.fact != UNTOLD
