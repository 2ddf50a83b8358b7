"""Which metrics and sources an experiment uses: names → roles → values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from holdback.experiments.config.models import ExperimentFile, ProjectFile
from holdback.experiments.config.validation import Issues
from holdback.experiments.kinds.metric import Metric
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.quantities import CODES, did_you_mean
from holdback.experiments.resolve.sources_and_metrics import (
    metric_from,
    source_from,
    sources_beside,
)

__all__ = ["all_names", "metric_names", "metrics_of", "sources_of"]


def metrics_of(
    written: ProjectFile,
    used: Sequence[str],
    issues: Issues,
    *,
    others: Literal["unused", "project"] = "unused",
) -> dict[str, Metric]:
    """The metrics that are used, in their order; the others are checked as well.

    A metric of a kind that this version does not read, or of a source that only other
    experiments define, stops only who uses it.
    """
    digits = CODES.get(written.currency or "", 2)
    names = all_names("sources", written.sources, issues)
    metrics = {}
    for name in dict.fromkeys((*used, *written.metrics)):
        model = written.metrics.get(name)
        if model is None:
            continue
        metric = metric_from(
            name,
            model,
            issues,
            known_sources=names,
            money_digits=digits,
            strictness="used" if name in used else others,
        )
        if metric is None or name not in used:
            continue
        metrics[name] = metric
        if metric.unit == "money" and written.currency is None:
            issues.add(
                ("metrics", name, "unit"),
                f"metric '{name}' is money, but there is no currency.",
                fix="Add `currency: EUR` (ISO 4217).",
            )
    return metrics


def sources_of(
    written: ProjectFile,
    used: Iterable[str],
    issues: Issues,
    environ: Mapping[str, str],
) -> dict[str, Source]:
    """The sources that are used, by name; the others are checked as well.

    Variables need to be set only where used.
    """
    wanted = set(used)
    for name in [name for name in written.sources if name in wanted]:
        rates = getattr(written.sources[name], "daily_rates", None)
        if rates is not None and rates not in written.sources:
            fix = did_you_mean(rates, written.sources) or "Add it under `sources`."
            where = ("sources", name, "daily_rates")
            issues.add(where, f"there is no source '{rates}'.", fix=fix)
        elif rates is not None:
            wanted.add(rates)
    sources = {}
    beside = sources_beside(written)
    for name in used:
        rule = getattr(written.sources.get(name), "refunds", None)
        if rule is not None and _is_there(written, name, rule.source, issues):
            wanted.add(rule.source)
    for name, model in written.sources.items():
        known = environ if name in wanted else None
        source = source_from(name, model, issues, known, beside.get(name))
        if source is not None and name in wanted:
            sources[name] = source
    return sources


def _is_there(written: ProjectFile, name: str, named: str, issues: Issues) -> bool:
    """Whether a source has the refunds that it names."""
    if named in written.sources:
        return True
    issues.add(
        ("sources", name, "refunds", "source"),
        f"there is no source '{named}'.",
        fix=did_you_mean(named, written.sources)
        or f"Sources: {', '.join(written.sources)}.",
    )
    return False


def metric_names(written: ExperimentFile, issues: Issues) -> list[str]:
    """Names of the metrics that are used and defined; each has one role."""
    economics = written.economics
    uses: list[tuple[tuple[str | int, ...], str | None, str]] = [
        (("primary",), written.primary, "primary")
    ]
    uses += [
        (("secondary", i), n, "secondary") for i, n in enumerate(written.secondary)
    ]
    uses += [(("guardrails", n), n, "guardrail") for n in written.guardrails]
    value = economics.value if economics else None
    uses.append((("economics", "value"), value, "value"))
    reached = written.analysis.reached if written.analysis else None
    uses.append((("analysis", "reached"), reached, "reached"))
    known = all_names("metrics", written.metrics, issues)
    roles: dict[str, str] = {}
    for path, name, role in uses:
        if name is None:
            continue
        on_key = path[0] == "guardrails"
        if name not in known:
            fix = did_you_mean(name, known) or (
                f"Metrics: {', '.join(known)}." if known else "Define it in `metrics`."
            )
            issues.add(path, f"there is no metric '{name}'.", fix=fix, key=on_key)
        elif name in roles and role not in {"value", "reached"}:
            what = f"'{name}' is already the {roles[name]} metric."
            if role == roles[name]:
                what = f"'{name}' is listed twice."
            issues.add(path, what, fix="Give each metric one role.", key=on_key)
        else:
            roles.setdefault(name, role)
    return list(roles)


def all_names(section: str, read: Mapping[str, Any], issues: Issues) -> tuple[str, ...]:
    """All names written in a section, whether they could be read or not."""
    names = dict.fromkeys(read)
    for document in issues.documents:
        block = document.root.get(section) if document.root is not None else None
        names |= dict.fromkeys(getattr(block, "key_places", {}))
    return tuple(names)
