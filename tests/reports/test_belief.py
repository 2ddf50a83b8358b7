"""How sure we are, and the picture of prior, likelihood and posterior."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from cli.test_bad_input import Case, project
from reports.examples import EXAMPLES, changed, clear_win
from scipy import stats

import holdback as hb
from holdback.facts import fact
from holdback.reports.blocks.answer import probabilities as confidence
from holdback.reports.pages.experiment_page import render
from holdback.reports.text.locale_format import Words
from holdback.results.json_codec import from_json, to_json
from holdback.results.scorecard import Scorecard
from holdback.results.sections.prior_posterior import Belief
from holdback.stats.posterior.posterior import LiftPrior
from holdback.stats.posterior.prior import prior_lift, uniform_rates_density


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    """A scorecard that the product made."""
    return hb.analyze(project(tmp_path_factory.mktemp("belief"), Case())).scorecard


def test_a_prior_is_drawn_as_the_lognormal_that_it_is() -> None:
    """Normal on the log ratio, against scipy's shifted lognormal."""
    lifts = np.linspace(-0.9, 2.0, 30)
    drawn = prior_lift(LiftPrior(name="weak", sd=0.3))
    wanted = stats.lognorm(s=0.3, loc=-1)
    assert drawn.density(lifts) == pytest.approx(wanted.pdf(lifts), rel=1e-3, abs=1e-9)
    ends = [drawn.interval(0.95).lower, drawn.interval(0.95).upper]
    assert ends == pytest.approx(wanted.ppf([0.025, 0.975]))
    assert prior_lift(LiftPrior(name="none", sd=None)) is None


def test_uniform_rates_have_the_ratio_s_density() -> None:
    """U / V − 1 of independent uniforms, against 400,000 draws."""
    draw = np.random.default_rng(3)
    ratio = draw.random(400_000) / draw.random(400_000) - 1
    edges = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    seen = np.histogram(ratio, edges)[0] / len(ratio)
    for i, share in enumerate(seen):
        lifts = np.linspace(edges[i], edges[i + 1], 2001)
        height = uniform_rates_density(lifts)
        error = 4 * np.sqrt(share * (1 - share) / len(ratio))
        assert np.trapezoid(height, lifts) == pytest.approx(share, abs=error)


def test_the_posterior_is_prior_times_likelihood(card: Scorecard) -> None:
    """Bayes' rule on the log ratio, where a flat prior is flat; it holds nearly all."""
    (belief,) = card.section(Belief)
    before, data, after = (
        np.array(curve) for curve in (belief.before, belief.data, belief.after)
    )
    product = before * data * (1 + np.array(belief.lifts))
    seen = after > 1e-3 * after.max()
    constant = (after / np.where(product > 0, product, np.nan))[seen]
    assert constant / constant.mean() == pytest.approx(1.0, rel=1e-3)
    lifts = np.array(belief.lifts)
    assert np.trapezoid(after, lifts) == pytest.approx(1, abs=0.01)
    assert 0 >= lifts[0] > -1
    assert lifts[-1] >= 0


def test_medians_halve_their_curves(card: Scorecard) -> None:
    """Half of the area of what is drawn lies below the median that is told."""
    (belief,) = card.section(Belief)
    lifts = np.array(belief.lifts)
    for curve, median in (
        (belief.data, belief.data_median),
        (belief.after, belief.after_median),
    ):
        fine = np.linspace(lifts[0], median, 500)
        below = np.trapezoid(np.interp(fine, lifts, curve), fine)
        assert below == pytest.approx(0.5, abs=0.01)


def test_the_picture_has_three_curves_and_a_table(card: Scorecard) -> None:
    """Drawn, named in a legend and told in a table, once for each arm."""
    page = render(card)
    start = page.index('<section aria-labelledby="belief">')
    part = page[start : page.index("</section>", start)]
    for mark in ("line", "data", "prior"):
        assert f'<polyline class="{mark}"' in part
    for name in ("Before (prior)", "The data", "After (posterior)"):
        assert part.count(name) == 2
    assert part.count("<table") == 1
    assert render(from_json(to_json(card))) == page


def test_a_flat_prior_has_no_curve() -> None:
    """Nothing is drawn of a prior that thinks all lifts equally likely."""
    flat = Belief(
        metric="revenue",
        arm="personalized",
        prior="none",
        lifts=(-0.1, 0.0, 0.1),
        before=(),
        data=(1.0, 8.0, 1.0),
        after=(1.0, 8.0, 1.0),
        data_median=0.0,
        after_median=0.0,
    )
    page = render(changed(clear_win(), beliefs=(flat,)))
    assert '<polyline class="prior"' not in page
    assert "all lifts equally likely" in page


def told(card: Scorecard) -> list[str]:
    """The sentences of how sure we are."""
    return confidence.told(card, Words.of(card))


def test_each_chance_is_of_what_its_sentence_says() -> None:
    """A rise, a rise that matters, and that it pays: three posteriors."""
    card = clear_win()
    (rise,) = told(card)
    assert rise == (
        "The chance that Revenue per visitor really rose because of it is more than "
        "99 in 100, and that it rose by 1.0% or more, the smallest change that "
        "matters, about 98 in 100."
    )
    silent = replace(
        card, decision=replace(card.decision, reasons=(fact("decision.no_return"),))
    )
    assert told(silent)[1:] == [
        "The chance that it earns more than it costs is about 88 in 100."
    ]


def test_no_chance_is_told_where_there_is_none() -> None:
    """A failed check takes the chances away; a metric without a lift says so."""
    assert told(EXAMPLES["broken_split"]()) == []
    assert 'id="confidence"' not in render(EXAMPLES["broken_split"]())
    assert "No chance of a lift can be given" in render(EXAMPLES["no_number"]())
    assert "swing until the end" in render(EXAMPLES["too_early"]())
    assert "swing until the end" not in render(EXAMPLES["no_answer"]())


def test_an_interval_beyond_the_picture_fades() -> None:
    """What is cut at the axis is not drawn as if it ended there."""
    assert 'class="beyond"' in render(EXAMPLES["open_side"]())
    assert 'class="beyond"' not in render(clear_win())


def test_old_scorecards_are_drawn_without_the_picture(
    card: Scorecard,
) -> None:
    """A scorecard from before there were beliefs reads and renders."""
    text = re.sub(r'  "beliefs": \[.*?\n  \],\n', "", to_json(card), flags=re.DOTALL)
    assert "beliefs" not in text
    assert 'id="belief"' not in render(from_json(text))


@pytest.mark.parametrize(
    ("rule", "prior", "level", "said"),
    [
        ("profit", "weak", 0.95, "earns nothing would be kept on in at most 5 of 100"),
        ("profit", "none", 0.95, "earns nothing would be kept on in about 5 of 100"),
        ("profit", "skeptical", 0.9, "in at most 10 of 100 such tests"),
        ("lift", "weak", 0.95, "changes nothing would be kept on in about 2.5 of 100"),
        (
            "not_worse",
            "weak",
            0.95,
            "worse by just the margin would be kept on in about",
        ),
    ],
)
def test_how_often_the_rule_keeps_on_what_is_not_worth_it(
    rule: str, prior: str, level: float, said: str
) -> None:
    """In one sentence beside the chances: 1 − level, or its half, in 100 tests."""
    plain = clear_win()
    assert plain.decision is not None
    readouts = tuple(
        replace(
            r, bayes=replace(r.bayes, prior=prior, method="confidence_distribution")
        )
        if r.bayes
        else r
        for r in plain.readouts
    )
    one = changed(
        plain,
        decision=replace(plain.decision, rule=rule),
        readouts=readouts,
        level=level,
    )
    page = render(one)
    assert said in page.partition('id="confidence"')[2].partition("</section>")[0]
    preview = changed(one, preview=fact("preview.read_at_end"))
    assert "of 100 such tests" not in render(preview)
    assert "of 100 such tests" not in render(changed(one, decision=None))


def test_a_chance_of_a_difference_speaks_of_no_lift() -> None:
    """A score has no lift: no least lift in the sentence, points in the table."""
    plain = clear_win()
    first = plain.readouts[0]
    assert first.bayes is not None
    points = replace(
        first.bayes, prior="none", mean=2.5, lower=-1.0, upper=6.0, scale="absolute"
    )
    score = replace(first, relative=None, bayes=points, bayes_alternatives=())
    one = changed(plain, readouts=(score, *plain.readouts[1:]), minimum_lift=0.03)
    said = " ".join(told(one))
    assert "3%" not in said
    page = render(one)
    assert "+250" not in page
    assert from_json(to_json(one)).readouts[0].bayes == points
