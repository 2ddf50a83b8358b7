"""Whole flag definitions of Eppo and Unleash, evaluated on our schemes.

Rules, constraints and stickiness are none of the product's business (they need the
user's attributes); the published cases contain them, so the tests read them here.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from holdback.assignment.recipe import Planned
from holdback.assignment.schemes.eppo import Eppo
from holdback.assignment.schemes.unleash import Unleash

HALVES = (("a", Fraction(1, 2)), ("b", Fraction(1, 2)))


def eppo_value(flag: dict[str, Any], subject: str, given: dict[str, Any]) -> Any:
    """Value that a flag serves to a subject; None for the default."""
    if not flag["enabled"]:
        return None
    attributes = {"id": subject} | given
    for allocation in flag["allocations"]:
        rules = allocation.get("rules") or []
        if rules and not any(
            all(_eppo_condition(one, attributes) for one in rule["conditions"])
            for rule in rules
        ):
            continue
        for split in allocation["splits"]:
            if all(
                _in_shard(shard, subject, flag["totalShards"])
                for shard in split["shards"]
            ):
                return flag["variations"][split["variationKey"]]["value"]
    return None


def _in_shard(shard: dict[str, Any], subject: str, total: int) -> bool:
    scheme = Eppo(split_salt=shard["salt"], total_shards=total)
    number = scheme.recipe(Planned("", HALVES)).draw.number(subject)
    return any(r["start"] <= number < r["end"] for r in shard["ranges"])


def _eppo_condition(condition: dict[str, Any], attributes: Mapping[str, Any]) -> bool:
    value, wanted = attributes.get(condition["attribute"]), condition["value"]
    match condition["operator"]:
        case "ONE_OF":
            return str(value) in wanted
        case "NOT_ONE_OF":
            return value is not None and str(value) not in wanted
        case "MATCHES":
            return value is not None and re.search(wanted, str(value)) is not None
        case "GTE":
            return value is not None and float(value) >= wanted
        case "GT":
            return value is not None and float(value) > wanted
        case "LTE":
            return value is not None and float(value) <= wanted
        case "LT":
            return value is not None and float(value) < wanted
    raise AssertionError(condition)


def unleash_is_enabled(feature: dict[str, Any], context: dict[str, Any]) -> bool:
    """Whether a feature is on: no strategy, or one that lets the context in."""
    strategies = feature["strategies"]
    return not strategies or any(_let_in(one, feature, context) for one in strategies)


def unleash_variant(feature: dict[str, Any], context: dict[str, Any]) -> str:
    """Name of the variant of a context, `disabled` without one."""
    for strategy in feature["strategies"] or [{"name": "default"}]:
        if not _let_in(strategy, feature, context):
            continue
        own = strategy.get("variants") or []
        variants = own or feature["variants"]
        if not variants:
            continue
        for variant in variants:
            for override in variant.get("overrides", ()):
                name = override["contextName"]
                if _field(context, name) in override["values"]:
                    return str(variant["name"])
        group = strategy["parameters"]["groupId"] if own else feature["name"]
        unit = _sticky(context, variants[0].get("stickiness", "default"))
        if len(variants) == 1:
            return str(variants[0]["name"])
        assert unit is not None
        scheme = Unleash(group_id=group, weights=tuple(v["weight"] for v in variants))
        arms = tuple((v["name"], Fraction(1, len(variants))) for v in variants)
        recipe = scheme.recipe(Planned("", arms))
        position = recipe.position(recipe.draw.number(unit))
        assert position is not None
        return str(variants[position]["name"])
    return "disabled"


def _let_in(
    strategy: dict[str, Any], feature: dict[str, Any], context: dict[str, Any]
) -> bool:
    parameters = strategy.get("parameters") or {}
    stickiness = {
        "flexibleRollout": parameters.get("stickiness", "default"),
        "gradualRolloutUserId": "userId",
        "gradualRolloutSessionId": "sessionId",
    }.get(strategy["name"])
    if stickiness is None:
        return True
    rollout = int(parameters.get("rollout", parameters.get("percentage", 100)))
    unit = _sticky(context, stickiness)
    if unit is None:
        return rollout == 100 and stickiness == "default"
    group = parameters.get("groupId", feature["name"])
    scheme = Unleash(group_id=group, rollout=rollout)
    return all(g.passes(unit) for g in scheme.recipe(Planned("", HALVES)).gates)


def _sticky(context: dict[str, Any], field: str) -> str | None:
    if field != "default":
        return _field(context, field)
    return context.get("userId") or context.get("sessionId")


def _field(context: dict[str, Any], name: str) -> str | None:
    found = context.get(name) or context.get("properties", {}).get(name)
    return None if found is None else str(found)
