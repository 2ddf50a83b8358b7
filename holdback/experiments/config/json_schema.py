"""JSON Schema of the YAML files, for editors that complete and check while typing."""

from __future__ import annotations

from typing import Any, Final, Literal

from holdback.experiments.config.models import ExperimentFile, ProjectFile

__all__ = ["schema"]

MODELS: Final[dict[str, type[ProjectFile]]] = {
    "experiment": ExperimentFile,
    "project": ProjectFile,
}
TITLES = {
    "experiment": "An experiment of holdback",
    "project": "A project of holdback (holdback.yaml)",
}


def schema(which: Literal["experiment", "project"]) -> dict[str, Any]:
    """The schema (draft 2020-12) of an experiment file or of holdback.yaml."""
    model = MODELS[which]
    whole = _lean(model.model_json_schema(by_alias=True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": TITLES[which],
        "required": list(model.required),
    }


def _lean(node: Any) -> Any:
    """The schema without nulls, defaults of null and generated titles.

    A key may be left out, but never be null; editors show descriptions, not titles.
    """
    if isinstance(node, list):
        return [_lean(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _lean(item)
        for key, item in node.items()
        if not (key == "title" and isinstance(item, str))
        and not (key == "default" and item is None)
    }
    options = kept.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        options = [option for option in options if option != {"type": "null"}]
        del kept["anyOf"]
        kept = (options[0] | kept) if len(options) == 1 else {**kept, "anyOf": options}
    return kept
