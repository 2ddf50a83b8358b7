"""The published vectors: what the systems themselves gave, from their own software."""

import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from holdback.assignment.hashes import hashed
from holdback.assignment.recipe import Draw, Planned, Recipe, fraction, sha1_draw
from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.schemes.growthbook import bucket_ranges, v1_draw, v2_draw
from holdback.assignment.schemes.holdback import bucket
from holdback.assignment.split import HoldoutShare, Split
from tests.assignment.flag_worlds import (
    eppo_value,
    unleash_is_enabled,
    unleash_variant,
)

pytest.importorskip("mmh3")
HALF = Fraction(1, 2)
TWO = (("0", HALF), ("1", HALF))


def recipe(scheme: str, params: dict[str, Any], **planned: Any) -> Recipe:
    """Recipe of a scheme with two equal arms unless told otherwise."""
    filled = {"salt": "s", "arms": TWO} | planned
    return scheme_of(scheme, params).recipe(Planned(**filled))


def test_vectors(shared: Path) -> None:
    """Every vector of every system comes out as its own software gave it."""
    text = (shared / "reference" / "assignment_vectors.json").read_text("utf-8")
    vectors = json.loads(text)["vectors"]
    seen: Counter[tuple[str, str]] = Counter()
    for vector in vectors:
        level = (vector["system"], vector["level"])
        inputs, expect = vector["inputs"], vector["expect"]
        CHECKS[level](inputs, expect)
        seen[level] += 1
    assert sum(seen.values()) == len(vectors) == 289
    assert seen.keys() == CHECKS.keys()


def _growthbook_hash(told: dict[str, Any], expect: dict[str, Any]) -> None:
    version = told["version"]
    if expect["n"] is None:
        filters = [{"seed": "s", "ranges": [[0, 1]], "hashVersion": version}]
        with pytest.raises(Exception, match="hash version 99"):
            recipe("growthbook_v2", {"filters": filters})
        return
    draw = {1: v1_draw, 2: v2_draw}[version](told["seed"])
    got = draw.number(told["value"]) / draw.size
    assert got == pytest.approx(expect["n"], abs=1e-12)


def _growthbook_ranges(told: dict[str, Any], expect: dict[str, Any]) -> None:
    got = bucket_ranges(told["num_variations"], told["coverage"], told["weights"])
    for pair, wanted in zip(got, expect["ranges"], strict=True):
        assert pair == pytest.approx(tuple(wanted), abs=1e-6)


def _growthbook_choice(told: dict[str, Any], expect: dict[str, Any]) -> None:
    made = recipe("growthbook_v2", {"ranges": told["ranges"]})
    position = made.position(round(told["n"] * 10_000))
    assert (-1 if position is None else position) == expect["variation"]


def _growthbook_namespace(told: dict[str, Any], expect: dict[str, Any]) -> None:
    name, start, end = told["namespace"]
    made = recipe("growthbook_v1", {"namespace": [name, str(start), str(end)]})
    assert made.gates[0].passes(told["user_id"]) is expect["in_namespace"]


def _growthbook_run(told: dict[str, Any], expect: dict[str, Any]) -> None:
    """Cases without a hash are forced ones; the id is the number of the case."""
    if not expect["hash_used"] and expect["value"] == 0:
        return
    experiment, case = told["experiment"], told["case"]
    last = case.rsplit("- ", 1)[-1]
    unit = last if last.isdecimal() else "1"
    names = [str(v) for v in experiment["variations"]]
    params = {
        name: _plain(experiment[name])
        for name in ("seed", "coverage", "weights", "ranges", "namespace", "filters")
        if name in experiment
    }
    if "filters" in params:
        params.pop("namespace", None)
    split = Split(
        experiment["key"],
        tuple((name, Fraction(1, len(names))) for name in names),
        scheme=scheme_of(f"growthbook_v{experiment.get('hashVersion', 1)}", params),
    )
    assert split.assign(unit).arm == str(expect["value"]), case


def _plain(value: Any) -> Any:
    """Floats as the text that a YAML file would hold."""
    if isinstance(value, float):
        return str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _planout(told: dict[str, Any], expect: dict[str, Any]) -> None:
    unit = told["unit"]
    unit = unit if isinstance(unit, str) else ".".join(unit)
    salts = {k: told[k] for k in ("experiment_salt", "param_salt")}
    draw = sha1_draw(f"{told['experiment_salt']}.{told['param_salt']}.")
    assert draw.number(unit) % 10_000 == expect["random_integer_0_9999"]
    if "hash60" not in expect:
        return
    assert draw.number(unit) == int(expect["hash60"])
    uniform = recipe("planout", salts | {"op": "UniformChoice"})
    chosen = uniform.position(uniform.draw.number(unit))
    wanted = expect["uniform_choice_control_treatment"]
    assert ("control", "treatment")[chosen or 0] == wanted
    shares = (("control", HALF), ("t1", Fraction(3, 10)), ("t2", Fraction(1, 5)))
    weighted = Split("s", shares, scheme=scheme_of("planout", salts))
    assert weighted.assign(unit).arm == expect["weighted_choice_control_t1_t2_50_30_20"]
    gated = recipe(
        "planout",
        salts | {"gate_salt": told["param_salt"]},
        traffic=Fraction(3, 10),
    )
    assert gated.gates[0].passes(unit) is bool(expect["bernoulli_p_0_3"])


def _optimizely(told: dict[str, Any], expect: dict[str, Any]) -> None:
    unit = told["bucketing_id"]
    params: dict[str, Any] = {"experiment_id": told["parent_id"]}
    allocated = told.get("traffic_allocation")
    arms: tuple[tuple[str, Fraction], ...] = TWO
    if allocated:
        params["trafficAllocation"] = allocated
        names = [one["entityId"] for one in allocated if one["entityId"]]
        arms = tuple((name, Fraction(1, len(names))) for name in names)
    split = Split("s", arms, scheme=scheme_of("optimizely", params))
    assert split.assign(unit).bucket == expect["bucket"]
    if "hash32" in expect:
        key = unit + told["parent_id"]
        assert hashed("murmur3", key, seed=told["seed"]) == expect["hash32"]
    if "entity" in expect:
        assert (split.assign(unit).arm or "") == (expect["entity"] or "")


def _statsig_pass(told: dict[str, Any], expect: dict[str, Any]) -> None:
    params = {"config_salt": told["config_salt"], "rule_salt": told["rule_salt"]}
    arms = (("pass", Fraction(3, 10)), ("fail", Fraction(7, 10)))
    one = Split("s", arms, scheme=scheme_of("statsig", params)).assign(told["unit_id"])
    assert one.bucket == expect["bucket_10000"]
    assert (one.arm == "pass") is expect["pass_at_30pct"]


def _statsig_bucket(told: dict[str, Any], expect: dict[str, Any]) -> None:
    made = recipe("statsig", {"config_salt": told["salt"]})
    assert made.draw.number(told["unit_id"]) == expect["bucket_1000"]


def _launchdarkly(told: dict[str, Any], expect: dict[str, Any]) -> None:
    params = {k: told[k] for k in ("flag_key", "salt", "seed") if told[k] is not None}
    draw = recipe("launchdarkly", params).draw
    number = draw.number(told["context_key"])
    assert fraction(number) == pytest.approx(expect["bucket"], abs=1e-12)
    if "bucket_100000" in expect:
        assert draw.shown(number) == expect["bucket_100000"]


def _launchdarkly_type(told: dict[str, Any], expect: dict[str, Any]) -> None:
    """What LaunchDarkly puts into bucket 0 is no id for us."""
    assert expect["bucket"] == 0
    params = {"flag_key": told["flag_key"], "salt": told["salt"]}
    split = Split("s", TWO, scheme=scheme_of("launchdarkly", params))
    assert split.assign(told["attribute_value"]).reason == "invalid_id"


def _split(told: dict[str, Any], expect: dict[str, Any]) -> None:
    algo = {"legacy": 1, "murmur32": 2}[told["algo"]]
    draw = recipe("split", {"seed": told["seed"], "algo": algo}).draw
    assert draw.number(told["key"]) + 1 == expect["bucket_1_100"]
    if "hash" in expect:
        assert hashed("murmur3", told["key"], seed=told["seed"]) == expect["hash"]


def _unleash_hash(told: dict[str, Any], expect: dict[str, Any]) -> None:
    made = recipe("unleash", {"groupId": told["group_id"], "rollout": 50})
    unit = told["identifier"]
    rollout = made.gates[0].draw.number(unit) + 1
    assert rollout == expect["rollout_bucket_1_100_seed0"]
    variant = made.draw.number(unit) + 1
    assert variant == expect["variant_bucket_1_1000_seed86028157"]


def _unleash_enabled(told: dict[str, Any], expect: dict[str, Any]) -> None:
    got = unleash_is_enabled(told["feature"], told["context"])
    assert got is expect["enabled"]


def _unleash_variant(told: dict[str, Any], expect: dict[str, Any]) -> None:
    got = unleash_variant(told["feature"], told["context"])
    assert got == expect["variant"]


def _eppo_shard(told: dict[str, Any], expect: dict[str, Any]) -> None:
    params = {"split_salt": told["salt"], "totalShards": told["total_shards"]}
    assert recipe("eppo", params).draw.number(told["subject_key"]) == expect["shard"]


def _eppo_assign(told: dict[str, Any], expect: dict[str, Any]) -> None:
    splits, traffic = told["splits"], told["traffic"]
    (salt,) = {one["salt"] for one in splits.values()}
    params = {
        "split_salt": salt,
        "totalShards": told["total_shards"],
        "ranges": {arm: one["ranges"] for arm, one in splits.items()},
        "traffic_salt": traffic["salt"],
        "traffic_ranges": traffic["ranges"],
    }
    arms = tuple((name, Fraction(1, len(splits))) for name in splits)
    split = Split("s", arms, scheme=scheme_of("eppo", params))
    assert split.assign(told["subject_key"]).arm == expect["variation"]


def _eppo_flag(told: dict[str, Any], expect: dict[str, Any]) -> None:
    value = eppo_value(told["flag"], told["subject_key"], told["subject_attributes"])
    served = told["default"] if value is None else value
    if told["flag"]["variationType"] == "JSON" and isinstance(served, str):
        served = json.loads(served)
    assert served == expect["assignment"]


def _gofeatureflag(told: dict[str, Any], expect: dict[str, Any]) -> None:
    draw = recipe("gofeatureflag", {"flag": told["flag"]}).draw
    assert draw.size == 100_000
    if told["max_percentage"]:
        assert draw.number(told["bucketing_key"]) == expect["hash_id"]


def _flagd(told: dict[str, Any], expect: dict[str, Any]) -> None:
    unit = told["bucket_key"]
    if "total_weight" in told:
        draw = Draw(hash="murmur3", reduce="scale", buckets=told["total_weight"])
        assert draw.number(unit) == expect["bucket"]
        return
    weights = dict(told["weights"])
    params = {"flagKey": "", "weights": list(weights.values())}
    arms = tuple((name, Fraction(1, len(weights))) for name in weights)
    one = Split("s", arms, scheme=scheme_of("flagd_v2", params)).assign(unit)
    assert (one.arm, one.bucket) == (expect["variant"], expect["bucket_100"])


def _posthog(told: dict[str, Any], expect: dict[str, Any]) -> None:
    made = recipe("posthog", {"flag_key": told["flag_key"]}, traffic=HALF)
    unit = told["distinct_id"]
    for draw, level in (
        (made.gates[0].draw, "rollout_hash"),
        (made.draw, "variant_hash"),
    ):
        assert fraction(draw.number(unit)) == pytest.approx(expect[level], abs=1e-12)


def _abtestify(told: dict[str, Any], expect: dict[str, Any]) -> None:
    """One hash for exposure and arm, as the scheme `custom` writes it."""
    share = Fraction(told["treatment_split"], 100)
    params = {"hex_digits": 16, "reduce": "scale", "arm_buckets": 100}
    split = Split(
        told["experiment_name"],
        (("treatment", share), ("control", 1 - share)),
        traffic=Fraction(told["exposure"], 100),
        scheme=scheme_of("custom", params),
    )
    (gate,) = split.late
    assert gate.draw.number(told["unique_id"]) == expect["bucket"]
    assert (split.assign(told["unique_id"]).arm or "ignore") == expect["variant"]


def _default(told: dict[str, Any], expect: dict[str, Any]) -> None:
    """Holdout bucket, traffic bucket, arm bucket and arm of the default scheme."""
    held = told["global_holdout"]
    arms = tuple(
        (name, Fraction(end - start, 10_000))
        for name, (start, end) in told["arms"].items()
    )
    split = Split(
        told["salt"],
        arms,
        traffic=Fraction(told["traffic"][1], 10_000),
        holdout=HoldoutShare(
            name="global", salt=held["salt"], share=Fraction(held["buckets"][1], 10_000)
        ),
    )
    unit = told["user_id"]
    assert bucket(held["salt"], "holdout", unit) == expect["holdout_bucket"]
    assert bucket(told["salt"], "traffic", unit) == expect["traffic_bucket"]
    one = split.assign(unit)
    assert one.bucket == expect["arm_bucket"]
    if expect["assignment"] == "__global_holdout__":
        assert (one.arm, one.reason) == (None, "holdout")
    else:
        assert one.arm == expect["assignment"]


CHECKS: dict[tuple[str, str], Callable[[dict[str, Any], dict[str, Any]], None]] = {
    ("abtestify", "assign"): _abtestify,
    ("eppo", "assign"): _eppo_assign,
    ("eppo", "flag"): _eppo_flag,
    ("eppo", "shard"): _eppo_shard,
    ("flagd_v2", "fractional"): _flagd,
    ("gofeatureflag", "build_hash"): _gofeatureflag,
    ("growthbook", "bucket_ranges"): _growthbook_ranges,
    ("growthbook", "choose_variation"): _growthbook_choice,
    ("growthbook", "hash"): _growthbook_hash,
    ("growthbook", "namespace"): _growthbook_namespace,
    ("growthbook", "run"): _growthbook_run,
    ("launchdarkly", "bucket"): _launchdarkly,
    ("launchdarkly", "bucket_by_attribute_type"): _launchdarkly_type,
    ("optimizely", "bucket"): _optimizely,
    ("planout", "ops"): _planout,
    ("planout", "ops_multi_unit"): _planout,
    ("posthog", "hash"): _posthog,
    ("proposed_default", "assign"): _default,
    ("split", "bucket"): _split,
    ("statsig", "pass_percentage"): _statsig_pass,
    ("statsig", "user_bucket"): _statsig_bucket,
    ("unleash", "is_enabled"): _unleash_enabled,
    ("unleash", "normalized_hash"): _unleash_hash,
    ("unleash", "variant"): _unleash_variant,
}
