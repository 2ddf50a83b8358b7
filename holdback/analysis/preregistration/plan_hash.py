"""The plan hash: one number for what an experiment means.

sha256 of the resolved file as canonical JSON (sorted keys, NFC text, no spaces), with
the version of the defaults. What only dresses the report is left out: labels, title,
owner, hypothesis, locale, what a unit is called; and events, which decide nothing and
stand in the audit log by themselves.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

from holdback.experiments.definition.experiment import Experiment

__all__ = ["meaning_of", "plan_hash"]

DRESS = frozenset(
    {"title", "hypothesis", "owner", "tags", "locale", "unit_name", "events"}
)


def plan_hash(experiment: Experiment) -> str:
    """Hexadecimal sha256 of the experiment's meaning."""
    meaning = json.dumps(
        meaning_of(experiment),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(meaning.encode("utf-8")).hexdigest()


def meaning_of(experiment: Experiment) -> Any:
    """What the hash is of: plain JSON values."""
    from holdback.experiments.language.expression import written
    from holdback.experiments.resolve.snapshot import resolved_of

    filled = resolved_of(experiment, expression=lambda e: written(e.tree))
    meaning = {key: value for key, value in filled.items() if key not in DRESS}
    for section in ("arms", "metrics"):
        meaning[section] = {
            name: {key: item for key, item in fields.items() if key != "label"}
            for name, fields in filled[section].items()
        }
    # The order of arms is part of the split, the order of keys in JSON is not.
    meaning["arm_order"] = [arm.name for arm in experiment.arms]
    return _canonical(meaning | {"defaults": experiment.defaults})


def _canonical(value: Any) -> Any:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case dict():
            return {_canonical(key): _canonical(item) for key, item in value.items()}
        case list():
            return [_canonical(item) for item in value]
        case _:
            return value
