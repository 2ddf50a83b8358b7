"""Two labels of the same units, and how much of their agreement is chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

__all__ = ["Agreement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Units compared, those that agree, and the share that would agree by chance.

    Chance is the sum over labels of the product of both sides' shares.
    """

    n: int
    agreeing: int
    chance: float

    @classmethod
    def of(cls, pairs: Iterable[tuple[Hashable, Hashable]]) -> Agreement:
        """Agreement of pairs of labels.

        >>> Agreement.of([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
        Agreement(n=4, agreeing=3, chance=0.5)
        """
        counted = Counter(pairs)
        n = counted.total()
        left: Counter[Hashable] = Counter()
        right: Counter[Hashable] = Counter()
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
