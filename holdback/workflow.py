"""The whole path as plain functions: load → plan, assign, analyze → report.

This is the composition of the four packages and nothing else; the command line and
`import holdback` both stand on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.calendar import moment_of
from holdback.experiments.definition.experiment import Experiment
from holdback.results.notebook_display import show

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from holdback.analysis.preregistration.record_lock import Locked
    from holdback.analysis.totals import TotalsCompared
    from holdback.audit.result import Audit
    from holdback.planning.plan import Plan
    from holdback.portfolio.result import Portfolio
    from holdback.results.money import Money
    from holdback.results.scorecard import Decision, Readout, Scorecard
    from holdback.results.sections.simulation import Simulation
    from holdback.results.unit_table import UnitTable

__all__ = [
    "Analysis",
    "analyze",
    "assign",
    "audit",
    "compare",
    "conversion_from_counts",
    "experiment",
    "load",
    "lock",
    "plan",
    "portfolio",
    "render",
    "render_more",
    "simulate",
    "sql_script",
    "units",
]

ExperimentLike = Experiment | str | os.PathLike[str]
LONGEST_SHOWN = 60


def load(path: str | os.PathLike[str]) -> Experiment:
    """The experiment that a YAML file describes.

    Takes
        path (str or path): the experiment's file; `holdback.yaml` above it is read too.
    Gives
        Experiment: with its defaults filled and everything that it names found.

    Raises ConfigError with every problem of the file (and of the project file).

    For instance::

        planned = hb.load("experiments/recs-holdback.yaml")
        print(planned.primary, [arm.name for arm in planned.arms])
    """
    from holdback.experiments.load import load as load_file

    return load_file(path)


def experiment(frame: object, **said: object) -> Experiment:
    """The experiment of a frame, from the arguments that `analyze` takes with one.

    Takes
        frame (pandas, polars, Arrow or DuckDB): one row a unit.
        said: `unit`, `arm`, `control`, `metrics` and the other keys, see `analyze`.
    Gives
        Experiment: what a file would say; `to_yaml()` writes it down.

    Raises ConfigError for arguments that say nothing sound, DataError for what is no
    frame.

    For instance::

        import pandas as pd

        frame = pd.DataFrame({"id": range(400), "arm": ["old", "new"] * 200})
        frame["spend"] = 1.5
        spend = hb.mean("spend", money="EUR")
        planned = hb.experiment(
            frame, unit="id", arm="arm", control="old", metrics={"spend": spend}
        )
        print(planned.to_yaml())
    """
    from holdback.drafting.frame import experiment_of

    return experiment_of(frame, said)[0]


def assign(experiment: ExperimentLike, ids: Any) -> Any:
    """Arm of each unit id, in the container that the ids came in.

    Takes
        experiment (path or Experiment): whose split it is.
        ids (one id, list, tuple, numpy array, pandas or polars Series, Arrow array):
            text or whole numbers.
    Gives
        Names of arms, in the kind of container that `ids` is. An id without an arm
        (outside the traffic, held out, or not usable) gets None.

    Raises AssignmentError where `where` asks for attributes: ids have none.

    For instance::

        print(hb.assign("experiments/recs-holdback.yaml", ["C0000001", "C0000002"]))
    """
    from holdback.experiments.definition.split import assign as assign_ids

    return assign_ids(_given(experiment), ids)


def audit(
    experiment: ExperimentLike,
    *,
    as_of: date | datetime | str | None = None,
    data: Mapping[str, object] | None = None,
    **frames: object,
) -> Audit:
    """Each unit's arm, recomputed from its id, against the arm that was logged.

    Finds the day on which agreement changes and the variation of the plan (salt, ids,
    shares, scheme) that explains the log.

    Takes
        experiment (path or Experiment): the plan; its exposures name the logged arm.
        as_of (date, datetime or ISO text): rows before its end count; default: all.
        data (name → frame): frames in place of sources, by the sources' names.
        frames: the same, as arguments of the sources' names.
    Gives
        Audit: units compared, how many differ, since when and why; it prints itself.

    Raises ConfigError where no arm is logged, and what reading the data raises.

    For instance::

        print(hb.audit("experiments/recs-holdback.yaml"))
    """
    from holdback.audit.audit import audit as audit_arms

    planned = _given(experiment)
    return audit_arms(
        planned, as_of=moment_of(as_of), frames=_frames(planned, data, frames)
    )


def plan(
    experiment: ExperimentLike,
    *,
    baselines: Mapping[str, float | Sequence[float | None]] | None = None,
    units: int | None = None,
    what_if: Mapping[str, float | Fraction] | None = None,
    runs: int | None = None,
    data: Mapping[str, object] | None = None,
    **frames: object,
) -> Plan:
    """What the experiment will be able to show, before it starts.

    Takes
        experiment (path or Experiment): what is to be tested.
        baselines (metric → (mean, standard deviation)): per unit, in the metric's unit,
            where there is no history to measure them in; a rate alone for a conversion,
            and for a score those of an answer and the share of units that answer.
        units (int): expected in all arms together, in place of those of the history.
        what_if (name → number): supposes another ``share`` held back (a fraction), more
            ``weeks`` in which units join, or a true ``lift`` (0.05 is 5%).
        runs (int): tests simulated for each lift of the power curve; 0: none.
        data (name → frame): frames in place of sources, by the sources' names.
        frames: the same, as arguments of the sources' names.
    Gives
        Plan: units, weeks, the smallest lift that can be told and the power for others;
        shares and lifts are fractions.

    Raises ConfigError for `data` that is in place of no source, and what reading the
    data raises.

    For instance::

        planned = hb.plan("experiments/recs-holdback.yaml", runs=0)
        print(planned.units, planned.power)
    """
    from holdback.planning.plan import WhatIf
    from holdback.planning.plan import plan as make_plan
    from holdback.portfolio.past_prior import with_past
    from holdback.reports.text.plan_sentences import complete

    planned = with_past(_loaded(experiment))
    made = make_plan(
        planned,
        baselines={
            name: (known,) if isinstance(known, int | float) else known
            for name, known in (baselines or {}).items()
        },
        units=units,
        frames=_frames(planned, data, frames),
        what_if=WhatIf.of(what_if) if what_if else None,
        runs=runs,
    )
    return complete(made)


def analyze(  # noqa: PLR0913  # each option says one thing
    experiment: ExperimentLike | Any,
    *,
    as_of: date | datetime | str | None = None,
    replays: int = 0,
    save_posterior: bool = False,
    advance: Callable[[float], None] | None = None,
    stage: Callable[[str], None] = lambda _: None,
    cells: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
    **frames: object,
) -> Analysis:
    """Read the data, estimate every lift, count the money and decide.

    Takes
        experiment (path, Experiment or frame): a YAML file, what `load` returned, or a
            table in memory (pandas, polars, Arrow, DuckDB) with one row a unit.
        as_of (date, datetime or ISO text): a day (to its end) or a moment from which on
            rows do not count; default: the last time found in the data.
        replays (int): how often the experiment's own units are split anew at random, to
            tell how often its reading would have been wrong (see `simulate`); 0: never.
        save_posterior (bool): also draw from the hierarchical models with PyMC
            (segments, arms, weeks, spend): `posteriors` holds them for ArviZ, and
            `write` saves them as netCDF; an invalid result has none.
        advance (function of a float): is told the share of the draws that are done.
        stage (function of a text): is told what begins: ``comparing``, ``exploring``.
        cells (list of paths): what the script of `sql_script` gave in a warehouse, in
            place of all sources; it says as of when it was taken.
        data (name → frame): frames in place of sources, by the sources' names.
        frames: the same, as arguments of the sources' names; beside a frame what a file
            would say: `unit`, `arm`, `control`, `metrics`, `covariates`, `segments`,
            `time`, `window`, `shares`, `primary`, `name` and other keys of the YAML.
    Gives
        Analysis: `scorecard` holds every number (lifts, rates and chances as fractions,
        0.05 is 5%; amounts in the project's currency), `write` the report's files.

    The look is recorded in `audit.jsonl` beside the experiment's file, once: alpha is
    spent at the looks that were really taken. Raises ConfigError, DataError, StatsError
    or EnvironmentFault.

    For instance::

        analysis = hb.analyze("experiments/recs-holdback.yaml")
        print(analysis.scorecard.readout("conversion").relative)
        analysis.write("results")

        import pandas as pd

        seen = pd.DataFrame({"id": range(4000), "arm": ["old", "new"] * 2000})
        seen["bought"] = seen["id"] % 7 == 0
        bought = {"bought": hb.conversion("bought")}
        print(hb.analyze(seen, unit="id", arm="arm", control="old", metrics=bought))
    """
    from holdback import __version__
    from holdback.analysis import section_readers
    from holdback.analysis.analyze import Sampling, read, scorecard_of, told_as_of
    from holdback.analysis.comparison.rows_needed import rows_needed
    from holdback.analysis.preregistration.history import as_locked, history_of, record
    from holdback.analysis.preregistration.tier_cuts import with_cuts
    from holdback.analysis.value_metric import money_comparisons
    from holdback.data.extraction.extract import extract
    from holdback.economics.decision import decide
    from holdback.economics.money import implausible_returns, money
    from holdback.economics.money import readers as money_readers
    from holdback.experiments.definition.calendar import days_analyzed
    from holdback.portfolio.past_prior import with_past
    from holdback.reports.text.telling import in_words
    from holdback.results.validity import failures

    if save_posterior:
        from holdback.analysis import mcmc

        mcmc.check_installed()
    if _is_frame(experiment):
        from holdback.drafting.frame import experiment_of
        from holdback.experiments.python_form import FRAME

        experiment, frame = experiment_of(experiment, frames)
        frames = {FRAME: frame}
    planned = with_cuts(as_locked(with_past(_loaded(experiment))))
    if cells:
        with _carried(planned, cells, moment_of(as_of)) as (taken, carried):
            return analyze(
                experiment,
                as_of=taken,
                replays=replays,
                save_posterior=save_posterior,
                advance=advance,
                stage=stage,
                data=carried,
            )
    frames = _frames(planned, data, frames)
    rows = rows_needed(planned)
    evidence = extract(planned, as_of=moment_of(as_of), frames=frames, rows=rows)
    stage("comparing")
    moment = told_as_of(planned, evidence)
    basis = section_readers.basis_of(
        planned,
        evidence,
        history_of(planned, moment, evidence.inputs),
        as_of=moment_of(as_of),
        frames=frames,
        replays=replays,
    )
    reading = read(basis)
    sampling = Sampling(reading=reading)
    usable = not (failures(reading.checks) or basis.cells.stretches)
    if save_posterior and usable:
        sampling = mcmc.sampled(basis, reading, advance)
    stage("exploring")
    earned = money(
        planned,
        money_comparisons(planned, basis.cells, basis.stage),
        days_analyzed(planned, evidence.as_of),
    )
    sections = section_readers.read_sections(
        basis, section_readers.readers, money_readers
    )
    scorecard = scorecard_of(
        basis,
        sampling.reading,
        money=earned,
        checks=(*implausible_returns(earned), *sampling.checks),
        sections={**sections, **sampling.sections},
        packages=sampling.packages,
    )
    decision = decide(planned, scorecard)
    record(
        planned,
        evidence,
        scorecard.looks_taken[-1],
        engine=__version__,
        loss=basis.history.loss,
    )
    return Analysis(
        scorecard=in_words(replace(scorecard, decision=decision)),
        posteriors=sampling.posteriors,
        _units=partial(units, planned, as_of=as_of, data=frames),
    )


def units(
    experiment: ExperimentLike,
    *,
    as_of: date | datetime | str | None = None,
    ids: bool = False,
    data: Mapping[str, object] | None = None,
    **frames: object,
) -> UnitTable:
    """Every unit with its arm, moment of exposure, segments, metrics and covariates.

    For analyses of one's own: the sums are those that the report reads. Nothing is
    recorded, as no lift is read.

    Takes
        experiment (path or Experiment): whose units are told.
        as_of (date, datetime or ISO text): as for `analyze`.
        ids (bool): units keep their ids; otherwise each has a keyed hash.
        data (name → frame): frames in place of sources, by the sources' names.
        frames: the same, as arguments of the sources' names.
    Gives
        UnitTable: one row a unit; `to_pandas`, `to_polars`, `to_arrow`, `write`.

    Raises ConfigError, DataError, StatsError or EnvironmentFault.

    For instance::

        print(hb.units("experiments/recs-holdback.yaml").to_pandas())
    """
    from holdback.data.extraction.extract import units as read_units

    planned = _loaded(experiment)
    return read_units(
        planned, as_of=moment_of(as_of), frames=_frames(planned, data, frames), ids=ids
    )


def sql_script(
    experiment: ExperimentLike,
    *,
    dialect: str,
    as_of: date | datetime | str,
    columns: str | None = None,
    cells: Sequence[str] = (),
    rows: bool = False,
) -> str:
    """One SELECT that asks a warehouse for all that `analyze` wants to know.

    `columns` is a CSV of the warehouse's information_schema.columns, `cells` are the
    answers to an earlier script, whose questions are left out. With `rows` the values
    of units are asked for where an interval needs them, without their ids.

    Raises ConfigError for what cannot be asked in that SQL, and for columns that are
    not given; DataError for those of no table; EnvironmentFault for files.
    """
    from holdback import __version__
    from holdback.analysis.comparison.rows_needed import rows_needed
    from holdback.analysis.preregistration.history import as_locked
    from holdback.analysis.preregistration.plan_hash import plan_hash
    from holdback.analysis.preregistration.tier_cuts import with_cuts
    from holdback.data.engine.answer_table import ScriptHeader
    from holdback.data.extraction.unit_rows import no_rows
    from holdback.data.extraction.warehouse_script import answers_in, printed_script
    from holdback.economics.month_ends import month_ends
    from holdback.experiments.definition.calendar import end_of
    from holdback.portfolio.past_prior import with_past

    planned = with_cuts(as_locked(with_past(_loaded(experiment))))
    moment = moment_of(as_of, where="--as-of")
    assert moment is not None  # noqa: S101  # a date was given
    repeated = planned.analysis.looks == "always_valid"
    ends = month_ends(planned, end_of(planned, moment)) if repeated else ()
    text, _ = printed_script(
        planned,
        header=ScriptHeader(
            experiment=planned.name,
            plan=plan_hash(planned),
            as_of=moment.isoformat(),
            dialect=dialect,
            columns={},
            questions=(),
            rows=rows,
            version=__version__,
        ),
        columns=columns,
        moments=[moment, *ends],
        rows=rows_needed(planned) if rows else no_rows,
        answers=answers_in(cells) if cells else None,
    )
    return text


@contextmanager
def _carried(
    experiment: Experiment, cells: Sequence[str], as_of: date | datetime | None
) -> Iterator[tuple[date | datetime, dict[str, object]]]:
    """As-of, and the answers of a warehouse in place of every source.

    Raises DataError for answers of another plan or moment.
    """
    from holdback.analysis.preregistration.plan_hash import plan_hash
    from holdback.data.extraction.carried_answers import CarriedAnswers
    from holdback.data.extraction.warehouse_script import answers_in

    answers = answers_in(cells)
    header = answers.header
    taken = moment_of(header.as_of)
    assert taken is not None  # noqa: S101  # the header has it
    then = {"experiment": header.experiment, "plan": header.plan, "as-of": header.as_of}
    now = {
        "experiment": experiment.name,
        "plan": plan_hash(experiment),
        "as-of": (as_of or taken).isoformat(),
    }
    if then != now:
        differing = [name for name in now if now[name] != then[name]]
        told = "; ".join(f"{n}: {then[n]} then, {now[n]} now" for n in differing)
        raise DataError(
            Problem(
                where=cells[0],
                what=f"these are the answers to another script ({told}).",
                why="Figures of another plan or moment would be passed off as these.",
                fix=f"Print it again: holdback sql {experiment.file or 'FILE'} "
                f"--dialect {header.dialect} --as-of {now['as-of']} --columns …",
            )
        )
    with closing(CarriedAnswers(header.columns, answers)) as carried:
        yield taken, dict.fromkeys(experiment.sources, carried)


def simulate(
    experiment: ExperimentLike,
    *,
    replays: int = 1000,
    lift: float = 0.1,
    as_of: date | datetime | str | None = None,
    data: Mapping[str, object] | None = None,
    **frames: object,
) -> Simulation:
    """Replay the experiment on its own units, split at random again and again.

    Takes
        experiment (path or Experiment): whose units and metrics are replayed.
        replays (int): random splits in which nothing is true, at least 100; in a third
            as many, the treated units' values are multiplied by 1 + `lift`.
        lift (float): the true lift of these, as a fraction.
        as_of (date, datetime or ISO text): as for `analyze`.
        data (name → frame): frames in place of sources, by the sources' names.
        frames: the same, as arguments of the sources' names.
    Gives
        Simulation: how often its reading found what is not there, held the truth in its
        range, and found what is there; shares as fractions, with their own ranges.

    Raises ConfigError for replays below 100 or an impossible lift, StatsError where
    nothing can be split, and what `analyze` raises.

    For instance::

        print(hb.simulate("experiments/recs-holdback.yaml", replays=100))
    """
    from holdback.analysis.exploratory.replays import simulate as simulate_units

    planned = _loaded(experiment)
    return simulate_units(
        planned,
        replays=replays,
        lift=lift,
        as_of=moment_of(as_of),
        frames=_frames(planned, data, frames),
    )


def compare(
    control: Sequence[float], treatment: Sequence[float], *, level: float = 0.95
) -> TotalsCompared:
    """Two means from (units, mean, standard deviation) of each arm: totals only.

    The skew of the units' values is not known then: with few units or a heavy tail,
    such as revenue has, analyze the rows.

    Takes
        control (three numbers): units, mean and standard deviation per unit.
        treatment (three numbers): likewise.
        level (float): of the ranges, such as 0.95.
    Gives
        TotalsCompared: the lift (a fraction) and the difference (in the metric's unit),
        each with its range, and the p-value; it prints itself.

    Raises ConfigError for impossible totals.

    For instance::

        print(hb.compare((5000, 10.0, 30.0), (5000, 11.0, 31.0)))
    """
    from holdback.analysis.totals import compare as of_totals

    return of_totals(control, treatment, level=level)


def conversion_from_counts(
    control: Sequence[int], treatment: Sequence[int], *, level: float = 0.95
) -> TotalsCompared:
    """Two rates from (units that converted, units) of each arm: totals only.

    Takes
        control (two whole numbers): units that converted, and all units.
        treatment (two whole numbers): likewise.
        level (float): of the ranges, such as 0.95.
    Gives
        TotalsCompared: the lift and the difference of the rates, as fractions, each
            with
        its range, and the p-value; it prints itself.

    Raises ConfigError for counts that cannot be.

    For instance::

        print(hb.conversion_from_counts((100, 5000), (130, 5000)))
    """
    from holdback.analysis.totals import conversion_from_counts as of_counts

    return of_counts(control, treatment, level=level)


def lock(
    experiment: ExperimentLike,
    *,
    planned_units: int | None = None,
    again: str | None = None,
) -> Locked:
    """Record the plan in `audit.jsonl` beside the file, before results are seen.

    Takes
        experiment (path or Experiment): the plan, which has a file.
        planned_units (int): units, all arms together and with their full time, that the
            plan counts on: looks then measure their information by them.
        again (str): the reason why a split that moves units may be locked, such as that
            none was exposed.
    Gives
        Locked: what was recorded.

    Raises ConfigError for an experiment without a file, a changed log or a split that
    would move units, EnvironmentFault when the log cannot be written.

    For instance::

        hb.lock("experiments/recs-holdback.yaml", planned_units=2000)
    """
    from holdback.analysis.preregistration.record_lock import lock as lock_plan

    return lock_plan(_loaded(experiment), planned_units=planned_units, again=again)


def portfolio(
    folders: Sequence[str | os.PathLike[str]] | str | os.PathLike[str] = ".",
) -> Portfolio:
    """All finished experiments of project folders, or of folders with results.

    Takes
        folders (one path or several): where results, or projects with results, are.
    Gives
        Portfolio: each test's lift as reported and as believed beside the others, and
            the
        sum of what they earned, in the currency of all.

    Raises ConfigError for a folder without results or two currencies, StatsError where
    no experiment is finished.

    For instance::

        print(hb.portfolio("."))
    """
    from holdback.portfolio.portfolio import portfolio as of_folders
    from holdback.reports.text.telling import told_plainly

    if isinstance(folders, str | os.PathLike):
        folders = [folders]
    return told_plainly(of_folders([Path(folder) for folder in folders]))


def render(scorecard: Scorecard) -> dict[str, str]:
    """The files of a result: name → text."""
    from holdback.reports.exports.csv_table import readouts_csv
    from holdback.reports.pages.experiment_page import render as page
    from holdback.results.json_codec import to_json

    return {
        "scorecard.json": to_json(scorecard),
        "report.html": page(scorecard),
        "readouts.csv": readouts_csv(scorecard),
    }


def render_more(
    scorecard: Scorecard,
    *,
    pdf: bool = False,
    email: bool = False,
    markdown: bool = False,
) -> dict[str, str | bytes]:
    """The files of a result that are made on demand: name → content.

    Raises EnvironmentFault where `pdf` or `email` need an extra that is missing.
    """
    files: dict[str, str | bytes] = {}
    if pdf:
        from holdback.reports.pages.pdf import pdf as on_paper

        files["report.pdf"] = on_paper(scorecard)
    if email:
        from holdback.reports.exports.email import html, message

        files["email.html"] = html(scorecard)
        files["email.eml"] = message(scorecard)
    if markdown:
        from holdback.reports.exports.markdown_summary import markdown as for_chat

        files["summary.md"] = for_chat(scorecard)
    return files


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A finished analysis: shows itself, converts itself, writes itself.

    For instance::

        analysis = hb.analyze("experiments/recs-holdback.yaml")
        print(analysis.decision.outcome)
        print(analysis.to_pandas()[["metric", "arm", "relative"]])
    """

    scorecard: Scorecard
    posteriors: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Draws by the name of their file, as ArviZ holds them."""
    _units: Callable[..., UnitTable] | None = field(
        default=None, repr=False, compare=False
    )

    @property
    def money(self) -> tuple[Money, ...]:
        """Money of each treatment arm, and of all of them as arm ``*``."""
        return self.scorecard.money

    @property
    def decision(self) -> Decision:
        """The outcome under the planned rule.

        Raises ValueError where none was planned.
        """
        decision = self.scorecard.decision
        if decision is None:
            raise ValueError("This scorecard holds no decision.")
        return decision

    def to_dict(self) -> dict[str, Any]:
        """The scorecard as `scorecard.json` holds it."""
        import json

        from holdback.results.json_codec import to_json

        result: dict[str, Any] = json.loads(to_json(self.scorecard))
        return result

    def to_pandas(self) -> pd.DataFrame:
        """The readouts as a pandas frame, one row a readout."""
        import pandas as pd

        from holdback.reports.exports.csv_table import readout_rows

        return pd.DataFrame(readout_rows(self.scorecard))

    def to_polars(self) -> pl.DataFrame:
        """The readouts as a polars frame, one row a readout."""
        import polars as pl

        from holdback.reports.exports.csv_table import readout_rows

        return pl.DataFrame(readout_rows(self.scorecard), infer_schema_length=None)

    def to_arrow(self) -> pa.Table:
        """The readouts as an Arrow table, one row a readout."""
        import pyarrow as pa

        from holdback.reports.exports.csv_table import readout_rows

        return pa.Table.from_pylist(readout_rows(self.scorecard))

    def units(self, *, ids: bool = False) -> UnitTable:
        """The units one by one, read again: see `units`.

        Raises ValueError where the analysis was not made here, and what `units` raises.
        """
        if self._units is None:
            raise ValueError("This analysis holds no data; call hb.units(file).")
        return self._units(ids=ids)

    def write(self, folder: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Write `scorecard.json`, `report.html` and `readouts.csv`, all or nothing.

        Posteriors that were asked for are written beside them as netCDF.

        Raises EnvironmentFault when the folder cannot be written; old files then
        stay as they were.
        """
        from holdback.atomic_files import write_files

        files: dict[str, str | bytes] = {**render(self.scorecard)}
        if self.posteriors:
            from holdback.stats.mcmc import netcdf

            files |= {name: netcdf(data) for name, data in self.posteriors.items()}
        return write_files(Path(folder), files, manifest=True)

    def plot(self, axes: Any = None) -> Any:
        """A forest plot of all metrics on matplotlib axes, which are returned."""
        from holdback.reports.figures.matplotlib_plots import forest

        return forest(self.scorecard, axes)

    def __str__(self) -> str:
        from holdback.reports.exports.terminal import summary

        return summary(self.scorecard)

    def _repr_html_(self) -> str:
        from holdback.reports.exports.notebook import fragment

        return fragment(self.scorecard)


def _scorecard_page(scorecard: Scorecard) -> str:
    from holdback.reports.exports.notebook import fragment

    return fragment(scorecard)


def _readout_page(readout: Readout) -> str:
    from holdback.reports.exports.notebook import readout_fragment

    return readout_fragment(readout)


def _plan_page(plan: Plan) -> str:
    from holdback.reports.exports.notebook import plan_fragment

    return plan_fragment(plan)


def _plan_text(plan: Plan) -> str:
    from holdback.reports.text.plan_sentences import text

    return text(plan)


def _scorecard_picture(scorecard: Scorecard, axes: Any) -> Any:
    from holdback.reports.figures.matplotlib_plots import forest

    return forest(scorecard, axes)


def _readout_picture(readout: Readout, axes: Any) -> Any:
    from holdback.reports.figures.matplotlib_plots import one

    return one(readout, axes)


def _plan_picture(plan: Plan, axes: Any) -> Any:
    from holdback.reports.figures.matplotlib_plots import plan as weeks

    return weeks(plan, axes)


def _totals_text(compared: TotalsCompared) -> str:
    from holdback.reports.text.totals_sentences import text

    return text(compared)


def _totals_page(compared: TotalsCompared) -> str:
    from html import escape

    return f"<p>{escape(_totals_text(compared))}</p>"


def _totals_picture(compared: TotalsCompared, axes: Any) -> Any:
    from holdback.reports.figures.matplotlib_plots import totals

    return totals(compared, axes)


show("TotalsCompared", html=_totals_page, plot=_totals_picture, text=_totals_text)
show("Scorecard", html=_scorecard_page, plot=_scorecard_picture)
show("Readout", html=_readout_page, plot=_readout_picture)
show("Plan", html=_plan_page, plot=_plan_picture, text=_plan_text)


def _frames(
    experiment: Experiment,
    data: Mapping[str, object] | None,
    named: Mapping[str, object],
) -> dict[str, object]:
    """Frames in place of sources, by the sources' names.

    Raises ConfigError for `data` that names nothing and for a name of no source,
    which may be an option that was misspelt.
    """
    if data is not None and not isinstance(data, Mapping):
        raise ConfigError(
            Problem(
                where="data",
                what=f"a {type(data).__name__} does not say which source it replaces.",
                fix='Write `data={"orders": frame}`, with the name of a source.',
            )
        )
    frames = {**(data or {}), **named}
    unknown = [name for name in frames if name not in experiment.sources]
    if unknown:
        known = ", ".join(sorted(experiment.sources))
        raise ConfigError(
            [
                Problem(
                    where=name,
                    what="this is neither an option nor a source of the experiment.",
                    fix=f"Its sources are: {known}. See `help(holdback.analyze)` for "
                    "the options.",
                )
                for name in unknown
            ]
        )
    return frames


def _is_frame(given: object) -> bool:
    """Whether it is a table in memory, of whatever library."""
    library = type(given).__module__.partition(".")[0]
    return hasattr(given, "__arrow_c_stream__") or library in {
        "pandas",
        "polars",
        "pyarrow",
        "duckdb",
        "_duckdb",
    }


def _loaded(experiment: ExperimentLike) -> Experiment:
    """The experiment of a file, or one that may have been edited, validated again."""
    from holdback.experiments.load import checked

    return checked(_given(experiment))


def _given(experiment: ExperimentLike) -> Experiment:
    """The experiment of a file, or the one that was handed over.

    Raises ConfigError for what is neither.
    """
    if isinstance(experiment, Experiment):
        return experiment
    if not isinstance(experiment, str | os.PathLike):
        raise ConfigError(
            Problem(
                where="experiment",
                what=f"a {type(experiment).__name__} is no experiment.",
                fix="Hand over the path of a YAML file, what `load` returned, or a "
                'frame: analyze(frame, unit="id", arm="group", control="none", '
                'metrics={"visit": hb.conversion("visit")}).',
            )
        )
    return load(experiment)
