"""Metric kinds: one file a kind. A metric is a formula on the means of measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from holdback.experiments.language.expression import Expression, IsNull, Junction, Tree
from holdback.experiments.language.measure import Cap, Measure
from holdback.registry import Kinds

__all__ = [
    "Answers",
    "Family",
    "Limit",
    "Metric",
    "ShareOfUnits",
    "Tallied",
    "TimeToEvent",
    "answered",
    "kinds",
]

Family = Literal["proportion", "mean", "score"]
SHORT = frozenset({"aov", "arpu", "cac", "clv", "csat", "ctr", "nps", "roas"})
"""Words of names that readers know as abbreviations."""
Tallied = Literal["survival", "quantile", "scored", "histories", "answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a value of a source may be: `low` to `high`, in the rows that count."""

    source: str
    value: Expression
    low: int
    high: int
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What every metric kind has. The fields are the YAML keys of the kind.

    `unit` is ``money`` (the project's currency) or any word such as ``ms``;
    `digits` is the number of decimals kept of a unit's value (filled by the loader:
    the currency's minor unit for money, otherwise 6). A `hidden` metric is collected
    for something else, such as the metric that it is `of`, and not told by itself.
    """

    name: str
    label: str = ""
    unit: str | None = None
    better: Literal["higher", "lower"] = "higher"
    within: timedelta | None = None
    where: Expression | None = None
    cap: Cap | None = None
    margin_value: Expression | None = None
    digits: int = 6
    hidden: bool = False
    of: str = ""

    def measures(self) -> tuple[Measure, ...]:
        """The measures whose means the formula takes, in its order, uncapped."""
        raise NotImplementedError

    def formula(self, mean: Sequence[Any]) -> Any:
        """The metric's value from the measures' means (k,), by analytic arithmetic."""
        raise NotImplementedError

    def limits(self) -> tuple[Limit, ...]:
        """Values that cannot be outside a scale."""
        return ()

    def companions(
        self,
        window: timedelta,  # noqa: ARG002  # kinds that have some may need it
    ) -> tuple[Metric, ...]:
        """Hidden metrics that are collected with it; the window's length is given."""
        return ()

    @property
    def timed_by(self) -> str | None:
        """The key that only works where exposures have times."""
        return None if self.within is None else "within"

    @property
    def needs_events(self) -> bool:
        """Whether rows of its own are needed, with times."""
        return False

    @property
    def is_leaving(self) -> bool:
        """Whether a row says that the unit left for good."""
        return False

    @property
    def scale(self) -> Literal["share", "value"]:
        """Whether values are written as percentages."""
        return "share" if self.family == "proportion" else "value"

    @property
    def title(self) -> str:
        """How a reader is told of the metric: its label, or its name as words."""
        if self.label:
            return self.label
        first, *rest = (
            word.upper() if word in SHORT else word for word in self.name.split("_")
        )
        return " ".join([first[:1].upper() + first[1:], *rest])

    @property
    def family(self) -> Family:
        """`proportion` when each unit's value is 0 or 1, `score` without a lift.

        A score may be 0 or below; only differences of it mean something.
        """
        return "mean"

    @property
    def tallied(self) -> Tallied | None:
        """How the metric is read where it is no function of means: from tallies."""
        return None

    @property
    def is_mean(self) -> bool:
        """Whether the metric is the mean of one amount per unit."""
        one = len(self.measures()) == 1
        return one and self.family == "mean" and self.tallied is None

    @property
    def kind(self) -> str:
        """The kind's name in the YAML."""
        return kinds.name_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfUnits(Metric):
    """What kinds have in common whose one measure is 0 or 1."""

    source: str
    value: Expression | None = None

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has a row (with `value`: one whose value is not 0)."""
        return (
            Measure(
                source=self.source,
                aggregate="any",
                value=self.value,
                where=self.where,
                end=self.within,
                digits=0,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measure's mean."""
        (rate,) = mean
        return rate

    @property
    def family(self) -> Family:
        """A share of units."""
        return "proportion"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToEvent(Metric):
    """What kinds have in common that wait for a unit's first row.

    The value is the restricted mean time: the days until the first row, counted up to
    `within`, with units that are still waiting at as-of followed as far as they go.
    """

    source: str
    unit: str | None = "days"

    def __post_init__(self) -> None:
        if self.within is None or self.within < timedelta(days=1):
            raise ValueError("`within` says how long is waited: a day or more")
        if self.within % timedelta(days=1):
            raise ValueError("`within` is a number of whole days")

    def measures(self) -> tuple[Measure, ...]:
        """The day of the first row, counted from exposure; 0 without one."""
        return (
            Measure(
                source=self.source,
                aggregate="first_day",
                where=self.where,
                end=self.within,
                digits=0,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The mean day of the first row: what is counted, not what is reported."""
        (day,) = mean
        return day

    @property
    def tallied(self) -> Tallied:
        """Read from life tables."""
        return "survival"

    @property
    def needs_events(self) -> bool:
        """What is waited for happens later."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers(Metric):
    """How often each answer occurs: what bounds under non-response are read from."""

    pair: tuple[Measure, Measure]

    @classmethod
    def beside(cls, metric: Metric) -> tuple[Metric, ...]:
        """The hidden metric of a survey: a unit's answer, and whether it did."""
        answer, did = metric.measures()
        hidden = cls(
            name=f"{metric.name}: answers",
            hidden=True,
            of=metric.name,
            within=metric.within,
            pair=(answer, did),
        )
        return (hidden,)

    def measures(self) -> tuple[Measure, ...]:
        """The mean answer, then whether there was one."""
        return self.pair

    def formula(self, mean: Sequence[Any]) -> Any:
        """The share that answered: what is counted, not what is reported."""
        return mean[1]

    @property
    def tallied(self) -> Tallied:
        """Read from how often each answer occurs."""
        return "answers"

    @property
    def kind(self) -> str:
        """No kind of the YAML."""
        return "answers"


kinds: Kinds[Metric] = Kinds("holdback.experiments.metrics")


def answered(
    metric: Metric, source: str, answer: Expression, points: Expression
) -> tuple[Measure, Measure]:
    """A unit's mean of `points` over its answers, and whether it answered at all.

    A survey's score is their ratio: the sum over units of their mean answer, by the
    units that answered; who did not answer is left out of both.
    """
    present: Tree = IsNull(operand=answer.tree, negated=True)
    text, columns = f"{answer.text} is not null", answer.columns
    if metric.where is not None:
        present = Junction(operator="and", left=metric.where.tree, right=present)
        text = f"({metric.where.text}) and {text}"
        columns |= metric.where.columns
    counted = Measure(
        source=source,
        aggregate="any",
        where=Expression(text=text, tree=present, columns=columns),
        end=metric.within,
        digits=0,
    )
    return replace(counted, aggregate="mean", value=points, digits=6), counted
