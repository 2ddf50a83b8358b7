"""The house's scheme by its name."""

from fractions import Fraction

import pytest

from holdback.assignment.scheme_params import scheme_of
from holdback.assignment.split import Split
from holdback.errors import AssignmentError

HALF = Fraction(1, 2)
ARMS = (("control", HALF), ("treatment", HALF))


def test_md5_is_one_keyword_away() -> None:
    """`hash: md5` takes 13 digits of MD5 over the same key, here by hand."""
    import hashlib

    split = Split("s", ARMS, scheme=scheme_of("holdback", {"hash": "md5"}))
    digest = hashlib.md5(b"s:arm:u", usedforsecurity=False).hexdigest()
    assert split.assign("u").bucket == int(digest[:13], 16) % 10_000


def test_salt_with_a_colon_is_rejected() -> None:
    """A colon could make two keys meet."""
    with pytest.raises(AssignmentError, match="colon"):
        Split("a:b", ARMS)
