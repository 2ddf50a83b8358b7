"""The published vectors of the default scheme."""

import json
from fractions import Fraction
from pathlib import Path

from holdback.assignment.schemes.holdback import bucket
from holdback.assignment.split import Split


def test_assignment_against_vectors(shared: Path) -> None:
    """Traffic bucket, arm bucket and arm are those of every published vector."""
    text = (shared / "reference" / "assignment_vectors.json").read_text("utf-8")
    vectors = [
        v for v in json.loads(text)["vectors"] if v["system"] == "proposed_default"
    ]
    assert len(vectors) == 16
    for vector in vectors:
        told, expected = vector["inputs"], vector["expect"]
        arms = tuple(
            (name, Fraction(end - start, 10_000))
            for name, (start, end) in told["arms"].items()
        )
        traffic = Fraction(told["traffic"][1], 10_000)
        split = Split(told["salt"], arms, traffic=traffic)
        unit = told["user_id"]
        assert bucket(told["salt"], "traffic", unit) == expected["traffic_bucket"]
        assert split.assign(unit).bucket == expected["arm_bucket"]
        if expected["assignment"] != "__global_holdout__":
            assert split.assign(unit).arm == expected["assignment"]
