"""A/A and A/B replays on the experiment's own units: does the reading keep its word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from math import sqrt

from holdback.analysis.comparison.comparison import formula_columns
from holdback.analysis.comparison.rows_needed import rows_needed
from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.analysis.section_readers import Basis, readers
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.results.sections.simulation import MethodRecord, Simulation
from holdback.stats.design.aa_replays import Record, Replayed
from holdback.stats.evidence.sample import data_seed, in_order
from holdback.stats.methods.permutation import MOST_RESPLIT

__all__ = ["replayed", "simulate"]

MANY_ROWS = 20_000
SLOWER = 200


@readers.register("simulation")
def replayed(basis: Basis) -> Iterator[Simulation]:
    """The replays that were asked for beside the analysis.

    Raises StatsError for a metric that cannot be replayed.
    """
    if basis.replays:
        yield simulate(
            basis.experiment,
            replays=basis.replays,
            as_of=basis.as_of,
            frames=basis.frames,
        )


def simulate(  # what to replay, on which data, and how often
    experiment: Experiment,
    *,
    replays: int = 1000,
    lift: float = 0.1,
    as_of: date | datetime | None = None,
    frames: Mapping[str, object] | None = None,
) -> Simulation:
    """Split the experiment's own units again and again, and read each split.

    The units of the control arm and of the first treatment arm are put together and
    split at random into arms of the same sizes; a third as many replays multiply the
    values of the treated by 1 + `lift`. Without covariates. Above 20,000 units with a
    value, at most 200 replays. What is drawn follows from the units alone.

    Raises ConfigError for replays below 100 or a lift of 0 or at or below −100 %,
    StatsError where there are no rows to split, and what reading the data raises.
    """
    _check(replays, lift)
    metric = experiment.metrics[experiment.primary]
    if not metric.has_lift:
        raise StatsError(
            Problem(
                what=f"{metric.title} is a score, and a lift of it means nothing.",
                fix="Replay an experiment whose primary metric is a rate or an amount.",
            )
        )
    if not metric.is_function_of_means:
        raise StatsError(
            Problem(
                what=f"{metric.title} is of the kind {metric.kind}, which cannot be "
                "replayed yet.",
                fix="Replay an experiment whose primary metric is a rate or an amount.",
            )
        )
    rows = rows_needed(experiment, also=(metric.name,))
    evidence = extract(experiment, as_of=as_of, frames=frames, rows=rows)
    cells, arm = evidence.cells, experiment.treatments[0].name
    columns = formula_columns(cells.blocks[metric.name], capped=metric.cap is not None)
    sides = [
        cells.sample(metric.name, columns, {name}, within=metric.within)
        for name in (experiment.control.name, arm)
    ]
    control, treated = sides
    if control is None or treated is None:
        raise StatsError(
            Problem(
                what=f"more than {MOST_RESPLIT:,} units have a value, or none has.",
                why="Replays split the rows of the units that have one.",
                fix="Replay a shorter window, or a metric that fewer units have.",
            )
        )
    units = control + treated
    units = replace(units, rows=in_order(units.rows))
    if min(control.n, treated.n) < 2:
        raise StatsError(
            Problem(what="an arm has fewer than 2 units, so nothing can be split.")
        )
    first = min(replays, SLOWER) if len(units.rows) > MANY_ROWS else replays
    second = max(first // 3, 1)
    level = float(experiment.analysis.level)
    outcome = metric.replayed(
        units,
        sizes=(control.n, treated.n),
        level=level,
        lift=lift,
        replays=(first, second),
        seed=(data_seed(units.marks),),
    )
    return Simulation(
        experiment=experiment.name,
        plan_hash=plan_hash(experiment),
        metric=metric.name,
        label=metric.title,
        arm=arm,
        units=units.n,
        with_value=len(units.rows),
        smaller_arm=min(control.n, treated.n),
        level=level,
        lift=lift,
        replays=first,
        replays_with_lift=second,
        methods=dict(sorted(outcome.methods.items())),
        records=(
            _record("chosen", outcome.chosen, outcome),
            _record("welch", outcome.welch, outcome),
        ),
    )


def _check(replays: int, lift: float) -> None:
    problems = []
    if replays < 100:
        problems.append(
            Problem(
                where="--replays",
                what=f"{replays} replays are too few.",
                why="A rate of 5 % cannot be told from 10 % by fewer than 100.",
                fix="Ask for 1000.",
            )
        )
    if lift == 0 or lift <= -1:
        problems.append(
            Problem(
                where="--lift",
                what=f"a lift of {100 * lift:g}% cannot be put in.",
                fix="Give a change such as 10% or -5%.",
            )
        )
    if problems:
        raise ConfigError(problems)


def _record(method: str, record: Record, outcome: Replayed) -> MethodRecord:
    wrong = (record.wins + record.losses) / outcome.without
    return MethodRecord(
        method=method,
        false_wins=record.wins / outcome.without,
        false_losses=record.losses / outcome.without,
        error=sqrt(wrong * (1 - wrong) / outcome.without),
        power=record.found / outcome.with_effect,
        coverage=1 - record.missed / outcome.with_effect,
        no_interval=record.silent / (outcome.without + outcome.with_effect),
    )
