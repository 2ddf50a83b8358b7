"""What a metric's reading is called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports.examples import readout

from holdback.reports.text.result_sentences import unproven, verdict_told
from holdback.results.quantity import Quantity

RISE = Quantity(value=0.05, lower=0.01, upper=0.09)
BOTH = Quantity(value=0.01, lower=-0.03, upper=0.05)


@pytest.mark.parametrize(
    ("verdict", "relative", "absolute", "told"),
    [
        ("better", RISE, RISE, "Better"),
        ("unclear", BOTH, BOTH, "No clear change"),
        ("unclear", RISE, RISE, "No clear change"),
        (
            "unclear",
            None,
            Quantity(value=-9.0, lower=-15.0, upper=-3.0),
            "No clear change",
        ),
        ("unclear", None, None, "No clear change"),
        ("breached", RISE, RISE, "Past limit"),
    ],
)
def test_a_reading_is_one_of_the_vocabulary(
    verdict: str, relative: Quantity | None, absolute: Quantity | None, told: str
) -> None:
    """A secondary behind an unsettled primary is no clear change, and noted as such."""
    one = replace(readout(), verdict=verdict, relative=relative, absolute=absolute)
    assert verdict_told(one) == told
    one_sided = (relative or absolute) not in {BOTH, None}
    assert unproven(one) == (verdict == "unclear" and one_sided)
    early = replace(one, role="secondary")
    assert verdict_told(early, early=True) == "Too early to say"
