"""PlanOut: ``sha1("<experiment_salt>.<param_salt>.<id>")``, first 15 hex digits.

facebookarchive/planout, python/planout/ops/random.py: `WeightedChoice` compares
``fraction * sum(weights) <= cumulative weight``, `UniformChoice` takes the hash modulo
the number of choices, `BernoulliTrial` lets in what is ``<= p``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Literal

from holdback.assignment.layouts import in_order, one_each
from holdback.assignment.recipe import (
    Draw,
    Gate,
    Planned,
    Recipe,
    first,
    fraction,
    sha1_draw,
)
from holdback.assignment.scheme import Scheme, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["PlanOut"]


@kinds.register("planout")
@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOut(Scheme):
    """A parameter drawn by PlanOut; arms are its choices, in order.

    `experiment_salt` defaults to the salt; `param_salt` is the parameter's name (or
    its own salt). `gate_salt` names the BernoulliTrial that lets the traffic in.
    """

    param_salt: str
    experiment_salt: str | None = None
    op: Literal["WeightedChoice", "UniformChoice"] = "WeightedChoice"
    weights: tuple[Fraction, ...] | None = None
    gate_salt: str | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """The trial that opens the traffic, then the choice.

        Raises AssignmentError for unequal shares of a uniform choice, or traffic below
        100 % without a salt of its own.
        """
        salt = planned.salt if self.experiment_salt is None else self.experiment_salt
        gates = self._gates(salt, planned.traffic)
        before = f"{salt}.{self.param_salt}."
        if self.op == "UniformChoice":
            choices = len(planned.arms)
            if len(set(planned.shares)) > 1:
                raise AssignmentError(
                    Problem(
                        what="UniformChoice draws equal shares, the arms have others",
                        fix="Use op: WeightedChoice, or equal shares.",
                    )
                )
            draw = Draw(hash="sha1", digits=15, before=before, buckets=choices)
            return Recipe(draw, in_order([1] * choices), gates)
        draw = sha1_draw(before)
        return Recipe(draw, self._weighted(planned, draw.size), gates)

    def _weighted(
        self, planned: Planned, size: int
    ) -> tuple[tuple[int, int, int], ...]:
        weights = [float(w) for w in self.weights or planned.shares]
        one_each(weights, planned)
        *_, total = sums = list(accumulate(weights, initial=0.0))[1:]
        ends = [
            first(size, lambda n, s=s: total * fraction(n) > s)  # type: ignore[misc]
            for s in sums
        ]
        return tuple(zip((0, *ends), ends, range(len(ends)), strict=False))

    def _gates(self, salt: str, traffic: Fraction) -> tuple[Gate, ...]:
        if traffic == 1:
            return ()
        if self.gate_salt is None:
            raise AssignmentError(
                Problem(
                    what="a traffic below 100% needs `gate_salt` under PlanOut",
                    why="The trial that lets units in is a parameter of its own.",
                    fix="Add `params: {gate_salt: NAME}`, the trial's name.",
                )
            )
        draw = sha1_draw(f"{salt}.{self.gate_salt}.")
        end = first(draw.size, lambda n: fraction(n) > float(traffic))
        return (Gate(draw, ((0, end),), "outside_traffic"),)
