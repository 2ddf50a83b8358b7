"""JSON Schema of the YAML files, for editors that complete and check while typing."""

from __future__ import annotations

from typing import Any, Literal

from holdback.experiments.metrics import kinds as metric_kinds
from holdback.experiments.sources import kinds as source_kinds
from holdback.experiments.written import File, metric_model, source_model

__all__ = ["schema"]

REQUIRED = ["experiment", "arms", "primary"]
TITLES = {
    "experiment": "An experiment of holdback",
    "project": "A project of holdback",
}


def schema(which: Literal["experiment", "project"]) -> dict[str, Any]:
    """The schema (draft 2020-12) of an experiment file or of holdback.yaml."""
    whole = File.model_json_schema(by_alias=True)
    definitions = whole.setdefault("$defs", {})
    whole["properties"]["metrics"]["additionalProperties"] = {
        "anyOf": [
            _inlined(metric_model(kind).model_json_schema(by_alias=True), definitions, kind)
            for kind in metric_kinds
        ]
    }
    whole["properties"]["sources"]["additionalProperties"] = {
        "anyOf": [
            _inlined(source_model(kind).model_json_schema(by_alias=True), definitions, None)
            for kind in source_kinds
        ]
    }
    required = [*whole.get("required", []), *(REQUIRED if which == "experiment" else [])]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": TITLES[which],
        "required": required,
    }


def _inlined(
    model: dict[str, Any], definitions: dict[str, Any], kind: str | None
) -> dict[str, Any]:
    """A kind's schema with its definitions moved up and its kind fixed."""
    definitions.update(model.pop("$defs", {}))
    if kind is not None:
        model["properties"]["kind"] = {"const": kind, "title": "Kind"}
    return model
