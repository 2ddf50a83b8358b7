"""An invalid result: rendered every way there is, and no figure of it anywhere.

The figures of the invented scorecard have digits that stand nowhere else. Each output
is drawn twice: with the checks passed it must hold some of them, so that the search
is known to find what it looks for; with a failed check it must hold none.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import typing
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import fields, is_dataclass, replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from html import unescape
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from pkgutil import iter_modules
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from reports.examples import CHECKS, bayes, clear_win, decided, money, readout
from reports.gallery import project
from worlds.past import finished, stored

import holdback
from holdback import workflow
from holdback.cli import main as cli
from holdback.cli.demo.run import Demo, as_json, as_text
from holdback.data.simulated import ArmTruth, Lift
from holdback.facts import Fact
from holdback.portfolio.experiment_list import Listed, lines
from holdback.portfolio.weekly import RunningTest, RunningWeek, WeekNote
from holdback.reports.blocks.block import blocks
from holdback.reports.exports.markdown_summary import message
from holdback.reports.exports.site_pages import site
from holdback.reports.exports.terminal import portfolio_summary
from holdback.reports.pages.experiment_page import render
from holdback.reports.pages.index_page import index
from holdback.reports.pages.pdf import literal
from holdback.reports.pages.portfolio_page import render as portfolio_page
from holdback.reports.pages.weekly_page import lines as week_lines
from holdback.reports.pages.weekly_page import weekly_page
from holdback.reports.text.locale_format import Words
from holdback.results.json_codec import from_json, to_json
from holdback.results.quantity import Quantity, Return
from holdback.results.scorecard import RESULTS, Finding, Scorecard
from holdback.results.section import sections
from holdback.results.sections.trend import Trend
from holdback.results.validity import Validity

if TYPE_CHECKING:
    from holdback.planning.plan import Plan

FOLDER = Path(holdback.__file__).parent
FAILED = Finding(
    check="srm",
    status="fail",
    p_value=1e-9,
    fact=Fact("srm.mismatch", message="The arms do not have the planned shares."),
)
LIFT = Quantity(value=0.18213, se=0.04931, lower=0.09127, upper=0.28371)
MONEY = Quantity(value=20517.37, lower=11873.19, upper=29781.61)
DIGITS = re.compile(
    r"18[.,]2|18213|28[.,]4|28371|9127|"  # the lift and its range
    r"20.?517|11.?873|29.?78[12]|"  # the money
    r"96417|96[.,]4|\b96 in 100|\b96\s?%|"  # the chance
    r"205[.,]?2|05213|3[.,]05|3[.,]1:1"  # ROPI, and the return
)
SIGNED = re.compile(r"[+−\N{MINUS SIGN}]\s?\d[\d.,]*\s?%|[€$£]\s?\d|\d\s?€|in 100\b")
READ = re.compile(
    r"\b(better|worse|equivalent|unclear|at_risk|breached|better off)\b|was higher|"
    r"was lower|\brose\b|no clear change|too early to say|"
    r"(within|past) limit|keep it|turn it off|keep testing",
    re.IGNORECASE,
)


def usable() -> Scorecard:
    """A clear win whose figures have digits of their own."""
    chance = bayes(p_positive=0.96417, mean=0.18213, p_above_minimum=0.96417)
    lead = readout(
        relative=LIFT,
        absolute=Quantity(value=0.18213, se=0.04931, lower=0.09127, upper=0.28371),
        after_looks=LIFT,
        bayes=chance,
        bayes_alternatives=(bayes("skeptical", p_positive=0.96417),),
    )
    earned = money(
        incremental_revenue=MONEY,
        incremental_profit=MONEY,
        ropi=Return(value=2.05213, lower=0.91, upper=4.12, p_positive=0.96417),
        return_per_unit_cost=Quantity(value=3.05213, lower=1.91, upper=5.12),
    )
    told = Finding(
        check="novelty",
        status="pass",
        p_value=0.182,
        fact=Fact(
            "novelty.chance",
            {"arm": "personalized", "days": 3, "first": 0.18213, "then": 0.20517},
            "In the first 3 days the lift was +18.2 %, afterwards +20.5 %.",
        ),
        shows_results=True,
    )
    win = clear_win()
    card = replace(
        win,
        readouts=(lead, *win.readouts[1:]),
        money=(replace(earned, arm="personalized"), earned),
        checks=(*CHECKS, told),
    )
    return decided(
        card, "ship", "Revenue rose by 18.2 %: the chance that it pays is 96 in 100."
    )


def invalid() -> Scorecard:
    """The same with a failed check, and a decision that knows nothing of it."""
    card = usable()
    return replace(card, checks=(FAILED, *card.checks[1:]))


class Axes:
    """What is drawn, kept as text in place of a picture."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        def draw(*values: Any, **named: Any) -> None:
            self.told.append(f"{name} {values} {named}")

        return draw

    def __str__(self) -> str:
        return "\n".join(self.told)


def page(scorecard: Scorecard, _folder: Path) -> str:
    """The page with the text of its pictures."""
    return workflow.render(scorecard)["report.html"]


def mail(scorecard: Scorecard, _folder: Path) -> str:
    """Every text of the draft, and its subject."""
    pytest.importorskip("resvg_py")
    draft = workflow.render_more(scorecard, email=True)["email.eml"]
    assert isinstance(draft, bytes)
    parsed = message_from_bytes(draft, policy=default)
    parts = [
        p.get_content() for p in parsed.walk() if p.get_content_maintype() == "text"
    ]
    return "\n".join([parsed["Subject"], *parts])


def mail_page(scorecard: Scorecard, _folder: Path) -> str:
    """The mail's page without the bytes of its pictures."""
    pytest.importorskip("resvg_py")
    text = str(workflow.render_more(scorecard, email=True)["email.html"])
    return re.sub(r"base64,[\w+/=]+", "", text)


def chat(scorecard: Scorecard, _folder: Path) -> str:
    """Markdown with nothing escaped."""
    text = str(workflow.render_more(scorecard, markdown=True)["summary.md"])
    return text.replace("\\", "")


def pandas(scorecard: Scorecard, _folder: Path) -> str:
    """The frame as text."""
    frame = workflow.Analysis(scorecard=scorecard).to_pandas()
    return str(frame.to_csv(index=False))


def polars(scorecard: Scorecard, _folder: Path) -> str:
    """The frame as text."""
    return str(workflow.Analysis(scorecard=scorecard).to_polars().write_csv())


def arrow(scorecard: Scorecard, _folder: Path) -> str:
    """The table as text."""
    return repr(workflow.Analysis(scorecard=scorecard).to_arrow().to_pylist())


def forest(scorecard: Scorecard, _folder: Path) -> str:
    """What `plot` draws."""
    return str(workflow.Analysis(scorecard=scorecard).plot(Axes()))


def one_readout(scorecard: Scorecard, _folder: Path) -> str:
    """A readout as a notebook shows it, also one that was dug out."""
    readouts = scorecard.readouts or (scorecard.withheld or {})["readouts"]
    return f"{readouts[0]._repr_html_()}\n{readouts[0].plot(Axes())}"


def listed(scorecard: Scorecard, folder: Path) -> tuple[Listed, ...]:
    """The experiment as a project lists it."""
    stored(folder, scorecard)
    return (
        Listed(
            file="experiments/recs-holdback.yaml",
            experiment=scorecard.experiment,
            decision="invalid",
        ),
    )


def index_page(scorecard: Scorecard, folder: Path) -> str:
    """The page of all experiments."""
    return index(folder, listed(scorecard, folder), {})


def site_pages(scorecard: Scorecard, folder: Path) -> str:
    """All pages of the project as a site."""
    pages = site(folder, listed(scorecard, folder), None)
    return "\n".join(map(str, pages.values()))


def week_page(scorecard: Scorecard, folder: Path) -> str:
    """The page of running tests, and its lines."""
    (one,) = listed(scorecard, folder)
    note = WeekNote(
        experiment=one.experiment, locked=True, looks=1, outcome=None, failed=()
    )
    test = RunningTest(
        listed=one,
        phase="joining",
        days=3,
        units=None,
        planned=None,
        next_look=None,
        card=from_json(to_json(scorecard)),
        noted=note,
        due=("mend",) if scorecard.validity.is_invalid else (),
    )
    week = RunningWeek(
        day=date(2026, 10, 6), before=None, tests=(test,), broken=(), events=()
    )
    return weekly_page(week, {}) + "\n".join(week_lines(week))


def overview(scorecard: Scorecard, folder: Path) -> str:
    """The lines of `holdback list`."""
    return "\n".join(lines(listed(scorecard, folder)))


def together(scorecard: Scorecard, folder: Path) -> str:
    """The portfolio that holds it beside six others: page, terminal and JSON."""
    others = [finished(f"test-{i}", 0.01 * i, 0.02) for i in range(6)]
    stored(folder, scorecard, *others)
    found = workflow.portfolio(folder)
    return "\n".join([portfolio_page(found), portfolio_summary(found), to_json(found)])


def demo(scorecard: Scorecard, folder: Path) -> str:
    """The answer of `holdback demo`, for people and for programs."""
    planned = SimpleNamespace(role="primary", detectable_lift=None)
    judged = scorecard
    if scorecard.decision is None:
        judged = decided(scorecard, "invalid", FAILED.message)
    made = Demo(
        home=folder,
        units=1000,
        changed=(),
        truths=(
            ArmTruth(
                arm="personalized", lift=Lift(), units=900, incremental_revenue=0.0
            ),
        ),
        plan=typing.cast("Plan", SimpleNamespace(metrics=[planned])),
        assigned={"holdback": 100, "personalized": 900},
        analysis=workflow.Analysis(scorecard=judged),
        report=folder / "report.html",
    )
    return as_text(made) + as_json(made)


def as_json_file(scorecard: Scorecard, _folder: Path) -> str:
    """`scorecard.json` without what it keeps apart."""
    told = workflow.Analysis(scorecard=scorecard).to_dict()
    return json.dumps(told | {"withheld": None}, ensure_ascii=False)


OUTPUTS: dict[str, Callable[[Scorecard, Path], str]] = {
    "report.html": page,
    "report.pdf": lambda card, folder: literal(page(card, folder)),
    "readouts.csv": lambda card, _: workflow.render(card)["readouts.csv"],
    "scorecard.json": as_json_file,
    "email.eml": mail,
    "email.html": mail_page,
    "summary.md": chat,
    "--message": lambda card, _: message(card).replace("\\", ""),
    "str": lambda card, _: str(workflow.Analysis(scorecard=card)),
    "repr": lambda card, _: repr(card),
    "_repr_html_": lambda card, _: workflow.Analysis(scorecard=card)._repr_html_(),
    "scorecard._repr_html_": lambda card, _: str(card._repr_html_()),
    "readout": one_readout,
    "plot": forest,
    "to_pandas": pandas,
    "to_arrow": arrow,
    "to_polars": polars,
    "index.html": index_page,
    "site": site_pages,
    "weekly": week_page,
    "list": overview,
    "portfolio": together,
    "demo": demo,
}
TELL_NO_FIGURE = {"list"}
"""Outputs that show no figure of a usable result either."""
TELL_OF_OTHERS = {"portfolio"}
"""Outputs that hold figures of other experiments, which may be used."""
RECORDS = {"scorecard.json", "repr"}
"""Outputs that say of each metric which way is better."""
DRAWN_BY = {
    "csv_table.readout_rows": "to_pandas",
    "csv_table.readouts_csv": "readouts.csv",
    "email.html": "email.html",
    "email.message": "email.eml",
    "experiment_page.render": "report.html",
    "markdown_summary.markdown": "summary.md",
    "markdown_summary.message": "--message",
    "markdown_summary.readout_row": "summary.md",
    "matplotlib_plots.forest": "plot",
    "matplotlib_plots.one": "readout",
    "notebook.fragment": "_repr_html_",
    "notebook.readout_fragment": "readout",
    "pdf.pdf": "report.pdf",
    "terminal.summary": "str",
}
"""What takes a scorecard or a readout, and the output above that comes of it."""


def bare(text: str) -> str:
    """All that is told, and what pictures are called; no style."""
    return re.sub(r"<style>.*?</style>", " ", text, flags=re.DOTALL)


def shown(text: str) -> str:
    """What somebody reads of a page: the result and nothing beside it.

    The glossary explains words, and “run it again” holds what the file says.
    """
    text = re.sub(
        r'<section aria-labelledby="(glossary|again)">.*?</section>',
        " ",
        bare(text),
        flags=re.DOTALL,
    )
    told = re.findall(r'(?:alt|title|aria-label)="([^"]*)"', text)
    plain = re.sub(r"<[^>]+>", " ", text)
    return re.sub(r"\s+", " ", unescape(" ".join([plain, *told])))


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_output_of_an_invalid_result_shows_a_figure(
    name: str, tmp_path: Path
) -> None:
    """No digit of a lift, an amount or a chance; drawn as usable, there are some."""
    fine, broken = tmp_path / "fine", tmp_path / "broken"
    fine.mkdir()
    broken.mkdir()
    told = bare(OUTPUTS[name](usable(), fine))
    assert bool(DIGITS.search(told)) is (name not in TELL_NO_FIGURE)
    found = DIGITS.findall(bare(OUTPUTS[name](invalid(), broken)))
    assert found == [] or name in TELL_OF_OTHERS


@pytest.mark.parametrize("name", sorted(OUTPUTS.keys() - TELL_OF_OTHERS))
def test_no_output_of_an_invalid_result_reads_it(name: str, tmp_path: Path) -> None:
    """No sign before a percentage, no currency, no verdict, no other decision."""
    text = shown(OUTPUTS[name](invalid(), tmp_path))
    if name in RECORDS:
        text = re.sub(r"""better["']?[=:] ?["'](higher|lower)["']""", "", text)
    assert SIGNED.findall(text) == []
    assert READ.findall(text) == []


@pytest.mark.parametrize("name", sorted(OUTPUTS.keys() - {"list", "repr"}))
def test_every_output_says_why(name: str, tmp_path: Path) -> None:
    """Where a figure would stand it is told that it is withheld, or for what."""
    text = shown(OUTPUTS[name](invalid(), tmp_path))
    reasons = ("withheld", "a check of its data failed: srm", "an’t be used")
    assert any(reason in text for reason in reasons)


def test_all_that_draws_a_result_is_among_the_outputs() -> None:
    """A new page, export or picture of a scorecard must be added to them."""
    drawing = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules("exports", "pages", "figures")
        for name in module.__all__
        if inspect.isfunction(function := getattr(module, name))
        and {"Scorecard", "Readout"} & set(names(function))
    }
    assert drawing == set(DRAWN_BY)
    assert set(DRAWN_BY.values()) <= set(OUTPUTS)
    methods = {
        name
        for name in vars(workflow.Analysis)
        if name.startswith("to_") or name in {"__str__", "_repr_html_", "plot"}
    }
    assert methods == {
        *("to_dict", "to_pandas", "to_arrow", "to_polars"),
        *("__str__", "_repr_html_", "plot"),
    }
    files = {
        *workflow.render(usable()),
        *("report.pdf", "email.html", "email.eml", "summary.md"),
    }
    asked = set(inspect.signature(workflow.render_more).parameters)
    assert asked == {"scorecard", "pdf", "email", "markdown"}
    assert files <= set(OUTPUTS)


def modules(*rooms: str) -> Iterator[Any]:
    """The files of rooms of the reports."""
    for room in rooms:
        package = import_module(f"holdback.reports.{room}")
        for found in iter_modules(package.__path__):
            yield import_module(f"{package.__name__}.{found.name}")


def names(function: Callable[..., object]) -> list[str]:
    """The types of a function's parameters, by their names."""
    parameters = inspect.signature(function).parameters.values()
    return [str(p.annotation).rpartition(".")[2] for p in parameters]


def test_whoever_reads_a_stored_scorecard_is_among_the_outputs() -> None:
    """Commands and pages that open scorecards are those that are drawn above."""
    readers = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and any(alias.name == "from_json" for alias in node.names)
    }
    assert readers == {
        "cli/report.py",
        "portfolio/finished_experiments.py",
        "portfolio/weekly.py",
        "reports/pages/index_page.py",
    }


def test_blocks_that_stay_are_known_to_show_no_result() -> None:
    """Any other block of the page is left out of an invalid result."""
    staying = {name for name, one in blocks.items() if not one.shows_results}
    assert staying == {
        *("accounting", "checks", "coverage", "events", "glossary"),
        *("provenance", "verdict"),
        "withheld",
    }


def test_each_part_of_a_scorecard_shows_results_or_not() -> None:
    """A new part must be withheld, or be known to tell nothing of the result."""
    assert {f.name for f in fields(Scorecard)} - set(RESULTS) == {
        *("experiment", "status", "plan_hash", "seed", "final", "level", "locale"),
        *("timezone", "hypothesis", "owner", "currency", "inputs", "versions"),
        *("arms", "metrics", "accounting", "checks", "configuration", "as_of"),
        *(
            "window_start",
            "window_end",
            "look",
            "preview",
            "amended",
            "looks_taken",
            "command",
        ),
        *(
            "title",
            "unit_name",
            "minimum_lift",
            "decision",
            "tags",
            "learned",
            "sections",
            "withheld",
        ),
        "schema",
    }
    telling_nothing = {name for name, one in sections.items() if not one.shows_results}
    assert telling_nothing == {"coverage", "events", "simulation"}


def test_only_one_place_decides_what_a_failed_check_spoils() -> None:
    """Elsewhere a failed state is counted, sorted or coloured, never judged by."""
    judging = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*.py")
        if re.search(r"""(==|!=) "fail\"""", path.read_text(encoding="utf-8"))
    }
    assert judging == {
        "cli/doctor.py",  # the installation, not a result
        "reports/pages/experiment_page.py",  # which of the checks
        "results/validity.py",
    }


def test_an_invalid_scorecard_keeps_its_results_apart() -> None:
    """In Python and in the file they stand under `withheld`, and nowhere else."""
    card, win = invalid(), usable()
    assert card.validity == Validity(state="invalid", reasons=("check.srm",))
    assert card.readouts == ()
    assert card.money == ()
    assert card.decision is None
    assert card.withheld is not None
    assert card.withheld["readouts"] == win.readouts
    assert card.withheld["money"] == win.money
    assert card.withheld["decision"] == win.decision
    assert [check.check for check in card.withheld["checks"]] == ["novelty"]
    with pytest.raises(KeyError, match=r"check\.srm"):
        card.readout("revenue")
    told = json.loads(to_json(card))
    assert list(told)[:2] == ["schema", "validity"]
    assert told["validity"] == {"state": "invalid", "reasons": ["check.srm"]}
    assert not told.keys() & set(RESULTS)
    assert set(told["withheld"]) == set(card.withheld)
    assert told["withheld"]["readouts"][0]["relative"]["value"] == LIFT.value
    again = from_json(to_json(card))
    assert again == card
    assert again.withheld["readouts"] == win.readouts
    assert again.withheld["readouts"][0].withheld
    assert to_json(again) == to_json(card)


def test_an_older_scorecard_with_a_failed_check_is_invalid() -> None:
    """It held its figures in their places; read today they are withheld."""
    old = json.loads(to_json(usable()))
    del old["validity"]
    old["schema"] = "holdback/scorecard/1"
    old["checks"][0] |= {"status": "fail"}
    card = from_json(json.dumps(old))
    assert card.validity.is_invalid
    assert card.readouts == ()
    assert card.decision is None
    (novelty,) = (check for check in card.checks if check.check == "novelty")
    assert novelty.fact.code == "validity.withheld"
    assert not DIGITS.search(bare(workflow.render(card)["report.html"]))


def test_what_is_found_later_is_withheld_as_well() -> None:
    """Whatever is added to an invalid scorecard joins the rest."""
    later = {"trend": usable().section(Trend)}
    card = replace(invalid(), sections=later, checks=(*invalid().checks, FAILED))
    assert not card.sections
    assert card.withheld is not None
    assert card.withheld["trend"] == later["trend"]
    assert card.withheld["readouts"] == usable().readouts


def test_a_preview_shows_figures_and_decides_nothing() -> None:
    """Why it may not decide is a code; figures stay where they are."""
    card = replace(usable(), preview=Fact("preview.no_planned_look"))
    assert card.validity == Validity(
        state="preview", reasons=("preview.no_planned_look",)
    )
    assert card.readouts
    assert usable().validity == Validity(state="usable")
    told = json.loads(to_json(usable()))
    assert told["validity"] == {"state": "usable"}
    assert "withheld" not in told


def test_a_portfolio_is_the_same_without_it(tmp_path: Path) -> None:
    """No figure changes with it: it is left out, and for the check that failed."""
    others = [finished(f"test-{i}", 0.01 * i, 0.02) for i in range(6)]
    counted = replace(finished("recs-holdback", 0.9, 0.01), checks=(FAILED,))
    for name, cards in (("with", [*others, counted]), ("without", others)):
        stored(tmp_path / name, *cards)
    beside, alone = (
        workflow.portfolio(tmp_path / name) for name in ("with", "without")
    )
    assert replace(beside, left_out=()) == alone
    (left,) = beside.left_out
    assert left.experiment == "recs-holdback"
    assert "srm" in str(left.reason)


@pytest.fixture(scope="module")
def analyzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery's broken split as a project of files, analyzed by the commands."""
    folder = tmp_path_factory.mktemp("broken")
    file = str(project("srm-failed", folder))
    out = str(folder / "results" / "srm-failed")
    made = redirected("analyze", file, "--as-of", "2026-10-06", "-o", out)
    (folder / "analyze.txt").write_text(made, encoding="utf-8")
    shapes = {"list": [str(folder)], "audit": [file], "portfolio": [str(folder)]}
    for name, arguments in shapes.items():
        made = redirected(name, *arguments)
        (folder / f"{name}.txt").write_text(made, encoding="utf-8")
    redirected("report", f"{out}/scorecard.json", "--markdown", *email())
    redirected("list", str(folder), "--html", str(folder / "results" / "index.html"))
    return folder


def email() -> list[str]:
    """The option where its extra is installed."""
    return ["--email"] if find_spec("resvg_py") else []


def redirected(*arguments: str) -> str:
    """What a command prints; the portfolio of no finished test is refused."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        cli.run(list(arguments))
    return out.getvalue() + errors.getvalue()


def test_nothing_written_of_a_broken_split_holds_its_figures(analyzed: Path) -> None:
    """From files through the commands: every number that is withheld, in no file."""
    told = json.loads(
        (analyzed / "results" / "srm-failed" / "scorecard.json").read_text("utf-8")
    )
    assert told["validity"] == {"state": "invalid", "reasons": ["check.srm"]}
    card = from_json(json.dumps(told))
    assert card.withheld is not None
    figures = set(written(Words.of(card), card.withheld))
    core = {name: part for name, part in card.withheld.items() if name in RESULTS}
    rest = {name: part for name, part in card.withheld.items() if name in sections}
    as_usable = replace(card, checks=(), withheld=None, sections=rest, **core)
    assert len(figures & set(NUMBER.findall(render(as_usable)))) > 100
    del told["withheld"]
    files = {
        path.name: bare(text_of(path))
        for path in sorted(analyzed.rglob("*"))
        if path.is_file() and path.suffix not in {".csv", ".yaml", ".jsonl"}
    }
    files["readouts.csv"] = text_of(analyzed / "results/srm-failed/readouts.csv")
    files["scorecard.json"] = json.dumps(told, ensure_ascii=False)
    assert {"analyze.txt", "report.html", "summary.md", "index.html"} <= set(files)
    for name, text in files.items():
        assert sorted(figures & set(NUMBER.findall(text))) == [], name
        if name != "scorecard.json":
            assert SIGNED.findall(shown(text)) == [], name
            assert READ.findall(shown(text)) == [], name


NUMBER = re.compile(r"[+−€-]*\d[\d.,]*\d ?%?")


def written(words: Words, value: object) -> Iterator[str]:
    """Every number of withheld parts as the outputs would write it."""
    if is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from written(words, getattr(value, part.name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from written(words, part)
    elif isinstance(value, tuple):
        for part in value:
            yield from written(words, part)
    elif isinstance(value, float):
        for text in (
            words.lift(value),
            words.money(value),
            words.exact_money(value),
            json.dumps(value),
        ):
            if len(re.sub(r"\D", "", text).lstrip("0")) > 2:
                yield text


def text_of(path: Path) -> str:
    """A file's text; of a draft that of its parts."""
    if path.suffix != ".eml":
        return re.sub(r"base64,[\w+/=]+", "", path.read_text(encoding="utf-8"))
    parsed = message_from_bytes(path.read_bytes(), policy=default)
    parts = (p for p in parsed.walk() if p.get_content_maintype() == "text")
    return "\n".join(part.get_content() for part in parts)
