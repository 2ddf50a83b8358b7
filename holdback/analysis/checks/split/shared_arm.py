"""Whether customers were split, or countries, stores or accounts of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding
from holdback.stats.srm.agreement import homogeneity

__all__ = ["SharedArm"]

BY_CHANCE = 1e-6
MOSTLY_ONE_ARM, SOME_SHARE = 0.5, 0.2
LEAST_KNOWN = 20
MANY_LEVELS = 20
OF_THE_ARM = frozenset({
    "ab", "algo", "algorithm", "arm", "assigned", "assignment", "banner", "bucket",
    "campaign", "cell", "cohort", "condition", "control", "coupon", "creative",
    "delivered", "design", "discount", "email", "exp", "experiment", "exposed",
    "feature", "flag", "group", "grp", "holdout", "landing", "layout", "mail",
    "message", "model", "offer", "opened", "page", "price", "promo", "promotion",
    "received", "sent", "shown", "split", "subject", "template", "test", "treated",
    "treatment", "url", "variant", "variation", "version", "voucher",
})  # fmt: skip
"""Words in the name of a column that tells what the arm is, or what it got."""
OF_THE_UNIT = frozenset({
    "account", "age", "agency", "branch", "brand", "browser", "business",
    "category", "channel", "city", "class", "clinic", "club", "company", "country",
    "county", "currency", "customer", "department", "device", "district", "domain",
    "employer", "family", "franchise", "gender", "geo", "household", "industry",
    "lang", "language", "locale", "location", "market", "merchant", "nation",
    "office", "org", "organisation", "organization", "os", "owner", "plan",
    "platform", "postcode", "postal", "province", "region", "rep", "retailer",
    "sales", "school", "seller", "sex", "shop", "site", "state", "store", "team",
    "tenant", "territory", "tier", "timezone", "town", "vendor", "warehouse",
    "website", "workspace", "zip", "zone",
})  # fmt: skip
"""Words in the name of a column that a unit has before any test."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of two units or more: how many, their units, and how far from chance.

    `sharing` is how much more often two units of a level share an arm than any two
    do, of what is possible: 1 where each level lies in one arm, 0 by chance.
    """

    levels: int
    units: int
    sharing: float
    p_value: float


@kinds.register("shared_arm")
class SharedArm:
    """Columns of the exposures whose levels lie in one arm each, or nearly so.

    Pearson's chi-square of levels by arm, with the exact mean and variance of all
    random splits (so that many small levels are read rightly), below 1e-6 over all
    columns; and units of a level share an arm half as often as they could beyond
    chance, or a fifth where there are 20 levels or more. Such units were drawn
    together: `cluster` is what is missing. With fewer levels it is not they that were
    drawn: the check fails where every level lies in one arm and the column's name says
    that it is of the unit (country, store), and warns otherwise. Columns that by their
    name say only what the arm is, or what it got, are left out.
    """

    order: ClassVar = 45

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding where exposures have other columns with levels."""
        known = {c: _read(rows) for c, rows in evidence.quality.levels.items()}
        tested = {
            column: levels
            for column, levels in known.items()
            if levels is not None
            and (_words(column) & OF_THE_UNIT or not _words(column) & OF_THE_ARM)
        }
        seen = [
            _told(column, levels)
            for column, levels in tested.items()
            if levels.p_value * len(tested) < BY_CHANCE
            and levels.sharing
            >= (SOME_SHARE if levels.levels >= MANY_LEVELS else MOSTLY_ONE_ARM)
        ]
        if seen:
            sure = any(one.code == "shared_arm.split" for one in seen)
            columns = fact("shared_arm.seen", columns=tuple(seen))
            yield Finding(
                check="shared_arm", status="fail" if sure else "warn", fact=columns
            )
        elif tested:
            spread = fact("shared_arm.spread", columns=tuple(sorted(tested)))
            yield Finding(check="shared_arm", status="pass", fact=spread)


def _told(column: str, seen: Levels) -> Fact:
    """What it means that the levels of a column share their arm."""
    if seen.levels >= MANY_LEVELS:
        return fact("shared_arm.cluster", column=column, levels=seen.levels)
    words = _words(column)
    own = words & OF_THE_UNIT and not words & OF_THE_ARM
    if own and seen.sharing >= 1:
        return fact("shared_arm.split", column=column, levels=seen.levels)
    return fact("shared_arm.suspect", column=column, levels=seen.levels)


def _words(column: str) -> frozenset[str]:
    """Words of a name, in lower case: ``shopCountry`` has shop and country."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower()
    return frozenset(re.findall(r"[a-z]+", parted))


def _read(rows: Iterable[tuple[int, ...]]) -> Levels | None:
    """Levels by arm; None where they are too few to tell, or of one arm."""
    table = [units for count, *units in rows for _ in range(count)]
    arms = [sum(column) for column in zip(*table, strict=True)]
    whole = sum(arms)
    if len(table) < 2 or whole < LEAST_KNOWN or max(arms) == whole:
        return None
    pairs = sum(sum(row) * (sum(row) - 1) for row in table)
    alike = sum(n * (n - 1) for row in table for n in row)
    usual = sum(n * (n - 1) for n in arms) / (whole * (whole - 1))
    return Levels(
        levels=len(table),
        units=whole,
        sharing=(alike / pairs - usual) / (1 - usual),
        p_value=homogeneity(table),
    )
