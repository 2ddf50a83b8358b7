"""What a metric's reading is called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports.examples import readout

from holdback.reports.text.result_sentences import verdict_told
from holdback.results.quantity import Quantity

RISE = Quantity(value=0.05, lower=0.01, upper=0.09)
BOTH = Quantity(value=0.01, lower=-0.03, upper=0.05)


@pytest.mark.parametrize(
    ("verdict", "relative", "absolute", "told"),
    [
        ("better", RISE, RISE, "Better"),
        ("unclear", BOTH, BOTH, "Can’t tell yet"),
        ("unclear", RISE, RISE, "Not proof yet"),
        ("unclear", None, Quantity(value=-9.0, lower=-15.0, upper=-3.0), "Not proof"),
        ("unclear", None, None, "Can’t tell yet"),
        ("breached", RISE, RISE, "Past the limit"),
    ],
)
def test_a_range_on_one_side_that_is_no_proof_is_not_called_unclear(
    verdict: str, relative: Quantity | None, absolute: Quantity | None, told: str
) -> None:
    """A secondary behind an unsettled primary: what it shows is not called unknown."""
    one = replace(readout(), verdict=verdict, relative=relative, absolute=absolute)
    assert verdict_told(one).startswith(told)
