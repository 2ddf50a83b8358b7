"""The report in other clothes: print, mail, chat, index; and how large it grows."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from cli.test_bad_input import Case, project
from reports.examples import EXAMPLES, changed, clear_win, readout

import holdback as hb
from holdback.cli import main as cli
from holdback.portfolio.experiment_list import Listed, reports_in
from holdback.reports.exports.markdown_summary import markdown, message
from holdback.reports.pages.experiment_page import render
from holdback.reports.pages.index_page import index
from holdback.reports.pages.pdf import literal
from holdback.reports.text.locale_format import Words
from holdback.results.json_codec import from_json, to_json
from holdback.results.scorecard import Scorecard, Segment
from holdback.results.sections.decomposition import Decomposition
from holdback.results.sections.prior_posterior import Belief


def large() -> Scorecard:
    """Six metrics, each in ten segments of three levels."""
    win = clear_win()
    metrics = tuple(
        replace(win.metrics[0], metric=f"metric_{i}", label=f"Metric number {i}")
        for i in range(6)
    )
    rows = [
        readout(
            m.metric,
            "segment",
            segment=Segment(dimension=f"dimension_{d}", level=f"level_{v}"),
            bayes=None,
            bayes_alternatives=(),
        )
        for m in metrics
        for d in range(10)
        for v in range(3)
    ]
    overall = [
        readout(m.metric, "primary" if i == 0 else "secondary")
        for i, m in enumerate(metrics)
    ]
    drawn = tuple(replace(b, metric="metric_0") for b in win.section(Belief))
    return changed(win, metrics=metrics, readouts=(*overall, *rows), beliefs=drawn)


def test_six_metrics_in_ten_segments_stay_below_300_kb() -> None:
    """The budget of a report that can be mailed."""
    assert len(render(large()).encode()) < 300_000


@pytest.mark.parametrize("name", EXAMPLES)
def test_print_needs_nothing_that_paper_cannot(name: str) -> None:
    """No variable is left, and every picture has the rules of its marks inside."""
    page = literal(render(EXAMPLES[name]()))
    assert "var(--" not in page
    for svg in re.findall(r"<svg .*?</svg>", page, re.DOTALL):
        style = svg[svg.index("<style>") : svg.index("</style>")]
        classes = set(
            re.findall(r'<(?:line|circle|polygon|polyline) class="(\w+)', svg)
        )
        assert all(f".{name} {{" in style for name in classes)
        assert "var(" not in style
        assert "rem" not in style


@pytest.mark.parametrize("name", EXAMPLES)
def test_mail_is_whole_and_the_same_twice(name: str) -> None:
    """Text, tables and attached pictures; nothing that mail programs drop."""
    pytest.importorskip("resvg_py")
    from holdback.reports.exports.email import html, message

    card = EXAMPLES[name]()
    draft = message(card)
    assert message(card) == draft
    assert len(draft) < 100_000
    parsed = message_from_bytes(draft, policy=default)
    body = parsed.get_body(("html",))
    assert body is not None
    text = body.get_content()
    named = set(re.findall(r'src="cid:([^"]+)"', text))
    attached = {
        part["Content-ID"].strip("<>")
        for part in parsed.walk()
        if part.get_content_type() == "image/png"
    }
    assert named == attached
    for gone in ("<svg", "var(", "<style", "<script", "http", "data:"):
        assert gone not in text
    assert "<svg" not in html(card)


def test_chat_says_the_decision_first() -> None:
    """Markdown with money and metrics; a failed check leaves the figures out."""
    told = markdown(clear_win())
    assert told.startswith("**recs-holdback: Keep it**")
    assert "Extra revenue: **€11,200**" in told
    assert "+59.5% (1.6:1)" in told
    broken = markdown(EXAMPLES["broken_split"]())
    assert "€" not in broken
    assert "planned shares" in broken


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_message_fits_a_chat(name: str) -> None:
    """1,200 characters at most: the decision first, figures only of a usable result."""
    card = EXAMPLES[name]()
    told = message(card)
    assert len(told) <= 1200
    assert told.splitlines()[0] == markdown(card).splitlines()[0]
    if card.validity.is_invalid:
        assert not re.search(r"[€$]|ROPI|[+−]\d", told)
    else:
        assert "likely" in told or card.preview is not None or "—" in told


def test_a_message_of_long_names_is_cut_in_whole_lines() -> None:
    """What does not fit is left out; a title alone never exceeds the length."""
    card = clear_win()
    long = message(replace(card, experiment="x" * 5000))
    assert len(long) <= 1200
    many = replace(card, readouts=card.readouts * 40, money=card.money * 40)
    assert len(message(many)) <= 1200
    whole = markdown(many).splitlines()
    assert all(line in whole for line in message(many).splitlines() if line[:2] == "- ")


def test_the_waterfall_adds_up() -> None:
    """Each step begins where the last one ended, and the total is their sum."""
    parts = Decomposition(
        arm="personalized",
        revenue_per_unit=0.21,
        from_conversion=0.3,
        from_orders_per_buyer=-0.1,
        from_order_value=0.01,
    )
    page = render(changed(clear_win(), decomposition=(parts,)))
    start = page.index('<section aria-labelledby="parts">')
    section = page[start : page.index("</section>", start)]
    bars = [
        (float(a), float(b))
        for a, b in re.findall(r'class="step" x1="([\d.]+)%" x2="([\d.]+)%"', section)
    ]
    zero = float(re.findall(r'style="--zero:([\d.]+)%"', section)[0])
    assert bars[0][0] == zero
    assert bars[1][1] == pytest.approx(bars[0][1], abs=0.01)
    assert bars[2][0] == pytest.approx(bars[1][0], abs=0.01)
    assert bars[3] == pytest.approx((zero, bars[2][1]), abs=0.01)


def test_the_index_links_reports_and_escapes_names(tmp_path: Path) -> None:
    """A link to each report, figures from its scorecard, problems told."""
    folder = tmp_path / "results" / "a&b"
    folder.mkdir(parents=True)
    (folder / "scorecard.json").write_text(to_json(clear_win()), encoding="utf-8")
    (folder / "report.html").write_text("x")
    found = (
        Listed(file="a.yaml", experiment="a&b", primary="revenue"),
        Listed(file="<b>.yaml", problem="is <broken>."),
        Listed(file="c.yaml", experiment="c"),
    )
    page = index(tmp_path, found, reports_in([tmp_path], tmp_path / "results"))
    assert '<a href="a%26b/report.html">' in page
    assert "+4.8% (+1.3% to +8.4%)" in page
    assert "€11,200 (€3,100 to €18,900)" in page
    assert "&lt;broken&gt;" in page
    assert "not analyzed yet" in page


def test_report_renders_the_same_bytes_from_json(tmp_path: Path) -> None:
    """`report` from the stored scorecard gives what `analyze` gave, and a summary."""
    file = project(tmp_path, Case())
    analysis = hb.analyze(file)
    written = analysis.write(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in written}
    target = str(tmp_path / "again")
    stored = str(tmp_path / "out" / "scorecard.json")
    assert cli.run(["report", stored, "--markdown", "-o", target]) == 0
    for name in ("report.html", "readouts.csv"):
        assert (tmp_path / "again" / name).read_bytes() == before[name]
    told = (tmp_path / "again" / "summary.md").read_text(encoding="utf-8")
    assert told == markdown(from_json(Path(stored).read_text(encoding="utf-8")))
    for text in (told, before["report.html"].decode()):
        assert str(tmp_path) not in text


def test_results_show_themselves_in_a_notebook(tmp_path: Path) -> None:
    """Scorecard, readout and plan: the page's tables, its style kept to themselves."""
    file = project(tmp_path, Case())
    analysis = hb.analyze(file)
    card = analysis.scorecard
    for shown in (card, card.readouts[0], analysis):
        text = shown._repr_html_()
        assert text.startswith('<div class="holdback">')
        assert "<script" not in text
        assert ":root" not in text
    plan = hb.plan(
        file,
        baselines={"revenue": (1.8, 12.5), "conversion": (0.03, None)},
        units=20_000,
    )
    assert "What this test can show" in plan._repr_html_()


def test_results_plot_themselves() -> None:
    """A forest plot whose dots are the lifts in percent."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = clear_win().plot()
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([4.8, 1.7, -1.0])
    assert clear_win().readouts[0].plot().get_xlabel() == "Change, %"


@pytest.mark.parametrize(
    ("locale", "currency", "money", "lift", "count", "day"),
    [
        ("en-US", "USD", "$12,346", "+4.8%", "54,102", "Oct 1, 2026"),
        ("en-IE", "EUR", "€12,346", "+4.8%", "54,102", "1 Oct 2026"),
        ("de-DE", "EUR", "12.346\xa0€", "+4,8\xa0%", "54.102", "01.10.2026"),
        (
            "fr-FR",
            "EUR",
            "12\u202f346\xa0€",
            "+4,8\xa0%",
            "54\u202f102",
            "1 oct. 2026",
        ),
        ("ja-JP", "JPY", "￥12,346", "+4.8%", "54,102", "2026/10/01"),
        ("sv-SE", "SEK", "12\xa0346\xa0kr", "+4,8\xa0%", "54\xa0102", "1 okt. 2026"),
    ],
)
def test_a_locale_writes_its_numbers(
    locale: str, currency: str, money: str, lift: str, count: str, day: str
) -> None:
    """Amounts, lifts, counts and days as CLDR has them, on the whole page too."""
    card = replace(clear_win(), locale=locale, currency=currency)
    words = Words.of(card)
    assert words.money(12345.6) == money
    assert words.lift(0.048) == lift
    assert words.count(54102) == count
    assert words.day("2026-10-01") == day
    page = render(card)
    assert lift in page
    assert words.day("2026-11-25") in page
    assert words.money(11200) in page
    if currency == "JPY":
        assert "￥4.3" not in page
