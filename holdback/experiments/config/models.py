"""What an author may write: the two files as pydantic models, and nothing resolved.

The models say which keys exist, what each holds and what it means; from them come
both the reading and the JSON Schema. Metric and source kinds are not listed here:
their keys are the fields of their dataclasses (see `kind_schemas`). Whether names refer
to something, shares sum to 1 and dates are in order is the business of `resolve`.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from holdback.assignment.scheme import kinds as schemes
from holdback.experiments.config.fields import (
    BY_SHAPE,
    KEYS,
    LIST,
    VALUE,
    Amount,
    Connection,
    Day,
    Duration,
    Flag,
    FormulaText,
    NonEmptyText,
    Share,
    Version,
    WholeNumber,
    Written,
    choice,
    leaf,
)
from holdback.experiments.config.kind_schemas import WrittenMetric, WrittenSource
from holdback.experiments.kinds.source import EMBEDDED
from holdback.experiments.language import quantities

__all__ = [
    "ExperimentFile",
    "ProjectFile",
    "WrittenAnalysis",
    "WrittenArm",
    "WrittenAssignment",
    "WrittenSegment",
]

LOOK_RULES = choice(("spending", "end", "always_valid"))
PRIOR_NAMES = choice(("weak", "skeptical", "none", "past"))
PERIOD_WORDS = choice(("day", "week", "month", "year"))
Period = Literal["day", "week", "month", "year"]


class WrittenArm(Written):
    """One arm of the experiment."""

    share: Share = Field(description="Planned share of units: 10%, 0.1 or 1/3.")
    control: Flag = Field(
        default=False, description="The arm that the others are held against."
    )
    label: NonEmptyText = Field("", description="How reports call the arm.")
    logged_as: NonEmptyText = Field(
        "", description="The arm's name in the data, if different."
    )
    dose: Amount | None = Field(
        None, description="How intense its treatment is, where arms are ordered: 0, 1."
    )


class WrittenLayer(Written):
    """The part of a layer that the experiment uses."""

    name: NonEmptyText = Field(description="A layer of holdback.yaml.")
    range: Annotated[
        tuple[Share, Share],
        Field(description="From and to, for instance [0%, 50%]."),
    ]


class WrittenAssignment(Written):
    """How units come into arms."""

    source: NonEmptyText | None = Field(None, description="The source of exposures.")
    scheme: Annotated[str, choice(schemes)] = Field(
        "holdback", description="The hash that draws the arm from the unit id."
    )
    salt: NonEmptyText | None = Field(
        None,
        description="Default: the experiment's name. Never change it once started.",
    )
    traffic: Share = Field(
        Fraction(1),
        description="Share of units that take part; only this is ramped up.",
    )
    phase: WholeNumber = Field(1, description="Raise it to draw all arms anew.")
    holdout: NonEmptyText | None = Field(
        None, description="A holdout of holdback.yaml."
    )
    layer: WrittenLayer | None = Field(None, description="A range of a layer.")
    overrides: dict[str, NonEmptyText] = Field({}, description="Unit id: arm.")
    overrides_file: NonEmptyText | None = Field(
        None, description="A CSV or Parquet file with the columns unit and arm."
    )
    include_overridden: Flag = Field(
        default=False,
        description="Count units placed by hand. By default they are left out: nobody "
        "drew their arm.",
    )
    counted_shares: Flag = Field(
        default=False,
        description="The shares were counted in the data, not planned. That they fit "
        "is then no news, and the report says so.",
    )
    everybody: Flag = Field(
        default=False,
        description="The exposures hold everybody who was drawn, whether or not they "
        "bought: said where nearly all of them did.",
    )
    crossovers: Annotated[
        Literal["exclude", "first", "stop"], choice(("exclude", "first", "stop"))
    ] = Field(
        "first",
        description="What happens to units seen in two arms: they count in the arm of "
        "their first exposure (exclude, where exposures have no time).",
    )
    where: FormulaText | None = Field(
        None, description="Which units may take part, by their attributes."
    )
    params: dict[str, Any] = Field(
        {}, description="The scheme's settings, as its system calls them."
    )


class WrittenWindow(Written):
    """The days on which units may join, both included."""

    start: Day = Field(description="First day, such as 2026-10-01.")
    end: Day = Field(description="Last day, included.")


class WrittenPrior(Written):
    """A prior of one's own."""

    lift_sd: Share = Field(description="Standard deviation of the lift, such as 10%.")


class WrittenLookback(Written):
    """Covariates from before exposure."""

    lookback: Duration = Field(description="How far back, such as 28 days.")
    predict: Flag = Field(
        default=False,
        description="Predict each metric from everything known before, and adjust for "
        "the prediction (needs scikit-learn).",
    )


class WrittenSegment(Written):
    """Groups of units by what was known of each before its exposure."""

    name: NonEmptyText = Field(description="How reports call the groups, as `value`.")
    source: NonEmptyText | None = Field(
        None, description="The source of a unit's earlier rows, such as orders."
    )
    column: NonEmptyText | None = Field(
        None, description="In place of a source: a number of the exposures."
    )
    new_or_returning: Duration | None = Field(
        None, description="Returning is who has a row in so long before, as 365 days."
    )
    days_since_last: tuple[WholeNumber, ...] = Field(
        (), description="Bounds of days since the last row: [30, 90, 180]."
    )
    value: FormulaText | None = Field(
        None, description="What is summed over the earlier rows, such as total."
    )
    lookback: Duration | None = Field(
        None, description="How far back the value is summed. Default: all."
    )
    tiers: (
        Annotated[
            Annotated[WholeNumber, VALUE] | Annotated[tuple[Amount, ...], LIST],
            BY_SHAPE,
        ]
        | None
    ) = Field(
        None, description="So many equal groups, 4, or the bounds between: [100, 500]."
    )


class WrittenAnalysis(Written):
    """How the numbers are read."""

    level: Share = Field(Fraction(95, 100), description="Coverage of the intervals.")
    looks: Annotated[
        Annotated[str, LOOK_RULES, VALUE] | Annotated[tuple[Day, ...], LIST],
        BY_SHAPE,
    ] = Field("spending", description="When results are read.")
    covariates: (
        Annotated[
            Annotated[WrittenLookback, KEYS]
            | Annotated[tuple[NonEmptyText, ...], LIST],
            BY_SHAPE,
        ]
        | None
    ) = Field(None, description="{lookback: 28 days}, or a list of attribute columns.")
    multiplicity: Annotated[
        Literal["holm", "bh", "none"], choice(("holm", "bh", "none"))
    ] = Field("holm", description="Correction over secondary metrics and arms.")
    prior: Annotated[
        Annotated[str, PRIOR_NAMES, VALUE] | Annotated[WrittenPrior, KEYS],
        BY_SHAPE,
    ] = Field("weak", description="weak, skeptical, none, {lift_sd: 10%}, or past.")
    segments: tuple[
        Annotated[
            Annotated[NonEmptyText, VALUE] | Annotated[WrittenSegment, KEYS], BY_SHAPE
        ],
        ...,
    ] = Field(
        (),
        description="Attributes known before exposure, or groups by earlier rows; "
        "explored, never decided by.",
    )
    harm: tuple[NonEmptyText, ...] = Field(
        (),
        description="Segments in which to ask whether anybody is harmed. Default: all.",
    )
    reached: NonEmptyText | None = Field(
        None, description="A conversion metric: whom the treatment really reached."
    )
    uplift: FormulaText | None = Field(
        None,
        description="A score of whom the treatment moves, made before the test: a "
        "column of the exposures.",
    )


class WrittenAttribution(Written):
    """Touches of channels, credited by rules: descriptive, beside the holdback."""

    source: NonEmptyText = Field(
        description="The source of touches: unit, time and channel."
    )
    channel: NonEmptyText = Field(description="Its column of the channel's name.")
    conversion: NonEmptyText | None = Field(
        None, description="The conversion metric. Default: the primary."
    )
    channels: tuple[NonEmptyText, ...] = Field(
        (), description="The channels that the treatment is, such as [email]."
    )


class WrittenCost(Written):
    """What personalization costs: `per` a period or unit, or `spread` over a time."""

    name: NonEmptyText = Field(description="How the report calls it.")
    amount: Amount | None = Field(None, description="In the project's currency.")
    hours: Amount | None = Field(
        None, description="In place of an amount: hours of work, with their `rate`."
    )
    rate: Amount | None = Field(None, description="Money per hour.")
    per: (
        Annotated[str, choice(("day", "week", "month", "year", "treated unit"))] | None
    ) = Field(None, description="day, week, month, year or treated unit.")
    spread: Duration | None = Field(
        None, description="Paid once and spread over this time, such as 12 months."
    )
    uncertainty: Share | None = Field(
        None, description="By how much it may be off, 95 times in 100: 20%."
    )
    kind: Annotated[str, choice(("technology", "people", "campaign"))] | None = Field(
        None, description="technology, people or campaign; totals are told by kind."
    )
    arms: tuple[NonEmptyText, ...] = Field(
        (), description="The treatment arms that have this cost. Default: all."
    )


class WrittenSaving(Written):
    """Hours of work that are saved."""

    name: NonEmptyText = Field(description="How the report calls it.")
    hours: Amount = Field(description="Hours saved per period.")
    per: Annotated[Period, PERIOD_WORDS] = Field(
        description="day, week, month or year."
    )
    rate: Amount = Field(description="Money per hour.")


class WrittenRollout(Written):
    """What would come after the test."""

    units: WholeNumber = Field(description="Units per period.")
    per: Annotated[Period, PERIOD_WORDS] = Field(
        description="day, week, month or year."
    )
    horizon: Duration = Field(description="How long, such as 12 months.")
    decay: Annotated[
        timedelta | None,
        leaf(
            lambda node: (
                None if node.text == "none" else quantities.duration(node.text)
            ),
            {"type": "string", "examples": ["none", "8 weeks"]},
        ),
    ] = Field(description="Half-life of the lift, such as 8 weeks; or none.")
    last_year: tuple[Amount, ...] = Field(
        (), description="Last year's revenue, one amount a period, for the seasons."
    )


class WrittenEconomics(Written):
    """What a gain is worth and what it costs."""

    value: NonEmptyText | None = Field(
        None, description="The metric that is the money. Default: the primary."
    )
    margin: Share = Field(Fraction(1), description="Revenue to gross profit, as 42%.")
    costs: tuple[WrittenCost, ...] = Field(
        (), description="What personalization costs."
    )
    savings: tuple[WrittenSaving, ...] = Field((), description="Work that is saved.")
    rollout: WrittenRollout | None = Field(None, description="What comes afterwards.")
    cost_per: tuple[NonEmptyText, ...] = Field(
        (),
        description="Metrics that count something, such as orders: what one more of "
        "them cost.",
    )
    incremental: tuple[NonEmptyText, ...] = Field(
        (),
        description="Secondary ratio metrics, such as revenue per spend, that are also "
        "read as what was added (iROAS, cost of an extra customer).",
    )


class WrittenDecision(Written):
    """The rule that turns results into an outcome."""

    rule: (
        Annotated[
            Literal["lift", "profit", "not_worse"],
            choice(("lift", "profit", "not_worse")),
        ]
        | None
    ) = Field(None, description="Default: profit where there are costs, else lift.")
    minimum_lift: Share = Field(Fraction(0), description="The least lift worth having.")
    margin: Share | None = Field(
        None, description="The worst harm that not_worse takes."
    )


class WrittenHoldout(Written):
    """Units kept out of every experiment that names the holdout."""

    share: Share = Field(description="Share of all units.")
    salt: NonEmptyText | None = Field(None, description="Default: the holdout's name.")
    from_: Day | None = Field(None, alias="from", description="First day.")
    until: Day | None = Field(None, description="Last day.")


class WrittenLayerRoom(Written):
    """A layer in which experiments exclude each other."""

    salt: NonEmptyText | None = Field(None, description="Default: the layer's name.")


class WrittenIdentityColumns(Written):
    """The two columns of a map of ids."""

    from_: NonEmptyText = Field(
        alias="from", description="Column of one id, such as anonymous_id."
    )
    to: NonEmptyText = Field(
        description="Column of the id that it belongs to, such as user_id."
    )


class WrittenIdentities(Written):
    """Ids of one person count as one unit, in exposures and events alike."""

    source: NonEmptyText = Field(description="The source with a row for each pair.")
    columns: WrittenIdentityColumns = Field(description="Its columns: {from:, to:}.")


class WrittenEvent(Written):
    """Something from outside that may have moved everybody's results."""

    date: Day = Field(description="Its first day, such as 2026-10-09.")
    until: Day | None = Field(None, description="Its last day. Default: one day.")
    what: NonEmptyText = Field(description="What happened, as the report calls it.")
    exclude: Flag = Field(
        default=False,
        description="Show the lift also without who joined on these days. It never "
        "decides.",
    )


class ProjectFile(Written):
    """holdback.yaml: what all experiments of a project share."""

    required: ClassVar[tuple[str, ...]] = ("version",)

    version: Version | None = Field(None, description="Version of this format: 1.")
    currency: NonEmptyText | None = Field(
        None, description="ISO 4217 code, such as EUR."
    )
    timezone: NonEmptyText | None = Field(None, description="IANA name. Default: UTC.")
    locale: NonEmptyText | None = Field(None, description="Default: en-US.")
    unit_name: NonEmptyText | None = Field(
        None,
        description="What reports call a unit: customer (default), household; "
        "person/people where the plural has a form of its own.",
    )
    database: Connection | None = Field(
        None,
        description=f"{EMBEDDED} (default), or a connection URL as ${{env:NAME}}.",
    )
    sources: dict[str, WrittenSource] = Field(
        {}, description="Tables of data, by name."
    )
    identities: WrittenIdentities | None = Field(
        None, description="Which ids are of one person: {source: map, columns: …}."
    )
    metrics: dict[str, WrittenMetric] = Field({}, description="Metrics, by name.")
    events: tuple[WrittenEvent, ...] = Field(
        (),
        description="What else happened: campaigns, holidays, outages. Those of both "
        "files count.",
    )
    holdouts: dict[str, WrittenHoldout] = Field({}, description="Global holdouts.")
    layers: dict[str, WrittenLayerRoom] = Field({}, description="Layers, by name.")


class ExperimentFile(ProjectFile):
    """One experiment; all keys of holdback.yaml may stand here too, and win."""

    required: ClassVar[tuple[str, ...]] = ("version", "experiment", "arms", "primary")

    experiment: NonEmptyText | None = Field(None, description="The experiment's name.")
    title: NonEmptyText = Field(
        "", description="The report's heading. Default: the arms' labels."
    )
    hypothesis: NonEmptyText = Field("", description="What is expected, in a sentence.")
    owner: NonEmptyText = Field("", description="Who answers for it.")
    tags: tuple[NonEmptyText, ...] = Field(
        (), description="Themes by which `holdback portfolio` puts tests together."
    )
    arms: dict[str, WrittenArm] | None = Field(None, description="Two or more arms.")
    assignment: WrittenAssignment | None = Field(
        None, description="How units get arms."
    )
    window: WrittenWindow | None = Field(None, description="Days on which units join.")
    primary: NonEmptyText | None = Field(None, description="The metric that decides.")
    secondary: tuple[NonEmptyText, ...] = Field((), description="Metrics that explain.")
    guardrails: dict[str, Any] = Field(
        {},
        description="Metric: the worst harm accepted, 2% or in the metric's unit.",
        json_schema_extra={"additionalProperties": {"type": ["string", "number"]}},
    )
    analysis: WrittenAnalysis | None = Field(None, description="How to read it.")
    economics: WrittenEconomics | None = Field(None, description="Worth and costs.")
    decision: WrittenDecision | None = Field(None, description="The rule.")
    attribution: WrittenAttribution | None = Field(
        None, description="Rules of attribution, beside what the holdback says."
    )
