"""Drawing from an experiment's models: what is kept of it, and what may be believed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import expm1
from typing import Any

import numpy as np

from holdback.analysis.mcmc_models import (
    Advance,
    Model,
    arm_comparison,
    models_of,
)
from holdback.data.evidence.cells import Cells
from holdback.errors import EnvironmentFault, Problem, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.results.mcmc_summary import LawFit, SampledEffect, SampledModel
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Finding, Readout, Scorecard, Status
from holdback.stats.mcmc import (
    Law,
    is_installed,
    laws_compared,
)
from holdback.stats.posterior.hurdle import log_spend
from holdback.wording import say, texts

__all__ = ["Drawn", "check_installed", "drawn", "with_drawn"]

DIGITS = 4
LEAST_BUYERS = 20
SHOWN_VERSIONS = ("arviz", "pymc")


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


def drawn(
    experiment: Experiment,
    cells: Cells,
    scorecard: Scorecard,
    advance: Advance | None = None,
) -> tuple[Drawn, ...]:
    """Draw from every model that the experiment has a use for.

    Segments of the primary pooled towards each other, arms likewise, all metrics by
    week of joining, the hurdle of spend, and the laws that spend may follow. A model
    whose draws cannot be believed gives no effect; the exact results stand beside it
    all the same.
    """
    models = list(models_of(experiment, cells, scorecard))
    found = []
    for at, model in enumerate(models):
        share = _part(advance, at, len(models) + 1)
        seed = (experiment.seed, zlib.crc32(repr(_key(model.record)).encode()))
        one = _drawn(experiment, model, seed, share)
        if one.data is not None:
            name = f"posterior-{at + 1}-{model.record.model}.nc"
            one = replace(one, record=replace(one.record, file=name))
        found.append(one)
    last = _part(advance, len(models), len(models) + 1)
    return (*found, *_laws(experiment, cells, last))


def with_drawn(scorecard: Scorecard, found: Sequence[Drawn]) -> Scorecard:
    """The scorecard with what was drawn, its check, and draws at their readouts."""
    believed = [one for one in reversed(found) if one.data is not None]
    data = {id(r): one.data for one in believed for r in one.readouts}
    return replace(
        scorecard,
        sampled=tuple(one.record for one in found),
        checks=(*scorecard.checks, _finding(found)),
        versions=dict(scorecard.versions)
        | {name: version(name) for name in SHOWN_VERSIONS},
        readouts=tuple(
            replace(r, inference_data=data[id(r)]) if id(r) in data else r
            for r in scorecard.readouts
        ),
    )


def _finding(found: Sequence[Drawn]) -> Finding:
    """Whether the samplers may be believed; where one may not, exact results stand."""
    failed = [one.record for one in found if one.record.faults]
    if not found:
        message = say("checks.sampler.nothing_to_draw")
    elif failed:
        message = " ".join(
            say(
                "checks.sampler.failed",
                model=texts("sampled.models")[one.model],
                faults="; ".join(one.faults),
            )
            for one in failed
        )
        message = f"{message} {say('checks.sampler.falls_back')}"
    else:
        worst = max(one.record.r_hat or 0.0 for one in found)
        fewest = min(
            min(one.record.ess_bulk or 0.0, one.record.ess_tail or 0.0) for one in found
        )
        message = say("checks.sampler.sound", r_hat=worst, ess=fewest)
    status: Status = "warn" if failed else "pass" if found else "skip"
    return Finding(check="sampler", status=status, message=message)


def _key(record: SampledModel) -> tuple[str, str, str, str]:
    return record.model, record.metric, record.arm, record.of


def _part(advance: Advance | None, at: int, of: int) -> Advance | None:
    return None if advance is None else lambda share: advance((at + share) / of)


def _drawn(
    experiment: Experiment, model: Model, seed: Sequence[int], advance: Advance | None
) -> Drawn:
    try:
        found = model.draw(seed, advance)
    except StatsError as error:
        record = replace(model.record, faults=(str(error),))
        return Drawn(record=record, readouts=model.readouts)
    seen = found.diagnostics
    record = replace(
        model.record,
        faults=seen.faults,
        r_hat=round(seen.r_hat, DIGITS),
        ess_bulk=float(round(seen.ess_bulk)),
        ess_tail=float(round(seen.ess_tail)),
        divergences=seen.divergences,
        bfmi=round(seen.bfmi, DIGITS),
        draws=seen.draws,
    )
    if seen.faults:
        return Drawn(record=record, readouts=model.readouts)
    level = float(experiment.analysis.level)
    centres = np.median(found.draws[model.parameter], axis=(0, 1)).reshape(-1)
    effects = tuple(
        SampledEffect(
            name=name,
            relative=Quantity(
                value=round(expm1(float(centre)), DIGITS),
                lower=round(expm1(one.lower or 0.0), DIGITS),
                upper=round(expm1(one.upper or 0.0), DIGITS),
            ),
        )
        for name, centre, one in zip(
            model.names, centres, found.interval(model.parameter, level), strict=True
        )
    )
    return Drawn(
        record=replace(record, effects=effects),
        readouts=model.readouts,
        data=found.inference_data,
    )


def _laws(
    experiment: Experiment, cells: Cells, advance: Advance | None
) -> Iterator[Drawn]:
    """Which law predicts the buyers of the primary, where it is money with rows."""
    metric = experiment.metrics[experiment.primary]
    if not (metric.is_mean and metric.unit == "money"):
        return
    for at, arm in enumerate(experiment.treatments):
        rows = arm_comparison(experiment, cells, metric, arm.name).rows
        record = SampledModel(model="laws", metric=metric.name, arm=arm.name)
        if rows is None:
            continue
        try:
            control, treated = log_spend(rows[0]), log_spend(rows[1])
        except StatsError:
            continue
        if min(len(control), len(treated)) < LEAST_BUYERS:
            continue
        seed = (experiment.seed, zlib.crc32(repr(_key(record)).encode()))
        try:
            share = _part(advance, at, len(experiment.treatments))
            laws = laws_compared(control, treated, seed, share)
        except StatsError as error:
            yield Drawn(record=replace(record, faults=(str(error),)), readouts=())
            continue
        yield Drawn(record=_of_laws(record, laws), readouts=())


def _of_laws(record: SampledModel, laws: Sequence[Law]) -> SampledModel:
    """The record of laws; none of them where the draws of one have faults."""
    faults = tuple(dict.fromkeys(f for law in laws for f in law.diagnostics.faults))
    seen = [law.diagnostics for law in laws]
    return replace(
        record,
        faults=faults,
        r_hat=round(max(one.r_hat for one in seen), DIGITS),
        ess_bulk=float(round(min(one.ess_bulk for one in seen))),
        ess_tail=float(round(min(one.ess_tail for one in seen))),
        divergences=sum(one.divergences for one in seen),
        bfmi=round(min(one.bfmi for one in seen), DIGITS),
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
