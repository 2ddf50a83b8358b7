"""Two labels of the same units, and how much of their agreement is chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Agreement"]

Label = TypeVar("Label", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Units compared, those that agree, and the share that would agree by chance.

    Chance is the sum over labels of the product of both sides' shares.
    """

    n: int
    agreeing: int
    chance: float

    @classmethod
    def of(cls, pairs: Iterable[tuple[Label, Label]]) -> Agreement:
        """Agreement of pairs of labels.

        >>> Agreement.of([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
        Agreement(n=4, agreeing=3, chance=0.5)
        """
        return cls.counted(Counter(pairs))

    @classmethod
    def counted(cls, counted: Mapping[tuple[Label, Label], int]) -> Agreement:
        """Agreement of pairs of labels that are counted already."""
        n = sum(counted.values())
        left: Counter[Label] = Counter()
        right: Counter[Label] = Counter()
        for (one, other), count in counted.items():
            left[one] += count
            right[other] += count
        return cls(
            n=n,
            agreeing=sum(k for (one, other), k in counted.items() if one == other),
            chance=sum(left[label] * right[label] for label in left) / n**2 if n else 0,
        )

    @property
    def share(self) -> float:
        """Share of the units that agree; 0 for no units."""
        return self.agreeing / self.n if self.n else 0.0

    @property
    def kappa(self) -> float:
        """Agreement beyond chance, of what chance leaves: 1 is perfect, 0 is chance.

        0 where chance alone agrees always.

        References
        ----------
        Cohen (1960), "A Coefficient of Agreement for Nominal Scales", Educational and
        Psychological Measurement 20, equation 1.
        """
        left = 1 - self.chance
        return (self.share - self.chance) / left if left > 0 else 0.0

    @property
    def p_value(self) -> float:
        """Probability of so much agreement if each unit agreed by chance alone.

        The upper tail of a binomial distribution.
        """
        if self.agreeing == 0:
            return 1.0
        from scipy.special import bdtrc

        return float(bdtrc(self.agreeing - 1, self.n, self.chance))
