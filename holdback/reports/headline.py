"""The decision in words, and the colour that it is told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.experiments.scorecard import Scorecard

__all__ = ["OUTCOMES", "Headline", "best_arm", "headline"]

Tone = Literal["good", "bad", "watch", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A short title and its tone."""

    title: str
    tone: Tone


OUTCOMES: dict[str, Headline] = {
    "ship": Headline(title="Keep it on", tone="good"),
    "hold_back": Headline(title="Do not ship it", tone="bad"),
    "keep_testing": Headline(title="Not settled yet", tone="plain"),
    "stop": Headline(title="Stop the test", tone="bad"),
    "invalid": Headline(title="This result cannot be used", tone="bad"),
}


def headline(scorecard: Scorecard) -> Headline:
    """The decision's title, coloured by the worst blocking fact."""
    decision = scorecard.decision
    if decision is None:
        return Headline(title="No decision", tone="plain")
    if decision.outcome == "keep_testing" and scorecard.preview is not None:
        return Headline(title="Too early to decide", tone="plain")
    found = OUTCOMES[decision.outcome]
    guarded = [
        r for r in scorecard.readouts if r.role == "guardrail" and r.verdict != "safe"
    ]
    if decision.outcome == "ship" and guarded:
        return Headline(
            title=f"{_kept(scorecard)}, but watch the guardrails", tone="watch"
        )
    if decision.outcome == "ship":
        return Headline(title=_kept(scorecard), tone="good")
    return found


def _kept(scorecard: Scorecard) -> str:
    """Which arm to keep on, where there are several to choose from."""
    decision = scorecard.decision
    arms = decision.arms if decision else ()
    best = best_arm(scorecard)
    if len(arms) < 2 or best is None:
        return OUTCOMES["ship"].title
    label = {a.arm: a.label or a.arm for a in scorecard.arms}
    return f"Keep “{label.get(best, best)}” on"


def best_arm(scorecard: Scorecard) -> str | None:
    """The arm that the decision is about; None where its reasons fit several."""
    decision = scorecard.decision
    if decision is None:
        return None
    told = (decision.outcome, decision.reasons)
    found = [a.arm for a in decision.arms if (a.outcome, a.reasons) == told]
    return found[0] if len(found) == 1 else None
