"""Written values → Experiment: references resolved, defaults filled, sense checked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel

from holdback.errors import Problem
from holdback.experiments import written
from holdback.experiments.currency import minor_digits
from holdback.experiments.document import Document
from holdback.experiments.experiment import (
    Analysis,
    Arm,
    Assignment,
    Cost,
    Decision,
    Economics,
    Experiment,
    Margin,
    Prior,
    Rollout,
    Saving,
    Window,
)
from holdback.experiments.expression import ExpressionError, parse
from holdback.experiments.measure import Cap
from holdback.experiments.metrics import Metric
from holdback.experiments.metrics import kinds as metric_kinds
from holdback.experiments.quantities import share
from holdback.experiments.resolved import resolved_file
from holdback.experiments.secrets import names as secret_names
from holdback.experiments.sources import Columns, Source
from holdback.experiments.sources import kinds as source_kinds

__all__ = ["Draft", "resolve"]

Where = tuple[str | int, ...]

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
SALT = re.compile(r"[A-Za-z0-9_.-]+")
CURRENCY = re.compile(r"[A-Z]{3}")
URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
CONTROL_NAMES = ("holdback", "control")
PRIORS = ("weak", "skeptical", "none")
MARGIN = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(.*)")


@dataclass(slots=True, kw_only=True)
class Draft:
    """What both files say, and which file says it."""

    documents: list[Document]
    root: Path
    file: str
    environ: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    parts: dict[tuple[str, str], tuple[str, BaseModel | None]] = field(
        default_factory=dict
    )
    origin: dict[Any, Document] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """A top-level value, or the default where no file gives it."""
        value = self.values.get(key)
        return default if value is None else value

    def named(self, kind: str) -> list[str]:
        """Names of all metrics or sources."""
        return sorted(name for key, name in self.parts if key == kind)

    def problem(self, path: Where, what: str, **more: Any) -> Problem:
        """A problem placed in the file that the path comes from."""
        document = (
            self.origin.get(path[:2])
            or self.origin.get(path[0] if path else None)
            or self.documents[0]
        )
        return document.problem(path, what, **more)


@dataclass(slots=True, kw_only=True)
class _Resolver:
    draft: Draft
    problems: list[Problem]

    def tell(self, path: Where, what: str, **more: Any) -> None:
        """Note a problem and go on."""
        self.problems.append(self.draft.problem(path, what, **more))


def resolve(draft: Draft, problems: list[Problem]) -> Experiment | None:
    """The experiment, or None when something is wrong; problems are appended."""
    r = _Resolver(draft=draft, problems=problems)
    _required(r)
    _project_values(r)
    _secrets(r)
    arms = _arms(r)
    names = _metric_names(r)
    metrics = {n: m for n in names if (m := _metric(r, n)) is not None}
    assignment = _assignment(r, arms)
    sources = _sources(r, metrics, assignment)
    analysis = _analysis(r, assignment)
    economics = _economics(r, metrics)
    decision = _decision(r, economics)
    guardrails = _guardrails(r, metrics)
    window = _window(r, sources)
    _money_needs(r, metrics, economics, window)
    if problems or assignment is None:
        return None
    experiment = Experiment(
        name=draft.get("experiment"),
        arms=arms,
        assignment=assignment,
        metrics=metrics,
        sources=sources,
        primary=draft.get("primary"),
        window=window,
        secondary=tuple(draft.get("secondary", [])),
        guardrails=guardrails,
        analysis=analysis,
        economics=economics,
        decision=decision,
        hypothesis=draft.get("hypothesis", ""),
        owner=draft.get("owner", ""),
        currency=draft.get("currency"),
        timezone=draft.get("timezone", "UTC"),
        locale=draft.get("locale", "en-US"),
        database=draft.get("database", "duckdb"),
        root=draft.root,
        file=draft.file,
    )
    return replace(experiment, resolved=resolved_file(experiment))


def _required(r: _Resolver) -> None:
    for key, example in (
        ("experiment", "experiment: recs-holdback"),
        ("arms", "arms: {holdback: {share: 10%, control: true}, …}"),
        ("primary", "primary: revenue_per_visitor"),
    ):
        if key not in r.draft.origin:
            r.tell(
                (), f"`{key}` is missing.", fix=f"Add a line such as `{example}`."
            )
    name = r.draft.get("experiment")
    if name is not None and not NAME.fullmatch(name):
        r.tell(
            ("experiment",),
            f"'{name[:40]}' cannot be the name of an experiment.",
            why="The name also names the output folder and, by default, the salt.",
            fix="Use letters, digits, '-', '_' and '.', beginning with a letter or "
            "digit.",
        )


def _project_values(r: _Resolver) -> None:
    currency, zone = r.draft.get("currency"), r.draft.get("timezone")
    if currency is not None and not CURRENCY.fullmatch(currency):
        r.tell(
            ("currency",),
            f"'{currency}' is not a currency.",
            fix="Write its three letters (ISO 4217), such as EUR or USD.",
        )
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            r.tell(
                ("timezone",),
                f"'{zone[:40]}' is not a timezone.",
                fix="Write an IANA name such as Europe/Dublin.",
            )
    locale = r.draft.get("locale")
    if locale is not None and not re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", locale):
        r.tell(("locale",), f"'{locale[:40]}' is not a locale.", fix="Write for instance en-IE.")


def _secrets(r: _Resolver) -> None:
    database = r.draft.get("database", "duckdb")
    texts: list[tuple[Where, str]] = [(("database",), database)]
    for (key, name), (_, model) in r.draft.parts.items():
        if key == "sources" and isinstance(getattr(model, "database", None), str):
            texts.append((("sources", name, "database"), model.database))  # type: ignore[union-attr]
    for path, text in texts:
        for variable in secret_names(text):
            if variable not in r.draft.environ:
                r.tell(
                    path,
                    f"the environment variable {variable} is not set.",
                    fix=f"Set it before running, for instance: export {variable}=…",
                )
        if text != "duckdb" and not secret_names(text) and not re.match(
            r"(postgresql(\+\w+)?|sqlite)://", text
        ):
            r.tell(
                path,
                "is not a database that can be used.",
                fix="Write duckdb, a URL beginning with postgresql:// or sqlite://, or "
                "${env:NAME}.",
            )


def _arms(r: _Resolver) -> tuple[Arm, ...]:
    written_arms: dict[str, written.ArmIn] = r.draft.get("arms", {})
    if "arms" not in r.draft.values or not isinstance(written_arms, dict):
        return ()
    if len(written_arms) < 2:  # noqa: PLR2004
        r.tell(("arms",), "an experiment needs at least two arms.", at_key=True)
        return ()
    _refuse_confusable(r, list(written_arms))
    for name, arm in written_arms.items():
        if not 0 < arm.share < 1:
            r.tell(
                ("arms", name, "share"),
                f"the share of arm '{name}' is {_percent(arm.share)}.",
                fix="Shares lie between 0 % and 100 %.",
            )
    total = sum((arm.share for arm in written_arms.values()), Fraction(0))
    if abs(total - 1) > Fraction(1, 10**6):
        listed = ", ".join(f"{n} {_percent(a.share)}" for n, a in written_arms.items())
        r.tell(
            ("arms",),
            f"the arms' shares sum to {_percent(total)} ({float(total):g}), not 100 %: "
            f"{listed}.",
            fix="Make them sum to 100 %; who takes part at all is `assignment.traffic`.",
            at_key=True,
        )
    control = _control(r, written_arms)
    return tuple(
        Arm(
            name=name,
            share=arm.share / total if total else arm.share,
            control=name == control,
            label=arm.label or name,
            logged_as=arm.logged_as or name,
        )
        for name, arm in written_arms.items()
    )


def _refuse_confusable(r: _Resolver, names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        plain = unicodedata.normalize("NFKC", name).casefold().strip()
        if plain in seen:
            r.tell(
                ("arms", name),
                f"the arms '{seen[plain]}' and '{name}' look alike.",
                why="They differ only by case, spaces or the spelling of a character.",
                fix="Give each arm a name of its own.",
                at_key=True,
            )
        seen[plain] = name


def _control(r: _Resolver, arms: Mapping[str, written.ArmIn]) -> str | None:
    flagged = [name for name, arm in arms.items() if arm.control]
    if len(flagged) > 1:
        r.tell(
            ("arms", flagged[1], "control"),
            f"several arms are the control: {', '.join(flagged)}.",
            fix="Keep `control: true` on one.",
        )
    if not flagged:
        flagged = [name for name in CONTROL_NAMES if name in arms][:1]
    if not flagged:
        r.tell(
            ("arms",),
            "no arm is the control.",
            fix="Write `control: true` on the arm to compare against.",
            at_key=True,
        )
    return flagged[0] if flagged else None


def _metric_names(r: _Resolver) -> list[str]:
    """Names of the metrics that the experiment uses, checked to exist."""
    known = r.draft.named("metrics")
    wanted: list[tuple[str, Where]] = []
    primary = r.draft.get("primary")
    if primary is not None:
        wanted.append((primary, ("primary",)))
    wanted += [
        (name, ("secondary", i)) for i, name in enumerate(r.draft.get("secondary", []))
    ]
    wanted += [(n, ("guardrails", n)) for n in r.draft.get("guardrails", {})]
    economics = r.draft.get("economics")
    if economics is not None and economics.value is not None:
        wanted.append((economics.value, ("economics", "value")))
    seen: dict[str, Where] = {}
    for name, path in wanted:
        if name not in known:
            _unknown(r, path, "metric", name, known)
        if name in seen and seen[name][0] != "economics" and path[0] != "economics":
            r.tell(
                path,
                f"metric '{name}' has two roles: {seen[name][0]} and {path[0]}.",
                fix="Keep it in one place.",
            )
        seen.setdefault(name, path)
    return [name for name in seen if name in known]


def _unknown(r: _Resolver, path: Where, what: str, name: str, known: list[str]) -> None:
    close = get_close_matches(name, known, 1, 0.5)
    fix = f"Did you mean `{close[0]}`? " if close else ""
    listed = ", ".join(known) or "none is defined"
    r.tell(path, f"there is no {what} '{name[:60]}'.", fix=f"{fix}Known: {listed}.")


def _metric(r: _Resolver, name: str) -> Metric | None:
    kind, model = r.draft.parts["metrics", name]
    path: Where = ("metrics", name)
    if kind.startswith("later:"):
        r.tell((*path, "kind"), f"metrics of kind '{kind[6:]}' are not in this version.")
        return None
    if model is None:
        return None
    values = {f: getattr(model, f) for f in type(model).model_fields if f != "kind"}
    values["cap"] = _cap(r, path, values.get("cap"))
    for side in ("numerator", "denominator"):
        if values.get(side) is not None:
            values[side] = _part(values[side])
    if isinstance(values.get("per"), str):
        values["per"] = _per(r, path, values["per"])
    money = values.get("unit") == "money"
    currency = r.draft.get("currency")
    digits = minor_digits(currency) if money and currency else 6
    try:
        metric = metric_kinds[kind](
            name=name,
            digits=digits,
            **{**values, "label": values["label"] or name.replace("_", " ").capitalize()},
        )
    except ValueError as error:
        r.tell(path, f"metric '{name}': {error}.", at_key=True)
        return None
    if money and currency is None:
        r.tell(
            (*path, "unit"),
            f"metric '{name}' is money, and no currency is given.",
            fix="Add for instance `currency: EUR`.",
        )
    if metric.margin_value is not None:
        r.tell(
            (*path, "margin_value"),
            "`margin_value` is not in this version.",
            fix="Make the profit a metric of its own, or use `economics.margin`.",
        )
    return metric


def _part(model: Any) -> Any:
    from holdback.experiments.metrics.ratio import Part

    return Part(**{f: getattr(model, f) for f in type(model).model_fields})


def _per(r: _Resolver, path: Where, text: str) -> Any:
    """A source's name, or an expression."""
    if text in r.draft.named("sources"):
        return text
    try:
        return parse(text)
    except ExpressionError as error:
        known = ", ".join(r.draft.named("sources"))
        r.tell(
            (*path, "per"),
            f"'{text[:40]}' is neither a source nor an expression: {error}.",
            fix=f"Sources: {known}.",
        )
        return text


def _cap(r: _Resolver, path: Where, value: Any) -> Cap | None:
    if value is None:
        return None
    non_zero = isinstance(value, written.CapIn)
    try:
        part = value.non_zero if isinstance(value, written.CapIn) else share(value)
    except ValueError as error:
        r.tell((*path, "cap"), f"{error}.")
        return None
    if not Fraction(1, 2) < part < 1:
        r.tell(
            (*path, "cap"),
            f"a cap at {_percent(part)} makes no sense.",
            fix="Write a high percentile such as 99.9%.",
        )
        return None
    return Cap(share=part, non_zero=non_zero)


def _assignment(r: _Resolver, arms: tuple[Arm, ...]) -> Assignment | None:
    given: written.AssignmentIn = r.draft.get("assignment") or written.AssignmentIn()
    known = r.draft.named("sources")
    path: Where = ("assignment",)
    source = given.source or ("assignments" if "assignments" in known else None)
    if source is None and len(known) == 1:
        source = known[0]
    if source is None:
        r.tell(
            path,
            "the experiment does not say which source holds the assignments.",
            fix="Name a source `assignments`, or write `assignment: {source: …}`.",
        )
        return None
    if source not in known:
        _unknown(r, (*path, "source"), "source", source, known)
    for key, present in (("holdout", given.holdout), ("layer", given.layer)):
        if present is not None:
            r.tell((*path, key), f"`assignment.{key}` is not in this version.", at_key=True)
    for key, present in (("overrides_file", given.overrides_file), ("params", given.params)):
        if present:
            r.tell((*path, key), f"`assignment.{key}` is not in this version.", at_key=True)
    if given.scheme != "holdback":
        r.tell(
            (*path, "scheme"),
            f"the scheme '{given.scheme}' is not in this version.",
            fix="Use logged arms (a column with the role `arm`), or the scheme "
            "`holdback`.",
        )
    salt = given.salt or r.draft.get("experiment") or ""
    if given.salt is not None and not SALT.fullmatch(given.salt):
        r.tell(
            (*path, "salt"),
            f"'{given.salt[:40]}' cannot be a salt.",
            fix="Use letters, digits, '-', '_' and '.'; no ':' and no space.",
        )
    if not 0 < given.traffic <= 1:
        r.tell((*path, "traffic"), f"traffic of {_percent(given.traffic)} makes no sense.")
    for unit, arm in given.overrides.items():
        if arm not in {a.name for a in arms}:
            _unknown(r, (*path, "overrides", unit), "arm", arm, [a.name for a in arms])
    return Assignment(
        source=source,
        salt=salt,
        traffic=given.traffic,
        phase=given.phase,
        overrides=dict(given.overrides),
        crossovers=given.crossovers,
        where=given.where,
    )


def _sources(
    r: _Resolver, metrics: Mapping[str, Metric], assignment: Assignment | None
) -> dict[str, Source]:
    known = r.draft.named("sources")
    used = {} if assignment is None else {assignment.source: None}
    for metric in metrics.values():
        for measure in metric.measures():
            if measure.source not in known:
                _unknown(r, ("metrics", metric.name, "source"), "source", measure.source, known)
            used.setdefault(measure.source)
    found: dict[str, Source] = {}
    for name in used:
        if name in known and (source := _source(r, name)) is not None:
            found[name] = source
    if assignment is not None:
        for name, source in found.items():
            _roles(r, name, source, assignment)
    return found


def _source(r: _Resolver, name: str) -> Source | None:
    kind, model = r.draft.parts["sources", name]
    path: Where = ("sources", name)
    if kind.startswith("later:"):
        r.tell(path, f"sources of kind '{kind[6:]}' are not in this version.", at_key=True)
        return None
    if model is None:
        return None
    cls = source_kinds[kind]
    main = written.main_field(cls)
    values = {f: getattr(model, f) for f in type(model).model_fields if f != kind}
    values["columns"] = Columns(**vars(values["columns"]))
    place = getattr(model, kind)
    if kind in {"csv", "parquet"} and URL.match(place):
        r.tell(
            (*path, kind),
            "is a URL and not a path.",
            why="Files are read from this machine only; nothing is fetched.",
            fix="Write a path relative to the file, such as data/orders.csv.",
        )
    for key in ("delimiter", "decimal"):
        if key in values and len(values[key]) != 1:
            r.tell((*path, key), f"`{key}` must be one character.")
    if values.get("delimiter") is not None and values.get("delimiter") == values.get("decimal"):
        r.tell((*path, "decimal"), "`decimal` and `delimiter` are the same.")
    return cls(name=name, **{main: place}, **values)


def _roles(r: _Resolver, name: str, source: Source, assignment: Assignment) -> None:
    columns = source.columns
    if name == assignment.source:
        if columns.unit == "row" and columns.arm is None:
            r.tell(
                ("sources", name, "columns"),
                "rows without an id cannot be assigned, and no column holds the arm.",
                fix="Name the column of the arm: `arm: …`.",
            )
        return
    if columns.unit == "row":
        r.tell(
            ("sources", name, "columns", "unit"),
            "`unit: row` is for the table of assignments only.",
            fix="Name the column that holds the unit's id.",
        )
    if columns.time is None and r.draft.get("window") is not None:
        r.tell(
            ("sources", name, "columns"),
            f"source '{name}' names no column for `time`.",
            why="Only what happened after a unit joined may count.",
            fix="Add `time: …` to its columns.",
            at_key=True,
        )


def _window(r: _Resolver, sources: Mapping[str, Source]) -> Window | None:
    given = r.draft.get("window")
    if given is None:
        timed = [name for name, source in sources.items() if source.columns.time]
        if timed and "window" not in r.draft.origin:
            r.tell(
                (),
                f"`window` is missing, and source '{timed[0]}' has times.",
                fix="Add for instance `window: {start: 2026-10-01, end: 2026-11-11}`.",
            )
        return None
    try:
        return Window(start=given.start, end=given.end)
    except ValueError as error:
        r.tell(("window", "end"), f"{error}.", fix="Swap start and end, or mend one.")
        return None


def _analysis(r: _Resolver, assignment: Assignment | None) -> Analysis:
    given: written.AnalysisIn = r.draft.get("analysis") or written.AnalysisIn()
    path: Where = ("analysis",)
    if not Fraction(1, 2) <= given.level < 1:
        likely = given.level / 100 if 50 <= given.level < 100 else 1 - given.level / 100 if 0 < given.level <= 50 and given.level >= 1 else 1 - given.level  # noqa: PLR2004
        r.tell(
            (*path, "level"),
            f"a level of {_percent(given.level)} makes no sense.",
            why="The level is the coverage of the ranges.",
            fix=f"Did you mean {_percent(likely)}, that is {float(likely):g}?",
        )
    if isinstance(given.looks, list) or given.looks not in {"spending", "end"}:
        shown = "a list of looks" if isinstance(given.looks, list) else f"`looks: {given.looks}`"
        known = isinstance(given.looks, list) or given.looks == "always_valid"
        r.tell(
            (*path, "looks"),
            f"{shown} is not in this version." if known else f"{shown} is not known.",
            fix="Write `looks: end`: the result is read once, when the test is over.",
        )
    lookback, covariates = _covariates(given.covariates)
    if lookback is not None and assignment is not None:
        _, model = r.draft.parts.get(("sources", assignment.source), ("", None))
        columns = getattr(model, "columns", None)
        if columns is not None and columns.time is None:
            r.tell(
                (*path, "covariates"),
                "a lookback needs to know when a unit joined, and the source of the "
                "assignments names no `time`.",
                fix="Name its `time` column, or list attribute columns instead.",
            )
    return Analysis(
        level=given.level,
        looks="end" if isinstance(given.looks, list) else given.looks,  # type: ignore[arg-type]
        lookback=lookback,
        covariates=covariates,
        multiplicity=given.multiplicity,
        prior=_prior(r, given.prior),
        segments=tuple(given.segments),
    )


def _covariates(given: Any) -> tuple[Any, tuple[str, ...]]:
    if isinstance(given, written.LookbackIn):
        return given.lookback, ()
    return None, tuple(given or ())


def _prior(r: _Resolver, given: str | written.PriorIn) -> Prior:
    path: Where = ("analysis", "prior")
    if isinstance(given, written.PriorIn):
        if given.lift_sd <= 0:
            r.tell((*path, "lift_sd"), "the width of a prior must be above 0.")
            return Prior()
        return Prior(name="custom", lift_sd=given.lift_sd)
    if given == "past":
        r.tell(path, "`prior: past` is not in this version.", fix=f"Use one of {', '.join(PRIORS)}.")
    elif given not in PRIORS:
        _unknown(r, path, "prior", given, list(PRIORS))
    else:
        return Prior(name=given)  # type: ignore[arg-type]
    return Prior()


def _guardrails(r: _Resolver, metrics: Mapping[str, Metric]) -> dict[str, Margin]:
    found = {}
    for name, value in r.draft.get("guardrails", {}).items():
        metric = metrics.get(name)
        if metric is None:
            continue
        margin = _margin(str(value), metric)
        if margin is None or margin.value <= 0:
            r.tell(
                ("guardrails", name),
                f"'{value}' is not a margin.",
                fix="Write the worst harm still accepted: 2% (relative), 0.5 points, or "
                "a number in the metric's unit.",
            )
        else:
            found[name] = margin
    return found


def _margin(text: str, metric: Metric) -> Margin | None:
    if text.strip().endswith("%") or "/" in text:
        try:
            return Margin(value=share(text), scale="relative")
        except ValueError:
            return None
    split = MARGIN.fullmatch(text.strip())
    if split is None:
        return None
    value, unit = Fraction(split[1]), split[2].strip()
    if unit in {"point", "points"}:
        scale = 100 if metric.family == "proportion" else 1
        return Margin(value=value / scale, scale="absolute")
    if unit in {"", metric.unit}:
        return Margin(value=value, scale="absolute")
    return None


def _economics(r: _Resolver, metrics: Mapping[str, Metric]) -> Economics | None:
    given: written.EconomicsIn | None = r.draft.get("economics")
    primary = metrics.get(r.draft.get("primary", ""))
    is_money = primary is not None and primary.unit == "money" and len(primary.measures()) == 1
    if given is None:
        return Economics(value=primary.name) if primary is not None and is_money else None
    path: Where = ("economics",)
    value = given.value or (primary.name if primary is not None and is_money else None)
    if value is None:
        r.tell(
            path,
            "it is not said which metric is the money.",
            fix="Write `value:` with a metric whose unit is money.",
            at_key=True,
        )
        return None
    if not 0 < given.margin <= 1:
        r.tell((*path, "margin"), f"a margin of {_percent(given.margin)} makes no sense.", fix="Write for instance 42%.")
    metric = metrics.get(value)
    if metric is not None and (metric.unit != "money" or len(metric.measures()) != 1):
        r.tell(
            (*path, "value"),
            f"metric '{value}' is not money per unit.",
            fix="Name a metric of kind mean with `unit: money`.",
        )
    for i, cost in enumerate(given.costs):
        if cost.per is not None and cost.spread is not None:
            r.tell((*path, "costs", i, "spread"), "a cost has either `per` or `spread`.")
        if cost.amount < 0:
            r.tell((*path, "costs", i, "amount"), "a cost cannot be negative.", fix="Put what is saved under `savings`.")
    return Economics(
        value=value,
        margin=given.margin,
        costs=tuple(Cost(**vars(c)) for c in given.costs),
        savings=tuple(Saving(**vars(s)) for s in given.savings),
        rollout=_rollout(r, given.rollout),
    )


def _rollout(r: _Resolver, given: written.RolloutIn | None) -> Rollout | None:
    if given is None:
        return None
    from holdback.experiments.quantities import duration

    decay = None
    if given.decay is None:
        r.tell(
            ("economics", "rollout"),
            "`decay` is missing in 'rollout'.",
            why="A lift that never fades is an assumption that must be said.",
            fix="Write a half-life such as `decay: 8 weeks`, or `decay: none`.",
        )
    elif given.decay != "none":
        try:
            decay = duration(given.decay)
        except ValueError as error:
            r.tell(("economics", "rollout", "decay"), f"{error}.")
    return Rollout(units=given.units, per=given.per, horizon=given.horizon, decay=decay)


def _money_needs(
    r: _Resolver,
    metrics: Mapping[str, Metric],
    economics: Economics | None,
    window: Window | None,
) -> None:
    if economics is None or window is not None or "window" in r.draft.origin:
        return
    for i, cost in enumerate(economics.costs):
        if cost.per not in {None, "treated unit"} or cost.spread is not None:
            r.tell(
                ("economics", "costs", i),
                f"cost '{cost.name}' runs with time, and there is no `window`.",
                fix="Add the window, or give the amount for the whole test.",
            )


def _decision(r: _Resolver, economics: Economics | None) -> Decision:
    given: written.DecisionIn = r.draft.get("decision") or written.DecisionIn()
    has_costs = economics is not None and bool(economics.costs)
    rule = given.rule or ("profit" if has_costs else "lift")
    path: Where = ("decision",)
    if rule == "profit" and not has_costs:
        r.tell(
            (*path, "rule"),
            "the rule `profit` needs costs.",
            fix="Add `economics: {costs: […]}`, or use the rule `lift`.",
        )
    if rule == "not_worse" and given.margin is None:
        r.tell(
            path,
            "the rule `not_worse` needs `margin`.",
            fix="Write the loss still accepted, such as `margin: 2%`.",
            at_key=True,
        )
    if not 0 <= given.minimum_lift < 10:  # noqa: PLR2004
        r.tell((*path, "minimum_lift"), "the minimum lift must be 0 % or more.")
    return Decision(rule=rule, minimum_lift=given.minimum_lift, margin=given.margin)


def _percent(value: Fraction) -> str:
    return f"{float(value) * 100:g} %"
