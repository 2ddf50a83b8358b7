"""PostHog: 60 bits of ``sha1("<flag>.<id>")``, with "variant" behind it for the arm.

PostHog/posthog-python, posthog/feature_flags.py: the rollout lets in what is ``<=`` its
share; variants lie on [cumulative, next), compared as fractions.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from holdback.assignment.layouts import up_to
from holdback.assignment.recipe import Gate, Planned, Recipe, first, fraction, sha1_draw
from holdback.assignment.scheme import Scheme, kinds

__all__ = ["PostHog"]


@kinds.register("posthog")
@dataclass(frozen=True, slots=True, kw_only=True)
class PostHog(Scheme):
    """A multivariate flag. `flag_key` defaults to the salt; rollout is the traffic."""

    flag_key: str | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """Rollout of the one hash, variants of the other."""
        flag = planned.salt if self.flag_key is None else self.flag_key
        gates: tuple[Gate, ...] = ()
        if planned.traffic != 1:
            rollout = sha1_draw(f"{flag}.")
            share = float(planned.traffic)
            end = first(rollout.size, lambda n: fraction(n) > share)
            gates = (Gate(rollout, ((0, end),), "outside_traffic"),)
        draw = sha1_draw(f"{flag}.", "variant")
        percents = [float(share * 100) / 100 for share in planned.shares]
        ends = list(accumulate(percents, initial=0.0))[1:]
        return Recipe(draw, up_to(ends, draw.size, fraction), gates)
