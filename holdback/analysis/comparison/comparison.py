"""One metric, two sets of arms, one group of units: what the methods say of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal

from holdback.data.evidence.cells import ALL, Cells, Column
from holdback.errors import StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.facts import Fact, fact, joined
from holdback.results.quantity import Quantity
from holdback.stats.evidence.arm_evidence import ArmEvidence, ValueCounts
from holdback.stats.evidence.effect import Contrast, Estimate, Inference
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.resplits import TwoSamples
from holdback.stats.evidence.sample import Sample, data_seed, with_column
from holdback.stats.variance_reduction.cuped import Adjusted, adjust, predicted

__all__ = [
    "EVERYONE",
    "Comparison",
    "Group",
    "early_column",
    "formula_columns",
    "moments_of",
    "quantity",
]

LEAST_REDUCTION = 0.01
PREDICTED = "predicted"
PREDICTED_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The units that a comparison looks at: a segment's level, days up to one."""

    dimension: str = ALL
    level: str = ALL
    through: date | None = None


EVERYONE = Group()


def formula_columns(
    block: Sequence[Column], *, capped: bool, winsorized: bool = False
) -> list[str]:
    """Names of the columns that the metric's formula takes, in its order.

    Capped ones are taken where they are asked for and at hand; `winsorized` takes
    the ones that stand beside the raw values as well.
    """
    roles = {"capped", "winsorized"} if winsorized else {"capped"}
    twins = {
        replace(column.measure, cap=None): column.name
        for column in block
        if column.role in roles and column.measure is not None
    }
    return [
        twins.get(replace(column.measure, cap=None), column.name)
        if capped and column.measure is not None
        else column.name
        for column in block
        if column.role == "outcome"
    ]


def early_column(block: Sequence[Column]) -> str | None:
    """Name of the column of the measure's first half, where there is one."""
    return next((column.name for column in block if column.role == "early"), None)


def moments_of(
    cells: Cells, metric: Metric, arms: Collection[str], group: Group = EVERYONE
) -> Moments:
    """Moments of the metric's block over the matured units of `arms` in a group."""
    return cells.total(
        metric.name,
        arms,
        dimension=group.dimension,
        level=group.level,
        within=metric.within,
        through=group.through,
    )


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The metric of `arms` together against the control arm, in a group of units.

    `capped` reads the values cut off at the file's cap. `of` gives the one that was
    made before, so that readouts, checks, money and whoever else asks draw once.
    """

    experiment: Experiment
    cells: Cells
    metric: Metric
    arms: frozenset[str]
    group: Group = EVERYONE
    capped: bool = False
    _read: dict[tuple[str, float], Inference] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(  # what is compared
        cls,
        experiment: Experiment,
        cells: Cells,
        metric: Metric,
        arms: frozenset[str],
        *,
        group: Group = EVERYONE,
        capped: bool = False,
    ) -> Comparison:
        """The comparison, made once for the same experiment, cells and metric.

        It is kept with the cells, but for those of a part of the units, of which there
        are many. `capped` says nothing of a metric without a cap.
        """
        made = cls(
            experiment=experiment,
            cells=cells,
            metric=metric,
            arms=arms,
            group=group,
            capped=capped and metric.cap is not None,
        )
        if group != EVERYONE:
            return made
        # By identity: what is kept holds on to both, so no other can take their place.
        key = (cls, id(experiment), id(metric), arms, made.capped)
        kept: Comparison = cells.kept.setdefault(key, made)
        return kept

    @classmethod
    def of_primary(cls, experiment: Experiment, cells: Cells) -> Comparison:
        """The primary metric of all treatment arms together."""
        metric = experiment.metrics[experiment.primary]
        everyone = frozenset(arm.name for arm in experiment.treatments)
        return cls.of(experiment, cells, metric, everyone)

    def of_group(self, group: Group) -> Comparison:
        """The same of other units."""
        return self.of(
            self.experiment,
            self.cells,
            self.metric,
            self.arms,
            group=group,
            capped=self.capped,
        )

    @property
    def uncapped(self) -> Comparison:
        """The same of the values as they are."""
        return self.of(
            self.experiment, self.cells, self.metric, self.arms, group=self.group
        )

    @cached_property
    def columns(self) -> list[str]:
        """Columns that the metric's formula takes."""
        return formula_columns(self._block, capped=self.capped)

    @cached_property
    def covariates(self) -> list[str]:
        """Covariates that both arms have some values of, and that differ at all.

        What everybody has, such as an order before, explains nothing.
        """
        return [
            column.name
            for column in self._block
            if column.role in {"before", "attribute"} and self._tells(column.name)
        ]

    def _tells(self, column: str) -> bool:
        sides = [side.select([column]) for side in self.sides]
        return all(side.nonzero[0] for side in sides) and any(
            side.n > 1 and side.cov[0, 0] > 0 for side in sides
        )

    @cached_property
    def sides(self) -> tuple[Moments, Moments]:
        """Moments of the metric's block: control, treated."""
        control, treated = (
            moments_of(self.cells, self.metric, side, self.group) for side in self._arms
        )
        return control, treated

    @cached_property
    def evidence(self) -> tuple[ArmEvidence, ArmEvidence]:
        """What the metric is read from: control, treated."""
        rows = self.rows or (None, None)
        control, treated = (
            ArmEvidence(
                moments=moments.select(self.columns),
                rows=listed,
                counts=self._counts(arms),
            )
            for moments, listed, arms in zip(self.sides, rows, self._arms, strict=True)
        )
        return control, treated

    @cached_property
    def estimates(self) -> tuple[Estimate, Estimate] | None:
        """The unadjusted values; None where an arm has none."""
        return self.metric.estimates(*self.evidence)

    @cached_property
    def predicted(self) -> tuple[Sample, Sample] | None:
        """Rows of both arms with a predicted covariate last, where the file asks.

        None where there are too few units to learn from, or too many to list.
        """
        formula = self.metric.is_function_of_means
        asked = self.experiment.analysis.predict and formula
        if not asked or self.cells.listed is None or self.cells.stretches:
            return None
        features = self.cells.listed.features(self.metric.name)
        rows = self._rows([*self.columns, *features])
        if rows is None or not features:
            return None
        try:
            predictions = predicted(
                *rows,
                formula=self.metric.formula,
                outcomes=self.columns,
                features=features,
                seed=self.seed[0],
            )
        except StatsError:
            return None
        control, treated = (
            with_column(side.select(self.columns), PREDICTED, values)
            for side, values in zip(rows, predictions, strict=True)
        )
        return control, treated

    @property
    def rows(self) -> tuple[Sample, Sample] | None:
        """Rows of control and treated units with a value, where they are at hand."""
        of_means = self.metric.is_function_of_means
        return self._rows(self.columns) if of_means else None

    @cached_property
    def seed(self) -> tuple[int, int]:
        """Seed of what is drawn for this comparison, whatever it is called.

        A hash of both arms' units, sums and products, so it follows from the data.
        """
        arms = sorted((side.n, side.sums, side.products) for side in self.sides)
        return divmod(data_seed(arms), 2**64)

    @cached_property
    def tests(self) -> int:
        """How many p-values are read together with its own: the size of its family.

        Secondary metrics of all arms are one, the levels of all segments another.
        """
        experiment, arms = self.experiment, len(self.experiment.treatments)
        if experiment.analysis.multiplicity == "none":
            return 1
        if self.group.dimension != ALL:
            metrics = len({name for name, _ in experiment.roles()})
            return max(1, len(_levels(self.cells, experiment)) * metrics * arms)
        if self.metric.name in experiment.secondary:
            return len(experiment.secondary) * arms
        return 1

    @property
    def adjusted(self) -> Adjusted | None:
        """The adjustment that decides; None where it is no help.

        It must save at least 1 % of the variance: less is noise of the slopes. Where
        the metric says that too few units are there for it, the plain values decide.
        """
        return None if self.too_few_to_adjust else self._helping

    @property
    def too_few_to_adjust(self) -> Fact | None:
        """Why an adjustment that would help does not decide."""
        if self._helping is None:
            return None
        return self.metric.too_few_to_adjust(*self.evidence)

    @property
    def _helping(self) -> Adjusted | None:
        net = self.net
        helps = net is not None and net.variance_reduction >= LEAST_REDUCTION
        return net if helps else None

    @cached_property
    def net(self) -> Adjusted | None:
        """The metric net of what was so before exposure, where that can be computed."""
        if self.predicted is not None:
            return self._net_of_prediction(*self.predicted)
        if not (self.covariates and self.metric.is_function_of_means):
            return None
        control, treated = self.sides
        try:
            return adjust(
                control,
                treated,
                formula=self.metric.formula,
                columns=self.columns,
                covariates=self.covariates,
                slopes_of=self._slope_columns,
            )
        except StatsError:
            return None

    def plain(self, level: float) -> Inference:
        """The lift without covariates."""
        key = ("plain", level)
        if key not in self._read:
            self._read[key] = self.metric.compare(
                *self.evidence, level=level, tests=self.tests
            )
        return self._read[key]

    def inference(self, level: float) -> Inference:
        """The lift, net of covariates where the file names some and that helps."""
        if self.adjusted is None:
            plain = self.plain(level)
            return replace(plain, note=joined(plain.note, self.too_few_to_adjust))
        inference = self.netted(self.adjusted, level)
        saved = fact(
            "methods.adjusted", variance_reduction=self.adjusted.variance_reduction
        )
        return replace(inference, note=joined(inference.note, saved))

    def netted(self, net: Adjusted, level: float) -> Inference:
        """The lift net of covariates, whether or not that helps."""
        if net is self.net and ("net", level) in self._read:
            return self._read["net", level]
        rows = self.predicted or self._rows([*self.columns, *self.covariates])
        inference = self.metric.compare_adjusted(
            net, self.evidence, level=level, samples=self._together(rows)
        )
        if net is self.net:
            self._read["net", level] = inference
        return inference

    def _net_of_prediction(self, control: Sample, treated: Sample) -> Adjusted | None:
        digits = [
            column.digits for column in self._block if column.name in self.columns
        ]
        sides = [
            replace(
                Moments.of_rows(side.rows, side.columns, [*digits, PREDICTED_DIGITS]),
                n=side.n,
            )
            for side in (control, treated)
        ]
        try:
            return adjust(
                *sides,
                formula=self.metric.formula,
                columns=self.columns,
                covariates=[PREDICTED],
                slopes="pooled",
            )
        except StatsError:
            return None

    def _counts(self, arms: Collection[str]) -> ValueCounts | None:
        if self.metric.name not in self.cells.counted:
            return None
        return self.cells.counts(
            self.metric.name,
            arms,
            dimension=self.group.dimension,
            level=self.group.level,
            within=None if self.metric.counts_unmatured else self.metric.within,
            through=self.group.through,
        )

    @property
    def _block(self) -> tuple[Column, ...]:
        return self.cells.blocks[self.metric.name]

    @property
    def _arms(self) -> tuple[Collection[str], Collection[str]]:
        return {self.experiment.control.name}, self.arms

    @property
    def _slope_columns(self) -> list[str] | None:
        """The formula's columns with amounts cut off, where such twins are at hand."""
        columns = formula_columns(self._block, capped=True, winsorized=True)
        return (
            None if columns == formula_columns(self._block, capped=False) else columns
        )

    def _rows(self, columns: Sequence[str]) -> tuple[Sample, Sample] | None:
        control, treated = (
            self.cells.sample(
                self.metric.name,
                columns,
                side,
                dimension=self.group.dimension,
                level=self.group.level,
                within=self.metric.within,
                through=self.group.through,
            )
            for side in self._arms
        )
        if control is None or treated is None:
            return None
        return control, treated

    def _together(self, rows: tuple[Sample, Sample] | None) -> TwoSamples | None:
        if rows is None:
            return None
        return TwoSamples(
            control=rows[0],
            treatment=rows[1],
            formula=self.metric.formula,
            tests=self.tests,
        )


def _levels(cells: Cells, experiment: Experiment) -> list[tuple[str, str]]:
    """Every level of the segments that the file names."""
    if "levels" not in cells.kept:
        cells.kept["levels"] = {
            (cell.dimension, cell.level) for cell in cells.rows if cell.day is None
        }
    return [
        (dimension, level)
        for dimension, level in cells.kept["levels"]
        if dimension in experiment.analysis.segments
    ]


def quantity(contrast: Contrast | None) -> Quantity | None:
    """A contrast as the scorecard holds it.

    An unbounded side is absent and named; without both sides there is no interval.
    """
    if contrast is None:
        return None
    lower, upper = contrast.interval.lower, contrast.interval.upper
    return Quantity(
        value=contrast.value,
        se=contrast.se,
        lower=lower,
        upper=upper,
        unbounded=_open_side(lower, upper),
    )


def _open_side(
    lower: float | None, upper: float | None
) -> Literal["lower", "upper"] | None:
    if (lower is None) == (upper is None):
        return None
    return "lower" if lower is None else "upper"
