"""The plan's design in sentences: how long, how large, what it costs."""

from __future__ import annotations

from collections.abc import Iterator

from holdback.experiments.designing import YEAR, Design

__all__ = ["told"]


def told(
    design: Design, *, label: str, control_share: float, power: float, currency: str
) -> Iterator[str]:
    """Sentences about the primary metric, the most important first."""
    if design.target_lift is not None:
        yield from _target(design, label, control_share, power)
        yield from _cost(design, control_share, currency)
    if design.answer_on is not None:
        yield (
            f"About {design.units_per_week:,.0f} units join in a week, and the last of "
            f"them has had its time on {design.answer_on}."
        )
    if design.looks_factor is not None:
        planned = design.looks[0].on is not None
        half = next((look for look in design.looks if look.chance >= 0.5), None)
        early = (
            "; at that lift, half of all tests can stop "
            + (f"by week {half.week}" if half.on is None else f"on {half.on}")
            if half is not None
            else ""
        )
        yield (
            f"{'The planned looks cost' if planned else 'Reading every week costs'} "
            f"{_percent(design.looks_factor - 1)} more units{early}."
        )
    if design.test_and_roll is not None:
        yield (
            "Where the better arm is simply rolled out to everyone who comes within a "
            f"year, whatever its p-value, {design.test_and_roll:,} units in each arm "
            "earn most (test & roll, under the file's prior)."
        )


def _target(
    design: Design, label: str, control_share: float, power: float
) -> Iterator[str]:
    lift = _percent(design.target_lift or 0.0)
    often = f"{10 * power:.3g} times in 10"
    if design.weeks_at_half is None:
        yield (
            f"A lift of {lift} in {label} cannot be proved within a year, not even "
            "with half of the units held back. Aim at a larger change, at a metric "
            "that varies less, or at more units."
        )
        return
    if design.weeks_needed is None:
        yield (
            f"With {_percent(control_share)} held back, finding a lift of {lift} in "
            f"{label} {often} takes more than {YEAR} weeks; with half held back "
            f"{design.weeks_at_half}."
        )
        return
    shorter = (
        f" (with half held back: {design.weeks_at_half})"
        if design.weeks_at_half < design.weeks_needed
        else ""
    )
    yield (
        f"Run it for {design.weeks_needed} weeks with {_percent(control_share)} held "
        f"back{shorter}: a lift of {lift} in {label} is then found {often}."
    )


def _cost(design: Design, control_share: float, currency: str) -> Iterator[str]:
    if design.forgone is not None:
        yield (
            f"If the lift is there, {_percent(control_share)} held back gives up about "
            f"{design.forgone:,.0f} {currency} of gross profit."
        )
    if design.cheapest_share is not None:
        money = (
            f", which gives up {design.forgone_cheapest:,.0f} {currency}"
            if design.forgone_cheapest is not None
            else ""
        )
        yield (
            "The smallest share that proves it with the planned units is "
            f"{_percent(design.cheapest_share)}{money}."
        )
    elif not design.hopeless:
        yield "With the planned units no share proves it: plan for more weeks."
    stepped = design.stepped
    if stepped is not None and stepped.detectable_lift is not None:
        price = (
            f" and gives up {stepped.forgone:,.0f} {currency}"
            if stepped.forgone is not None
            else ""
        )
        yield (
            f"Half held back for the first {stepped.weeks} weeks and "
            f"{_percent(control_share)} afterwards (compared within weeks, each as a "
            f"phase) finds {_percent(stepped.detectable_lift)}{price}."
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
