"""Drawing from an experiment's models: what is kept of it, and what may be believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import expm1
from typing import Any

import numpy as np

from holdback.analysis.analyze import Reading, Sampling
from holdback.analysis.comparison.by_joining import compared, sides_in, weeks
from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.comparison.posteriors import lift_prior
from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.analysis.comparison.spend_models import one_spread_hurdle
from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.analysis.section_readers import Basis
from holdback.analysis.segments import log_ratio_of, segment_groups
from holdback.data.evidence.cells import Cells
from holdback.errors import EnvironmentFault, Problem, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.facts import fact
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Finding, Readout, readout_of
from holdback.results.sections.mcmc import LawFit, SampledEffect, SampledModel
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc import (
    Law,
    Sampled,
    hurdle_drawn,
    is_installed,
    laws_compared,
    pooled_arms,
    pooled_groups,
    pooled_weeks,
)
from holdback.stats.mcmc.sampling import Advance
from holdback.stats.posterior.hurdle import BUYERS_FOR_SPREAD, Hurdle, log_spend
from holdback.stats.posterior.posterior import LiftPrior

__all__ = [
    "Advance",
    "Drawn",
    "Model",
    "arm_comparison",
    "check_installed",
    "models_of",
    "sampled",
]

MCMC_DECIMALS = 4
PACKAGES = ("arviz", "pymc")


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What became of a model; `data` is for ArviZ, None where it failed."""

    record: SampledModel
    readouts: tuple[Readout, ...]
    data: Any = None


def check_installed() -> None:
    """Raise EnvironmentFault where the extra is missing."""
    if not is_installed():
        raise EnvironmentFault(
            Problem(
                what="PyMC and ArviZ are not installed.",
                why="Posteriors to save are drawn with them.",
                fix="Install them: pip install 'holdback[bayes]'; or leave out "
                "--save-posterior: the exact results need neither.",
            )
        )


def sampled(basis: Basis, reading: Reading, advance: Advance | None = None) -> Sampling:
    """Draws from every model that the experiment has a use for, and what they say."""
    models = tuple(_draw_all(basis, reading.readouts, advance))
    return Sampling(
        reading=replace(reading, readouts=_with_draws(reading.readouts, models)),
        checks=(_finding(models),),
        sections={"sampled": tuple(m.record for m in models)} if models else {},
        posteriors={m.record.file: m.data for m in models if m.data is not None},
        packages=PACKAGES,
    )


def _draw_all(
    basis: Basis, readouts: Sequence[Readout], advance: Advance | None
) -> Iterator[Drawn]:
    """Every model of the experiment, drawn from, and the laws that spend may follow.

    Segments of the primary pooled towards each other, arms likewise, all metrics by
    week of joining, and the hurdle of spend. A model whose draws cannot be believed
    gives no effect; the exact results stand beside it all the same.
    """
    experiment, cells = basis.experiment, basis.cells
    models = list(models_of(experiment, cells, readouts))
    seed = Comparison.of_primary(experiment, cells).seed
    for at, model in enumerate(models):
        share = _part(advance, at, len(models) + 1)
        drawn = _drawn(experiment, model, (*seed, at), share)
        if drawn.data is not None:
            name = f"posterior-{at + 1}-{model.record.model}.nc"
            drawn = replace(drawn, record=replace(drawn.record, file=name))
        yield drawn
    last = _part(advance, len(models), len(models) + 1)
    yield from _laws(experiment, cells, last)


def _with_draws(
    readouts: Sequence[Readout], models: Sequence[Drawn]
) -> tuple[Readout, ...]:
    """The readouts, each with the draws that belong to it and can be believed."""
    believed = [model for model in reversed(models) if model.data is not None]
    data = {id(r): model.data for model in believed for r in model.readouts}
    return tuple(
        replace(r, inference_data=data[id(r)]) if id(r) in data else r for r in readouts
    )


def _finding(models_drawn: Sequence[Drawn]) -> Finding:
    """Whether the samplers may be believed; where one may not, exact results stand."""
    failed = [one.record for one in models_drawn if one.record.faults]
    if not models_drawn:
        nothing = fact("sampler.nothing_to_draw")
        return Finding(check="sampler", status="skip", fact=nothing)
    if failed:
        models = tuple(
            fact("sampler.model", model=one.model, faults=one.faults) for one in failed
        )
        unsound = fact("sampler.failed", models=models)
        return Finding(check="sampler", status="warn", fact=unsound)
    worst = max(one.record.r_hat or 0.0 for one in models_drawn)
    fewest = min(
        min(one.record.ess_bulk or 0.0, one.record.ess_tail or 0.0)
        for one in models_drawn
    )
    sound = fact("sampler.sound", r_hat=worst, ess=fewest)
    return Finding(check="sampler", status="pass", fact=sound)


def _part(advance: Advance | None, at: int, of: int) -> Advance | None:
    return None if advance is None else lambda share: advance((at + share) / of)


def _drawn(
    experiment: Experiment, model: Model, seed: Sequence[int], advance: Advance | None
) -> Drawn:
    try:
        sampled_model = model.draw(seed, advance)
    except StatsError as error:
        record = replace(
            model.record, faults=(fact("sampler.stopped", why=str(error)),)
        )
        return Drawn(record=record, readouts=model.readouts)
    seen = sampled_model.diagnostics
    record = replace(
        model.record,
        faults=seen.faults,
        r_hat=round(seen.r_hat, MCMC_DECIMALS),
        ess_bulk=float(round(seen.ess_bulk)),
        ess_tail=float(round(seen.ess_tail)),
        divergences=seen.divergences,
        bfmi=round(seen.bfmi, MCMC_DECIMALS),
        draws=seen.draws,
    )
    if seen.faults:
        return Drawn(record=record, readouts=model.readouts)
    level = float(experiment.analysis.level)
    centres = np.median(sampled_model.draws[model.parameter], axis=(0, 1)).reshape(-1)
    effects = tuple(
        SampledEffect(
            name=name,
            relative=Quantity(
                value=round(expm1(float(centre)), MCMC_DECIMALS),
                lower=round(expm1(one.lower or 0.0), MCMC_DECIMALS),
                upper=round(expm1(one.upper or 0.0), MCMC_DECIMALS),
            ),
        )
        for name, centre, one in zip(
            model.names,
            centres,
            sampled_model.interval(model.parameter, level),
            strict=True,
        )
    )
    return Drawn(
        record=replace(record, effects=effects),
        readouts=model.readouts,
        data=replace(
            sampled_model, attributes=_attributes(experiment, model.record)
        ).inference_data,
    )


def _attributes(experiment: Experiment, record: SampledModel) -> dict[str, str]:
    """What a saved posterior is of, so that the file stands alone."""
    from holdback import __version__

    return {
        "created_by": f"holdback {__version__}",
        "experiment": experiment.name,
        "plan_hash": plan_hash(experiment),
        "model": record.model,
        "metric": record.metric,
        "arm": record.arm,
        "control": experiment.control.name,
        "scale": "log_ratio is ln(treatment / control); exp(log_ratio) - 1 is the lift",
    }


def _laws(
    experiment: Experiment, cells: Cells, advance: Advance | None
) -> Iterator[Drawn]:
    """Which law predicts the buyers of the primary, where it is money with rows."""
    metric = experiment.metrics[experiment.primary]
    if not (metric.is_mean and metric.unit == "money"):
        return
    for at, arm in enumerate(experiment.treatments):
        comparison = arm_comparison(experiment, cells, metric, arm.name)
        rows = comparison.rows
        record = SampledModel(model="laws", metric=metric.name, arm=arm.name)
        if rows is None:
            continue
        try:
            control, treated = log_spend(rows[0]), log_spend(rows[1])
        except StatsError:
            continue
        if min(len(control), len(treated)) < BUYERS_FOR_SPREAD:
            continue
        try:
            share = _part(advance, at, len(experiment.treatments))
            laws = laws_compared(control, treated, comparison.seed, share)
        except StatsError as error:
            yield Drawn(
                record=replace(
                    record, faults=(fact("sampler.stopped", why=str(error)),)
                ),
                readouts=(),
            )
            continue
        yield Drawn(record=_of_laws(record, laws), readouts=())


def _of_laws(record: SampledModel, laws: Sequence[Law]) -> SampledModel:
    """The record of laws; none of them where the draws of one have faults."""
    faults = tuple(dict.fromkeys(f for law in laws for f in law.diagnostics.faults))
    seen = [law.diagnostics for law in laws]
    return replace(
        record,
        faults=faults,
        r_hat=round(max(one.r_hat for one in seen), MCMC_DECIMALS),
        ess_bulk=float(round(min(one.ess_bulk for one in seen))),
        ess_tail=float(round(min(one.ess_tail for one in seen))),
        divergences=sum(one.divergences for one in seen),
        bfmi=round(min(one.bfmi for one in seen), MCMC_DECIMALS),
        draws=min(one.draws for one in seen),
        laws=()
        if faults
        else tuple(
            LawFit(
                name=law.name,
                elpd=round(law.elpd, 1),
                behind=round(law.behind, 1),
                behind_se=round(law.behind_se, 1),
                worst_k=round(law.worst_k, 2),
            )
            for law in laws
        ),
    )


DrawModel = Callable[[Sequence[int], Advance | None], Sampled]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model to draw from, before it is: `names` of its effects, in their order.

    `readouts` are those that its draws belong to.
    """

    record: SampledModel
    draw: DrawModel
    names: tuple[str, ...]
    parameter: str = "log_ratio"
    readouts: tuple[Readout, ...] = ()


def models_of(
    experiment: Experiment, cells: Cells, readouts: Sequence[Readout]
) -> Iterator[Model]:
    """Spend, arms, segments of the primary, and all metrics by week of joining."""
    yield from _spend(experiment, cells, readouts)
    yield from _arms(experiment, cells, readouts)
    yield from _segments(experiment, readouts)
    yield from _weeks(experiment, cells)


def arm_comparison(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str
) -> Comparison:
    """A metric of one arm beside control, as its readout has it."""
    return Comparison.of(
        experiment,
        cells,
        metric,
        frozenset({arm}),
        capped=metric.cap is not None,
    )


def _spend(
    experiment: Experiment, cells: Cells, readouts: Sequence[Readout]
) -> Iterator[Model]:
    """Revenue per unit, where the hurdle with one spread passed its check."""
    metric = experiment.metrics[experiment.primary]
    for arm in experiment.treatments:
        model = one_spread_hurdle(arm_comparison(experiment, cells, metric, arm.name))
        if model is not None:
            yield Model(
                record=SampledModel(model="spend", metric=metric.name, arm=arm.name),
                draw=_hurdle(model, lift_prior(experiment.analysis.prior, metric)),
                names=(arm.title,),
                readouts=(readout_of(readouts, metric.name, arm.name),),
            )


def _hurdle(model: Hurdle, prior: LiftPrior) -> DrawModel:
    return lambda seed, advance: hurdle_drawn(
        model.control, model.treatment, seed, prior=prior, advance=advance
    )


def _arms(
    experiment: Experiment, cells: Cells, readouts: Sequence[Readout]
) -> Iterator[Model]:
    """The primary of all treatment arms together, where there are several."""
    metric = experiment.metrics[experiment.primary]
    listed = [readout_of(readouts, metric.name, a.name) for a in experiment.treatments]
    ratios = [
        LogRatio(value=r.log_lift.value, se=r.log_lift.se)
        for r in listed
        if r.log_lift is not None and r.log_lift.se > 0
    ]
    first = arm_comparison(experiment, cells, metric, experiment.treatments[0].name)
    estimates = first.estimates
    if len(listed) < 2 or len(ratios) < len(listed) or estimates is None:
        return
    control = (estimates[0].se / estimates[0].value) ** 2
    names = tuple(arm.title for arm in experiment.treatments)
    yield Model(
        record=SampledModel(model="arms", metric=metric.name, arm="*"),
        draw=lambda seed, advance: pooled_arms(
            ratios, control, names, seed, advance=advance
        ),
        names=names,
        readouts=tuple(listed),
    )


def _segments(experiment: Experiment, readouts: Sequence[Readout]) -> Iterator[Model]:
    """The primary by the levels of each dimension."""
    for (metric, arm, dimension), members in segment_groups(readouts):
        if metric != experiment.primary:
            continue
        names = tuple(m.segment.level for m in members if m.segment is not None)
        ratios = [one for m in members if (one := log_ratio_of(m)) is not None]
        yield Model(
            record=SampledModel(model="segments", metric=metric, arm=arm, of=dimension),
            draw=_groups(ratios, names),
            names=names,
            readouts=tuple(members),
        )


def _groups(ratios: Sequence[LogRatio], names: Sequence[str]) -> DrawModel:
    return lambda seed, advance: pooled_groups(ratios, names, seed, advance=advance)


def _weeks(experiment: Experiment, cells: Cells) -> Iterator[Model]:
    """All metrics that have an effect in every week of joining, with two weeks."""
    for arm in experiment.treatments:
        by_metric = _by_week(experiment, cells, arm.name)
        shared = _in_all(by_metric.values())
        if len(shared) < 2:
            continue
        metrics = tuple(by_metric)
        effects = [[by_metric[name][week] for week in shared] for name in metrics]
        yield Model(
            record=SampledModel(model="weeks", metric="*", arm=arm.name),
            draw=_by_weeks(effects, metrics, shared),
            names=tuple(f"{name}, {week}" for name in metrics for week in shared),
        )


def _in_all(by_week: Collection[Mapping[str, LogRatio]]) -> list[str]:
    """The weeks in which every metric has an effect."""
    return sorted(set.intersection(*map(set, by_week))) if by_week else []


def _by_weeks(
    effects: Sequence[Sequence[LogRatio]], metrics: Sequence[str], shared: Sequence[str]
) -> DrawModel:
    return lambda seed, advance: pooled_weeks(
        effects, metrics, shared, seed, advance=advance
    )


def _by_week(
    experiment: Experiment, cells: Cells, arm: str
) -> Mapping[str, Mapping[str, LogRatio]]:
    """Metric → first day of the week → log ratio, where there are enough units."""
    level = float(experiment.analysis.level)
    by_metric: dict[str, dict[str, LogRatio]] = {}
    if not cells.days():
        return by_metric
    for name in dict.fromkeys(name for name, role in experiment.roles()):
        metric = experiment.metrics[name]
        if not metric.is_function_of_means:
            continue
        known = {}
        for span in weeks(cells.days()):
            control, treated = sides_in(experiment, cells, name, arm, span)
            if min(control.n, treated.n) < SMALLEST:
                continue
            ratio = compared(metric, cells, control, treated, level).log_ratio
            if ratio is not None and ratio.se > 0:
                known[span[0].isoformat()] = ratio
        if len(known) > 1:
            by_metric[name] = known
    return by_metric
