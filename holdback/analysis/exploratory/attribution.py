"""Rules of attribution beside what the holdback says of the same conversions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from holdback.analysis.comparison.comparison import Comparison, quantity
from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Attribution, Experiment
from holdback.results.quantity import Quantity
from holdback.results.sections.attribution import Attributed, ChannelCredit, RuleCredit
from holdback.stats.causal.attribution import RULES, TouchPath, credits_of

__all__ = ["attributed"]

OTHER = "other channels"


@readers.register("attributed")
def attributed(basis: Basis) -> Iterator[Attributed]:
    """Credits in all treatment arms together; none where no attribution is asked for.

    A channel that touched fewer than 10 units is counted with `other channels`. The
    factor of a rule is what the treatment added by what the rule credits its channels
    with; the credited conversions are taken as they are.
    """
    experiment, cells = basis.experiment, basis.cells
    paths = basis.evidence.paths
    level = basis.stage.level
    asked = experiment.attribution
    arms = frozenset(arm.name for arm in experiment.treatments)
    if asked is None or not any(paths.get(arm) for arm in arms):
        return
    treated = _coarse([path for arm in sorted(arms) for path in paths[arm]])
    by_rule = credits_of(treated)
    names = sorted(by_rule["first"])
    ours = [name for name in names if name in (asked.channels or names)]
    added = _added(experiment, cells, asked, arms, level)
    yield Attributed(
        metric=asked.conversion,
        conversions=sum(path.converted for path in treated),
        untouched=sum(path.converted for path in treated if not path.channels),
        channels=tuple(
            ChannelCredit(
                channel=name,
                treatment=name in ours,
                **{rule: by_rule[rule][name] for rule in RULES},
            )
            for name in names
        ),
        rules=tuple(
            RuleCredit(
                rule=rule,
                credited=sum(by_rule[rule][name] for name in ours),
                factor=_factor(added, sum(by_rule[rule][name] for name in ours)),
            )
            for rule in RULES
        ),
        incremental=added,
    )


def _coarse(paths: Sequence[TouchPath]) -> list[TouchPath]:
    """Paths with channels that touched few units under one name."""
    touched: Counter[str] = Counter()
    for path in paths:
        for channel in set(path.channels):
            touched[channel] += path.units
    return [
        replace(
            path,
            channels=tuple(
                channel if touched[channel] >= SMALLEST else OTHER
                for channel in path.channels
            ),
        )
        for path in paths
    ]


def _added(
    experiment: Experiment,
    cells: Cells,
    asked: Attribution,
    arms: frozenset[str],
    level: float,
) -> Quantity | None:
    """Conversions that the treatment added among its own units."""
    comparison = Comparison.of(
        experiment,
        cells,
        experiment.metrics[asked.conversion],
        arms,
    ).inference(level)
    difference = quantity(comparison.absolute)
    if (
        difference is None
        or comparison.treatment is None
        or not difference.has_interval
    ):
        return None
    return _scaled(difference, float(comparison.treatment.n))


def _factor(added: Quantity | None, credited: float) -> Quantity | None:
    if added is None or credited <= 0:
        return None
    return _scaled(added, 1 / credited)


def _scaled(one: Quantity, by: float) -> Quantity:
    return Quantity(
        value=one.value * by,
        lower=None if one.lower is None else one.lower * by,
        upper=None if one.upper is None else one.upper * by,
        unbounded=one.unbounded,
    )
