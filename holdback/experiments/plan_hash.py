"""The plan's hash: changes when the plan's meaning changes, and only then."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from holdback.experiments.experiment import Experiment

__all__ = ["DEFAULTS", "plan_hash"]

DEFAULTS = 1
COSMETIC = frozenset({"label", "owner", "hypothesis", "locale"})


def plan_hash(experiment: Experiment) -> str:
    """SHA-256 (hex) of the resolved file without labels, owner, wording and locale.

    `DEFAULTS` stands in it and is raised when a default or method changes its
    meaning in a later version.
    """
    meaning = {"defaults": DEFAULTS, **_meaning(experiment.resolved)}
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def _meaning(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _meaning(v) for k, v in value.items() if k not in COSMETIC}
    if isinstance(value, list | tuple):
        return [_meaning(item) for item in value]
    return value
