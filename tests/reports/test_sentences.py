"""Every sentence of the report, word by word, against the numbers that it tells."""

from __future__ import annotations

# ruff: noqa: E501  # sentences read best as they are
from dataclasses import replace
from math import exp, log
from typing import Any

import pytest
from reports.examples import broken_split, clear_win, no_answer, readout

from holdback.economics import decision
from holdback.facts import Fact, fact
from holdback.reports.text import money_sentences, precision_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.codes import SENTENCES
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.money import Chances
from holdback.results.quantity import Quantity
from holdback.results.scorecard import (
    Estimates,
    Finding,
    Interaction,
    Look,
    Plain,
    PointEstimate,
    Reached,
)
from holdback.results.sections.against_plan import Outlook
from holdback.results.sections.simulation import MethodRecord, Simulation

CARD = clear_win()
W = Words.of(CARD)
MONEY = CARD.money[-1]
CHANCE = 0.88
"""That its money pays, as in the example."""
OPEN = no_answer().readouts[0]
WIN = CARD.readouts[0]
GUARD = CARD.readouts[2]
NET = replace(
    WIN,
    unadjusted=Plain(
        method="log_delta",
        estimates=Estimates(
            control=PointEstimate(value=4.44, units=6021),
            treatment=PointEstimate(value=4.60, units=54102),
        ),
    ),
)
"""The same, read net of the time before the test."""
BETWEEN: dict[str, Any] = {
    "ahead": "bold",
    "other": "personalized",
    "others": 1,
    "metric": "revenue",
    "a": "bold",
    "b": "personalized",
    "scale": "relative",
    "effect": {"value": 0.12, "lower": 0.02, "upper": 0.22},
}
"""Two treatment arms against each other."""
RISKS = Chances(
    expected_loss_if_shipped=120.0, expected_loss_if_held=45.0, week_of_data=1.0
)
LOOK = Look(
    information=0.62,
    boundary=2.61,
    decision_alpha=0.009,
    rule="spending",
    number=2,
    alpha_spent=0.0123,
)
REPLAYS = Simulation(
    experiment="recs",
    plan_hash="0",
    metric="revenue",
    label="Revenue per visitor",
    arm="personalized",
    units=5000,
    with_value=400,
    smaller_arm=500,
    level=0.95,
    lift=0.1,
    replays=1000,
    replays_with_lift=200,
    methods={},
    records=(
        MethodRecord(
            method="chosen",
            false_wins=0.02,
            false_losses=0.03,
            error=0.007,
            power=0.6,
            coverage=0.95,
            no_interval=0.0,
        ),
        MethodRecord(
            method="welch",
            false_wins=0.01,
            false_losses=0.06,
            error=0.008,
            power=0.55,
            coverage=0.93,
            no_interval=0.0,
        ),
    ),
)
SPREAD = log(1.10 / 0.95)
"""Width on the log scale of a range from −5 % to +10 %."""
FOUND = exp((1.959964 + 0.841621) * SPREAD / (2 * 1.959964)) - 1
"""What such a range finds 8 times in 10: (z of 95 % + z of 80 %) standard errors."""

TOLD = {
    "lead": (
        sentences.lead(W, WIN),
        (
            "Revenue per visitor was 4.8% higher with “Recommendations”: €4.52 instead "
            "of €4.31 (likely +1.3% to +8.4%)."
        ),
    ),
    "lead, unclear": (
        sentences.lead(W, OPEN),
        (
            "This test can’t tell whether Revenue per visitor rose or fell with "
            "“Recommendations”: €4.52 instead of €4.31 (+1.7%, likely −0.9% to +4.3%)."
        ),
    ),
    "changed": (
        sentences.changed(W, WIN),
        (
            "Revenue per visitor was 4.8% higher with “Recommendations” than with “No "
            "personalization” (likely +1.3% to +8.4%)."
        ),
    ),
    "changed, unclear": (
        sentences.changed(W, OPEN),
        (
            "Revenue per visitor was 1.7% higher with “Recommendations” than with “No "
            "personalization” (likely −0.9% to +4.3%, so chance alone may explain it)."
        ),
    ),
    "changed, without a lift": (
        sentences.changed(W, replace(WIN, relative=None)),
        (
            "Revenue per visitor was €0.21 higher with “Recommendations” than with “No "
            "personalization” (likely +€0.06 to +€0.35)."
        ),
    ),
    "baseline": (
        sentences.baseline(W, WIN),
        "It was €4.52 in “Recommendations” and €4.31 in “No personalization”.",
    ),
    "baseline, adjusted": (
        sentences.baseline(W, NET),
        (
            "As counted, it was €4.60 in “Recommendations” and €4.44 in “No "
            "personalization”. Adjusted for behaviour before the test, which is what the "
            "change is read from, it was €4.52 and €4.31."
        ),
    ),
    "counted": (
        sentences.counted(W, NET),
        (
            "Revenue per visitor: the table has values adjusted for behaviour before the "
            "test. As counted, it was €4.44 without and €4.60 with."
        ),
    ),
    "sure": (
        sentences.sure(W, WIN),
        (
            "The chance that Revenue per visitor really rose because of it is more than "
            "99 in 100."
        ),
    ),
    "sure, of a minimum": (
        sentences.sure(W, GUARD, 0.02),
        (
            "The chance that Unsubscribe rate really fell because of it is less than 1 in "
            "100, and that it fell by 2.0% or more, the smallest change that matters, "
            "about 98 in 100."
        ),
    ),
    "no_number": (
        sentences.no_number(
            W, replace(WIN, note=fact("facts.text", text="Only 3 buyers."))
        ),
        "Revenue per visitor cannot be compared. Only 3 buyers.",
    ),
    "decision.no_number": (
        tell(  # 20 of 12 times 173 is 288.3
            W,
            decision.no_number(
                replace(
                    WIN,
                    note=fact("facts.text", text="Only 12 buyers."),
                    estimates=Estimates(
                        control=PointEstimate(value=4.6, units=173, nonzero=12),
                        treatment=PointEstimate(value=5.4, units=19827, nonzero=1657),
                    ),
                )
            ),
        ),
        (
            "Revenue per visitor cannot be compared. Only 12 buyers. "
            "To be read at all, “No personalization” takes about 289 units in place of "
            "173, at the rate of Revenue per visitor that was seen, and more for a "
            "narrow range."
        ),
    ),
    "decision.no_number, enough": (
        tell(W, decision.no_number(WIN)),
        f"Revenue per visitor cannot be compared. {WIN.note.numbers['text']}",
    ),
    "decision.pays_but_guardrail": (
        tell(W, fact("decision.pays_but_guardrail", chance=CHANCE, level=0.85)),
        (
            "Although the chance that it earns more than it costs is about 88 in 100, "
            "and the rule asks for 85%, it must not be kept on as it is: a guardrail is "
            "past its limit."
        ),
    ),
    "added_share": (
        money_sentences.added_share(W, Quantity(value=0.1, lower=0.02, upper=0.2)),
        (
            "10.0% of the treated units' revenue was added by the treatment (likely 2.0% "
            "to 20.0%); the rest would have come anyway, whatever it touched."
        ),
    ),
    "added_share, lost": (
        money_sentences.added_share(W, Quantity(value=-0.1, lower=-0.25, upper=-0.02)),
        (
            "The treatment took revenue away: without it the treated units would have "
            "brought 10.0% more than they did (likely 2.0% to 25.0%)."
        ),
    ),
    "money_and_lift": (
        money_sentences.money_and_lift(
            W,
            replace(  # 1,000 came; 1,250 without the treatment, or 800
                MONEY,
                incremental_revenue=Quantity(value=0.0, lower=-250.0, upper=200.0),
                incremental_share=Quantity(value=0.0, lower=-0.25, upper=0.2),
            ),
        ),
        (
            "The money has the range of the lift: a lift of −20.0% is €250 lost, one of "
            "+25.0% is €200 gained. The loss is the larger amount because a lift is a "
            "share of what would have come without the treatment: the more was lost, "
            "the more would have come."
        ),
    ),
    "money_and_lift, where both lean alike": (
        money_sentences.money_and_lift(
            W,
            replace(
                MONEY,
                incremental_revenue=Quantity(value=100.0, lower=-150.0, upper=200.0),
                incremental_share=Quantity(value=0.05, lower=-0.25, upper=0.2),
            ),
        ),
        "",
    ),
    "decision.preview": (
        tell(
            W,
            fact("decision.preview", why=fact("facts.text", text="the window is open")),
        ),
        "This is a preview, and nothing is decided from it: the window is open.",
    ),
    "look": (
        sentences.look(W, LOOK, 0.95),
        (
            "This is look 2, at 62% of the planned information. Of the 5.0% of error "
            "allowed in all, 1.2% is spent by now, so ranges reach 2.61 standard errors to "
            "each side in place of 1.96."
        ),
    ),
    "look, without an end": (
        sentences.look(W, replace(LOOK, number=None, rule="always_valid"), 0.95),
        (
            "The result may be read at any time, with no end in sight; for that, ranges "
            "reach 2.61 standard errors to each side in place of 1.96."
        ),
    ),
    "after_looks": (
        sentences.after_looks(W, Quantity(value=0.04, lower=0.01, upper=0.07)),
        (
            "A test that may stop at each of several looks stops on lucky days too; "
            "allowing for that, the lift is +4.0% (likely +1.0% to +7.0%)."
        ),
    ),
    "reached": (
        sentences.reached(
            W,
            replace(
                WIN,
                reached=Reached(
                    metric="seen",
                    control=0.0,
                    treatment=0.5,
                    effect=Quantity(value=0.42, lower=0.11, upper=0.7),
                ),
            ),
        ),
        (
            "In “Recommendations”, 50.0% of units were really reached (0.0% without). If "
            "nobody else was affected, Revenue per visitor changed for each of them by "
            "+€0.42 (likely +€0.11 to +€0.70)."
        ),
    ),
    "differ": (
        sentences.differ(
            W,
            Interaction(
                metric="revenue",
                arm="personalized",
                dimension="device",
                p_value=0.04,
                p_value_adjusted=0.2,
            ),
        ),
        (
            "The groups do not differ in how Revenue per visitor changed by more than "
            "chance would make them (p 0.040, corrected for the number of such tests "
            "0.200)."
        ),
    ),
    "checked": (
        sentences.checked(
            Words.of(replace(CARD, locale="de-DE")),
            Finding(
                check="srm",
                status="pass",
                fact=Fact("srm.as_planned", message="holdback 6,005 (30.5 %)."),
            ),
        ),
        "holdback 6.005 (30,5\xa0%).",
    ),
    "decision.guardrail": (
        tell(W, decision.guardrail_fact(replace(GUARD, verdict="breached"))),
        (
            "Unsubscribe rate is past the limit of 5% that was set: 2.0% with the "
            "treatment, 2.0% without (change −1.0%, likely −5.0% to +3.0%)."
        ),
    ),
    "decision.check_failed": (
        tell(
            Words.of(replace(CARD, locale="de-DE")),
            fact(
                "decision.check_failed",
                check="srm",
                finding=Fact("srm.as_planned", message="holdback 6,005."),
            ),
        ),
        "holdback 6.005.",
    ),
    "guardrail": (
        sentences.guardrail(W, replace(GUARD, verdict="at_risk")),
        (
            "Unsubscribe rate may be past the limit of 5% that was set: 2.0% with the "
            "treatment, 2.0% without (change −1.0%, likely −5.0% to +3.0%)."
        ),
    ),
    "failed": (
        " ".join(sentences.failed(W, broken_split())),
        "The arms do not have the planned shares.",
    ),
    "withheld": (
        sentences.withheld(),
        (
            "No results are shown. A data check failed, so every lift, amount and "
            "chance is withheld: it would mislead. Find the fault first, then run the "
            "same command again. The numbers stand under “withheld” in scorecard.json."
        ),
    ),
    "status": (
        sentences.status(replace(CARD, status="amended", amended=("window", "arms"))),
        "The plan was changed after it was locked, in: window, arms.",
    ),
    "together": (
        sentences.together(
            W,
            replace(
                CARD,
                readouts=(
                    replace(WIN, interval_level=0.9747),
                    replace(WIN, arm="other", interval_level=0.9747),
                ),
            ),
        ),
        (
            "Each of the 2 arms has a 97.5% range for Revenue per visitor, so that "
            "all of them hold together at 95.0% (Dunnett)."
        ),
    ),
    "together, one arm": (sentences.together(W, CARD), ""),
    "decision.harm": (
        tell(
            W,
            fact(
                "decision.harm",
                metric=WIN.metric,
                arm=WIN.arm,
                control=WIN.control,
                units={"valued": 0, "all": 3_600},
                control_units={"valued": 35, "all": 400},
            ),
        ),
        (
            "Revenue per visitor: 0 of 3,600 units in “Recommendations” have a value, "
            "against 35 of 400 in “No personalization”. Chance does not do this. "
            "Switch it off now, and look for what is broken."
        ),
    ),
    "decision.lift, above": (
        tell(W, decision.compared_with_bar("above", WIN, 0.01, "lift")),
        sentences.changed(W, WIN)
        + " The whole range is better than the minimum lift of +1.0%.",
    ),
    "decision.lift, below": (
        tell(W, decision.compared_with_bar("below", WIN, 0.0, "lift")),
        sentences.changed(W, WIN) + " The whole range falls short of no change.",
    ),
    "decision.lift, unclear": (
        tell(W, decision.compared_with_bar("unclear", OPEN, -0.01, "not_worse")),
        sentences.changed(W, OPEN)
        + " The range lies on both sides of the accepted loss of −1.0%, so this is "
        "unclear.",
    ),
    "decision.arms, proven": (
        tell(W, fact("decision.arms", **BETWEEN, proven=True, p_best=0.985)),
        (
            "Revenue per visitor was 12.0% higher with “bold” than with “Recommendations” "
            "(likely +2.0% to +22.0%). So “bold” is the one to keep."
        ),
    ),
    "decision.arms, not proven": (
        tell(
            W,
            fact(
                "decision.arms",
                **BETWEEN | {"effect": {"value": 0.12, "lower": -0.01, "upper": 0.25}},
                proven=False,
                p_best=0.96,
            ),
        ),
        (
            "Revenue per visitor was 12.0% higher with “bold” than with “Recommendations” "
            "(likely −1.0% to +25.0%, so chance alone may explain it). So “bold” is ahead "
            "and not proven better; the chance that it is the best is about 96 in 100."
        ),
    ),
    "decision.arms, after costs": (
        tell(
            W,
            fact(
                "decision.arms",
                **BETWEEN | {"ahead": "personalized", "other": "bold"},
                proven=False,
                net={"value": 0.2, "lower": -0.1, "upper": 0.5},
            ),
        ),
        (
            "Revenue per visitor was 12.0% higher with “bold” than with “Recommendations” "
            "(likely +2.0% to +22.0%). After the costs of each a unit in "
            "“Recommendations” brings €0.20 more profit than one in “bold” (likely −€0.10 "
            "to +€0.50). So “Recommendations” is ahead and not proven better."
        ),
    ),
    "decision.pays": (
        tell(W, fact("decision.pays", chance=CHANCE, level=0.85)),
        (
            "The chance that it earns more than it costs is about 88 in 100, and the rule "
            "asks for 85%."
        ),
    ),
    "decision.does_not_pay": (
        tell(W, fact("decision.does_not_pay", chance=0.02, level=0.95)),
        (
            "The chance that it earns more than it costs is about 2 in 100; that it does "
            "not is more certain than the 95% the rule asks for."
        ),
    ),
    "decision.may_pay": (
        tell(W, fact("decision.may_pay", chance=CHANCE, level=0.95)),
        (
            "The chance that it earns more than it costs is about 88 in 100; the rule asks "
            "for 95% to ship, and the data do not settle it."
        ),
    ),
    "sure_of_return": (
        " ".join(money_sentences.sure_of_return(W, MONEY)),
        "The chance that it earns more than it costs is about 88 in 100.",
    ),
    "decision.no_return": (
        tell(W, fact("decision.no_return")),
        "Whether it pays cannot be said: there is no honest range for the money.",
    ),
    "of_arm": (sentences.of_arm(W, "personalized", "It rose."), "It rose."),
    "decision.nothing_to_pay": (
        tell(
            W,
            fact(
                "decision.nothing_to_pay",
                profit={"value": 50.0, "lower": -120.0, "upper": 450.0},
            ),
        ),
        (
            "There is nothing to pay, so there is no return on it: what counts is the "
            "extra profit with what is saved, likely −€120 to €450."
        ),
    ),
    "decision.no_chance": (
        tell(
            W,
            fact(
                "decision.no_chance",
                ropi={"value": -2.0, "lower": -3.0, "upper": -1.0},
            ),
        ),
        (
            "How likely it is to pay cannot be said, because the money per unit is not "
            "clearly above 0 and so has no lift; the ROPI is likely −300% to −100%."
        ),
    ),
    "decide_now": (
        money_sentences.decide_now(W, replace(MONEY, chances=RISKS)),
        (
            "If it must be decided now: keeping it on loses €120 on average by being "
            "wrong, switching it off €45.00. Switching it off risks less."
        ),
    ),
    "decide_now, to keep": (
        money_sentences.decide_now(
            W,
            replace(MONEY, chances=replace(RISKS, expected_loss_if_shipped=30.0)),
        ),
        (
            "If it must be decided now: keeping it on loses €30.00 on average by being "
            "wrong, switching it off €45.00. Keeping it on risks less."
        ),
    ),
    "below_break_even": (
        money_sentences.below_break_even(
            W,
            replace(MONEY, break_even_lift=0.0404),
            Outlook(lift=0.02, power=0.8, units=900, units_needed=4000),
        ),
        (
            "A lift of +2.0% would lose money: it breaks even at +4.0%. To find that 8 "
            "times in 10 would take 1,000 units."
        ),
    ),
    "brings_back": (
        money_sentences.brings_back(W, 3.0),
        "Each €1.00 of cost brings back €3.00 (3.0:1).",
    ),
    "reach": (
        precision_sentences.reach(
            W,
            readout(relative=Quantity(value=0.02, lower=-0.05, upper=0.10)),
            0.95,
            0.0,
        ),
        (
            "A test as precise as this one finds a true lift of "
            f"{100 * FOUND:.1f}% 8 times "
            "in 10."
        ),
    ),
    "decision.outlook": (
        tell(
            W,
            decision.outlook_fact(
                Outlook(
                    lift=0.02, power=0.8, units=900, units_needed=4000, weeks_more=1
                )
            ),
        ),
        (
            "To find +2.0% 8 times in 10 takes about 1 more week of the traffic that came "
            "(4,000 units in all)."
        ),
    ),
    "decision.outlook, too far": (
        tell(
            W,
            decision.outlook_fact(
                Outlook(lift=0.02, power=0.8, units=900, units_needed=4_000_000)
            ),
        ),
        (
            "To find +2.0% 8 times in 10 would take 4,000,000 units, more than a further "
            "year brings: aim at a larger change, or at a metric that varies less."
        ),
    ),
    "replayed": (
        precision_sentences.replayed(W, REPLAYS),
        (
            "On these units, split at random 1,000 times with nothing to find, this "
            "reading of Revenue per visitor cried wolf in 5.0% (2.0% wins, 3.0% losses), "
            "and the usual t test would have in 7.0% (1.0% wins, 6.0% losses); 5.0% is "
            "what was promised. With a true lift of +10.0% put in, it was found in 60.0% "
            "of 200 replays (t test: 55.0%), and the range held it in 95.0% (93.0%)."
        ),
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_sentence_says_its_number_and_no_more(name: str) -> None:
    """The words as written here, from the numbers put in."""
    told, wanted = TOLD[name]
    assert told == wanted


ELSEWHERE = {
    "test_believed.py": {
        "against",
        "full_amounts",
        "moved",
        "prior_name",
        "with_prior",
    },
    "test_belief.py": {"kept_by_mistake"},
    "test_decision.py": {"Headline", "best_arm", "headline", "outcome"},
    "test_verdict_words.py": {"unproven", "verdict_told"},
    "test_money.py": {"questioned"},
}
"""Rules whose sentences another file reads on whole results."""
NO_SENTENCES = {
    "alike",
    "arms_in_order",
    "changed_by",
    "excludes_zero",
    "money_told",
    "signed_limit",
}


def test_every_sentence_is_tested() -> None:
    """No rule that makes a sentence is left out above."""
    rules = {
        name
        for module in (sentences, money_sentences, precision_sentences)
        for name in module.__all__
    }
    rules |= {code for code in SENTENCES if code.startswith("decision.")}
    above = {name.partition(",")[0] for name in TOLD}
    assert rules == above.union(NO_SENTENCES, *ELSEWHERE.values())
