"""The decision in words, and the colour that it is told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdback.results.scorecard import Scorecard
from holdback.wording import say, texts

__all__ = ["Headline", "best_arm", "headline", "outcome"]

Tone = Literal["good", "bad", "watch", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A short title and its tone."""

    title: str
    tone: Tone


TONES: dict[str, Tone] = {
    "ship": "good",
    "hold_back": "bad",
    "keep_testing": "plain",
    "stop": "bad",
    "invalid": "bad",
}


def outcome(name: str) -> Headline:
    """The title of an outcome, whatever else may be said of it."""
    return Headline(title=texts("headline.outcomes")[name], tone=TONES[name])


def headline(scorecard: Scorecard) -> Headline:
    """The decision's title, coloured by the worst blocking fact."""
    decision = scorecard.decision
    if decision is None:
        return Headline(title=say("headline.no_decision"), tone="plain")
    if decision.outcome == "keep_testing" and scorecard.preview is not None:
        return Headline(title=say("headline.too_early_to_decide"), tone="plain")
    found = outcome(decision.outcome)
    guarded = [
        r for r in scorecard.readouts if r.role == "guardrail" and r.verdict != "safe"
    ]
    if decision.outcome == "ship" and guarded:
        return Headline(
            title=say("headline.but_watch_the_guardrails", scorecard=_kept(scorecard)),
            tone="watch",
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
        return outcome("ship").title
    label = {a.arm: a.label or a.arm for a in scorecard.arms}
    return say("headline.kept", best=label.get(best, best))


def best_arm(scorecard: Scorecard) -> str | None:
    """The arm that the decision is about; None where its reasons fit several."""
    decision = scorecard.decision
    if decision is None:
        return None
    told = (decision.outcome, decision.reasons)
    found = [a.arm for a in decision.arms if (a.outcome, a.reasons) == told]
    return found[0] if len(found) == 1 else None
