"""The project's results: which experiments are finished, and which do not count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdback.atomic_files import read_whole
from holdback.errors import ReportError
from holdback.experiments.definition.experiment import LogLift, MoneyBasis
from holdback.facts import Fact, fact
from holdback.results.json_codec import from_json
from holdback.results.money import Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard
from holdback.results.validity import failures
from holdback.stats.evidence.effect import LogRatio

__all__ = [
    "MONEY",
    "Counted",
    "LeftOut",
    "Paid",
    "Results",
    "counted_of",
    "effect_of",
    "is_long_run",
    "lead_of",
    "paid_of",
    "readout_of",
    "results_in",
    "whole_arm",
]

FILE = "scorecard.json"
DECIDED = frozenset({"ship", "hold_back", "stop"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A result that is not counted, and why."""

    experiment: str
    reason: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All results of some folders, each experiment once.

    `finished`: by the end of their windows. `long_run`: holdbacks without an end,
    which hold the effects of the others together.
    """

    finished: tuple[Scorecard, ...]
    long_run: tuple[Scorecard, ...]
    left_out: tuple[LeftOut, ...]


def results_in(folders: Iterable[Path]) -> Results:
    """Every scorecard in the folders, in their sub-folders and `results/*`.

    Never only winners: what is left out is left out for what stands before its
    result (not over yet, failed checks, no lift at all).
    """
    read = list(_read(folders))
    cards = [card for card in read if isinstance(card, Scorecard)]
    left_out = [result for result in read if isinstance(result, LeftOut)]
    newest: dict[str, Scorecard] = {}
    for card in sorted(cards, key=_order):
        older = newest.get(card.experiment)
        if older is not None and older != card:
            left_out.append(
                LeftOut(experiment=card.experiment, reason=fact("finished.another"))
            )
        newest[card.experiment] = card
    finished, long_run = [], []
    for card in newest.values():
        reason = _why_not(card)
        if reason is not None:
            left_out.append(LeftOut(experiment=card.experiment, reason=reason))
        elif is_long_run(card):
            long_run.append(card)
        else:
            finished.append(card)
    return Results(
        finished=tuple(sorted(finished, key=_order)),
        long_run=tuple(sorted(long_run, key=_order)),
        left_out=tuple(sorted(left_out, key=lambda result: result.experiment)),
    )


def is_long_run(card: Scorecard) -> bool:
    """Whether it is read with no end in sight."""
    analysis = card.configuration.get("analysis", {})
    return isinstance(analysis, dict) and analysis.get("looks") == "always_valid"


def whole_arm(card: Scorecard) -> str:
    """The one treatment arm, or ``*`` for all of several together."""
    treated = [arm.arm for arm in card.arms if not arm.control]
    return treated[0] if len(treated) == 1 else "*"


def effect_of(card: Scorecard, metric: str) -> LogLift | None:
    """The lift of a metric over all units and treatment arms, where there is one."""
    readout = readout_of(card, metric)
    known = None if readout is None else readout.log_lift
    return known if known is not None and known.se > 0 else None


def readout_of(card: Scorecard, metric: str) -> Readout | None:
    """What the experiment says of a metric over all units and treatment arms."""
    arm = whole_arm(card)
    return next(
        (
            r
            for r in card.readouts
            if (r.metric, r.arm, r.segment) == (metric, arm, None)
        ),
        None,
    )


def _read(folders: Iterable[Path]) -> Iterator[Scorecard | LeftOut]:
    for path in dict.fromkeys(p.resolve() for f in folders for p in _files(f)):
        try:
            yield from_json(read_whole(path).decode("utf-8"))
        except ReportError as error:
            what = error.problems[0]
            yield LeftOut(
                experiment=path.parent.name,
                reason=fact(
                    "finished.damaged",
                    why=" ".join(filter(None, (what.where, what.what))),
                ),
            )
        except (OSError, UnicodeDecodeError):
            yield LeftOut(
                experiment=path.parent.name, reason=fact("finished.unreadable")
            )


def _files(folder: Path) -> list[Path]:
    places = (folder, folder / "results")
    files = {path for place in places for path in place.glob(f"*/{FILE}")}
    return sorted({*files, *(p for p in (folder / FILE,) if p.is_file())})


def _order(card: Scorecard) -> tuple[str, str, str]:
    return (card.window_end or "", card.as_of or "", card.experiment)


def _why_not(card: Scorecard) -> Fact | None:
    if card.validity.is_invalid:
        failed = tuple(check.check for check in failures(card.checks))
        return fact("finished.check_failed", checks=failed)
    if is_long_run(card):
        return None
    decided = card.decision is not None and card.decision.outcome in DECIDED
    if not card.final and not decided:
        return fact("finished.running")
    return None


MONEY = "money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """Money of all treatment arms, and what it rests on."""

    money: Money
    basis: MoneyBasis

    @property
    def cost(self) -> float:
        """All costs; 0 where none were given."""
        return 0.0 if self.money.cost is None else self.money.cost.total

    @property
    def cost_se(self) -> float:
        """The costs' own error; 0 where they are known."""
        return 0.0 if self.money.cost is None else self.money.cost.se or 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A finished experiment whose effect can be put together with the others'."""

    card: Scorecard
    metric: str
    effect: LogLift
    paid: Paid | None = None

    @property
    def kept(self) -> bool:
        """Whether it was decided to keep the treatment on."""
        return self.card.decision is not None and self.card.decision.outcome == "ship"

    @property
    def better(self) -> str:
        """Which way is better: ``higher`` or ``lower``."""
        return next(
            (m.better for m in self.card.metrics if m.metric == self.metric), "higher"
        )

    @property
    def told(self) -> tuple[Quantity, float] | None:
        """The lift with the range that its own report tells, and the range's level."""
        readout = readout_of(self.card, self.metric)
        if readout is None or readout.relative is None:
            return None
        return readout.relative, readout.level

    @property
    def ratio(self) -> LogRatio:
        """Its effect as statistics take it."""
        return LogRatio(value=self.effect.value, se=self.effect.se)


def counted_of(
    cards: Sequence[Scorecard],
) -> tuple[str, list[Counted], list[LeftOut]]:
    """What the effects are of, the experiments that have one, and the others.

    Where any experiment has money they are lifts of the money's metric, else of the
    primary that most of them share.
    """
    paid = {card.experiment: money for card in cards if (money := paid_of(card))}
    primaries = Counter(map(_primary, cards))
    lead = (
        MONEY
        if paid
        else max(sorted(primaries), key=lambda name: primaries[name], default="")
    )
    counted, rest = [], []
    for card in cards:
        counted_experiment = lead_of(card)
        if counted_experiment is None or lead != (
            MONEY if counted_experiment.paid else counted_experiment.metric
        ):
            metric = None if lead == MONEY else lead
            reason = fact("finished.no_lift", metric=metric)
            rest.append(LeftOut(experiment=card.experiment, reason=reason))
        else:
            counted.append(counted_experiment)
    return lead, counted, rest


def lead_of(card: Scorecard) -> Counted | None:
    """The effect on the money's metric, else on the primary; None without one."""
    paid = paid_of(card)
    if paid is not None:
        return Counted(
            card=card,
            metric=paid.money.value_metric,
            effect=paid.basis.log_lift,
            paid=paid,
        )
    primary = _primary(card)
    effect = effect_of(card, primary)
    if effect is None:
        return None
    return Counted(card=card, metric=primary, effect=effect)


def paid_of(card: Scorecard) -> Paid | None:
    """The money that the report shows, where it rests on a lift.

    Of several arms that is the arm which the decision keeps or puts ahead; where it
    does neither, all of them together.
    """
    arms = [money.arm for money in card.money if money.arm != "*"]
    ahead = card.decision.ahead if card.decision and len(arms) > 1 else None
    total = next((m for m in card.money if m.arm == (ahead or "*")), None)
    if total is None or total.basis is None:
        return None
    usable = total.basis.treated_total > 0 and total.basis.log_lift.se > 0
    return Paid(money=total, basis=total.basis) if usable else None


def _primary(card: Scorecard) -> str:
    return next((m.metric for m in card.metrics if m.role == "primary"), "")
