"""Files that must be refused: where the message points, and what it says.

Adapted from a list of inputs that broke unguarded tools; the ids in brackets name the
case there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdback.errors import ConfigError, EnvironmentFault
from holdback.experiments.load import load

GOOD = """\
version: 1
experiment: spring-recs
currency: EUR
timezone: Europe/Paris
arms:
  holdback: {share: 50%}
  personalized: {share: 50%}
assignment: {salt: spring-recs-2026, crossovers: exclude}
window: {start: 2026-03-01, end: 2026-03-29}
primary: revenue
secondary: [conversion]
analysis:
  level: 95%
sources:
  assignments:
    csv: assignments.csv
    columns: {unit: user_id, arm: arm, time: assigned_at}
  orders:
    csv: orders.csv
    columns: {unit: user_id, time: ts, id: order_id}
metrics:
  conversion: {kind: conversion, source: orders, within: 14 days}
  revenue: {kind: mean, source: orders, value: amount, unit: money, within: 14 days}
"""

# (id, text that is replaced, by what, place line:column, words of the message)
CASES = [
    ("Y01 key twice", "analysis:\n", "currency: USD\nanalysis:\n", "12:1",
     ["'currency' stands twice", "line 3", "line 12"]),
    ("Y02 metric twice", "  revenue: {kind: mean,", "  conversion: {kind: mean,",
     "23:3", ["conversion", "line 22", "line 23"]),
    ("Y03 alias", "  level: 95%", "  level: &l 95%", "13:10", ["anchor &l", "alias"]),
    ("Y04 self alias", "secondary: [conversion]", "secondary: &a [*a]", "11:16",
     ["alias *a", "Write the value out"]),
    ("Y05 tag", "primary: revenue",
     "primary: !!python/object/apply:os.system ['touch canary']", "10:10",
     ["tag", "line 10"]),
    ("Y06 on and off", "  holdback: {share: 50%}\n", "  on: {share: 50%}\n", "6:3",
     ["name on", 'Quote it: "on"']),
    ("Y06 true", "  holdback: {share: 50%}\n", "  true: {share: 50%}\n", "6:3",
     ["boolean", 'Quote it: "true"']),
    ("Y06 number", "  holdback: {share: 50%}\n", "  1: {share: 50%}\n", "6:3",
     ["number", 'Quote it: "1"']),
    ("Y07 octal salt", "salt: spring-recs-2026", "salt: 0123", "8:20",
     ["0123 is a number", 'Quote it: "0123"']),
    ("Y07 float name", "experiment: spring-recs", "experiment: 1.10", "2:13",
     ["1.10 is a number", 'Quote it: "1.10"']),
    ("Y08 tab", "analysis:\n  level", "analysis:\n\tlevel", "13:1", ["tab", "spaces"]),
    ("Y09 unknown key", "  level: 95%", "  levle: 95%", "13:3",
     ["'levle'", "Did you mean 'level'?"]),
    ("Y09 misspelt required", "primary: revenue", "primry: revenue", "10:1",
     ["'primry'", "Did you mean 'primary'?"]),
    ("Y10 sum 0.9", "personalized: {share: 50%}", "personalized: {share: 40%}", "5:1",
     ["90%", "0.9", "50% + 40%"]),
    ("Y10 negative", "personalized: {share: 50%}", "personalized: {share: -0.5}",
     "7:25", ["-50%"]),
    ("Y10 zero", "personalized: {share: 50%}", "personalized: {share: 0}", "7:25",
     ["0%"]),
    ("Y10 nan", "personalized: {share: 50%}", "personalized: {share: .nan}", "7:25",
     [".nan is not a finite number"]),
    ("Y10 infinity", "personalized: {share: 50%}", "personalized: {share: -.inf}",
     "7:25", ["-.inf is not a finite number"]),
    ("Y10 decimal comma", "personalized: {share: 50%}", "personalized: {share: 0,5}",
     "7:27", ["comma", "point"]),
    ("Y11 level 5", "  level: 95%", "  level: 5", "13:10", ["Did you mean 95%?"]),
    ("Y11 level 95", "  level: 95%", "  level: 95", "13:10", ["Did you mean 95%?"]),
    ("Y11 level 0.05", "  level: 95%", "  level: 0.05", "13:10",
     ["coverage", "Did you mean 95%?"]),
    ("Y13 two documents", "metrics:\n", "---\nmetrics:\n", "21:1",
     ["second document", "line 21"]),
    ("Y15 impossible date", "start: 2026-03-01", "start: 2026-02-30", "9:17",
     ["2026-02-30", "calendar"]),
    ("Y15 other date", "start: 2026-03-01", "start: 01/03/2026", "9:17",
     ["01/03/2026", "2026-10-01"]),
    ("Y16 end before start", "end: 2026-03-29", "end: 2026-01-29", "9:34",
     ["end 2026-01-29", "start 2026-03-01"]),
    ("Y24 case and space", "  personalized: {share: 50%}", "  'Holdback': {share: 50%}",
     "7:3", ["too alike", "arm"]),
    ("Y24 trailing space", "  personalized: {share: 50%}", "  'b ': {share: 50%}",
     "7:3", ["'b '", "arm"]),
    ("Y25 unset variable", "csv: orders.csv",
     "table: orders\n    database: postgresql://u:${env:NOT_SET_HERE}@h/db", "20:15",
     ["NOT_SET_HERE", "not set"]),
    ("Y25 shell variable", "csv: orders.csv",
     "table: orders\n    database: postgresql://u:${DB_PASSWORD}@h/db", "20:15",
     ["${DB_PASSWORD}", "${env:NAME}"]),
    ("Y26 unknown kind", "kind: mean", "kind: meen", "23:19",
     ["'meen'", "Did you mean 'mean'?"]),
    ("Y29 no primary", "primary: revenue\n", "", "1:1",
     ["'primary' is missing", "conversion, revenue"]),
    ("S08 literal password", "csv: orders.csv",
     "table: orders\n    database: postgresql://u:s3cret@h/db", "20:15",
     ["password", "${env:DB_PASSWORD}"]),
    ("S09 path as name", "experiment: spring-recs", "experiment: ../../pwn", "2:13",
     ["../../pwn", "output folder"]),
    ("S15 URL", "csv: orders.csv", "csv: http://169.254.169.254/", "19:10",
     ["data path", "not a URL"]),
    ("S15 file URL", "csv: orders.csv", "csv: file:///etc/passwd", "19:10",
     ["data path", "not a URL"]),
    ("arms: one", "  personalized: {share: 50%}\n", "", "5:1", ["two or more arms"]),
    ("arms: no control", "  holdback: {share: 50%}", "  a: {share: 50%}", "5:1",
     ["control", "control: true"]),
    ("arms: two controls",
     "  holdback: {share: 50%}\n  personalized: {share: 50%}",
     "  a: {share: 50%, control: true}\n  b: {share: 50%, control: true}", "7:28",
     ["'a' and 'b' are both the control"]),
    ("arms: no share", "personalized: {share: 50%}", "personalized: {label: P}", "7:3",
     ["'personalized' has no 'share'"]),
    ("salt: space", "salt: spring-recs-2026", "salt: spring recs", "8:20",
     ["'spring recs'", "letters, digits"]),
    ("crossovers", "crossovers: exclude", "crossovers: frist", "8:50",
     ["'frist'", "Did you mean 'first'?"]),
    ("scheme without its key", "crossovers: exclude", "scheme: planout", "8:46",
     ["'param_salt' is missing", "Under `params`"]),
    ("looks: dates", "  level: 95%", "  looks: [2026-03-29, 2026-03-15]", "13:10",
     ["planned looks are days in rising order"]),
    ("looks: early", "  level: 95%", "  looks: [2026-02-28, 2026-03-15]", "13:10",
     ["the look on 2026-02-28 lies before the window"]),
    ("unknown metric", "secondary: [conversion]", "secondary: [convresion]", "11:13",
     ["'convresion'", "Did you mean 'conversion'?"]),
    ("metric twice", "secondary: [conversion]", "secondary: [revenue]", "11:13",
     ["already the primary"]),
    ("unknown source", "source: orders, value", "source: order, value", "23:33",
     ["'order'", "Did you mean 'orders'?"]),
    ("another source's option", "csv: orders.csv",
     "shopify_orders: orders.csv\n    events: [purchase]", "20:5",
     ["'events' is not a key that is known"]),
    ("address of an export", "csv: orders.csv",
     "shopify_orders: https://shop.example/orders", "19:21",
     ["a local file, not a URL"]),
    ("source without kind", "csv: orders.csv", "cvs: orders.csv", "18:3",
     ["source 'orders'", "Did you mean 'csv'?"]),
    ("expression", "value: amount", "value: amount - * 2", "23:57",
     ["'*' has no place here"]),
    ("function", "value: amount", "value: sum(amount)", "23:48", ["sum", "functions"]),
    ("money without currency", "currency: EUR\n", "", "22:62", ["currency"]),
    ("unknown currency", "currency: EUR", "currency: EURO", "3:11",
     ["'EURO'", "Did you mean 'EUR'?"]),
    ("unknown timezone", "Europe/Paris", "Europe/Pari", "4:11",
     ["'Europe/Pari'", "Did you mean 'Europe/Paris'?"]),
    ("timezone as path", "Europe/Paris", "../../etc/passwd", "4:11", ["timezone"]),
    ("duration without unit", "value: amount, unit: money, within: 14 days",
     "value: amount, unit: money, within: 14", "23:77", ["'14'", "14 days"]),
    ("within without time", "columns: {unit: user_id, time: ts, id: order_id}",
     "columns: {unit: user_id, id: order_id}", "20:5", ["within", "time"]),
    ("no value", "primary: revenue", "primary:", "10:1", ["'primary' has no value"]),
    ("version 2", "version: 1", "version: 2", "1:10", ["'2' is not one of: 1"]),
    ("a list for keys", "analysis:\n  level: 95%", "analysis: [95%]", "12:11",
     ["a block of keys is needed"]),
    ("profit without costs", "analysis:\n", "decision: {rule: profit}\nanalysis:\n",
     "12:18", ["needs costs"]),
    ("not_worse without margin", "analysis:\n",
     "decision: {rule: not_worse}\nanalysis:\n", "12:1", ["'margin'"]),
    ("cost without period", "analysis:\n",
     "economics: {costs: [{name: x, amount: 1}]}\nanalysis:\n", "12:21",
     ["neither 'per' nor 'spread'"]),
    ("cost with both", "analysis:\n",
     "economics: {costs: [{name: s, amount: 1, per: day, spread: 1 day}]}\nanalysis:\n",
     "12:21", ["both 'per' and 'spread'"]),
    ("margin 42", "analysis:\n", "economics: {margin: 42}\nanalysis:\n", "12:21",
     ["Did you mean 42%?"]),
    ("wrong unit of a guardrail", "secondary: [conversion]",
     "guardrails: {conversion: 50 ms}", "11:26", ["'ms'"]),
    ("guardrail with a sign", "secondary: [conversion]",
     "guardrails: {conversion: -2%}", "11:26", ["no sign", "Write 2%"]),
    ("secret elsewhere", "csv: orders.csv", "csv: ${env:HOME}/orders.csv", "19:10",
     ["database"]),
    ("segment is a role", "  level: 95%", "  segments: [arm]", "13:14",
     ["not an attribute"]),
    ("delimiter", "csv: orders.csv", "csv: orders.csv\n    delimiter: ';;'", "20:16",
     ["one character"]),
    ("decimal", "csv: orders.csv", "csv: orders.csv\n    decimal: ','", "20:14",
     ["same character", 'delimiter: ";"']),
    ("decimal mark", "csv: orders.csv", "csv: orders.csv\n    decimal: x", "20:14",
     ["'.' or ','"]),
    ("encoding", "csv: orders.csv", "csv: orders.csv\n    encoding: utf-9", "20:15",
     ["'utf-9'"]),
    ("database of later", "csv: orders.csv",
     "table: orders\n    database: mysql://h/db", "20:15", ["postgresql://"]),
    ("margin_value of a rate", "kind: conversion, ",
     "kind: conversion, margin_value: m, ", "22:34", ["no profit of its own"]),
    ("aggregate without value", "value: amount, ", "aggregate: max, ", "23:52",
     ["'max' needs a 'value'"]),
    ("cap of a rate", "kind: conversion, ", "kind: conversion, cap: 99%, ", "22:39",
     ["nothing to cap"]),
    ("cap of 100%", "value: amount, ", "value: amount, cap: 100%, ", "23:61",
     ["between 0% and 100%"]),
    ("half a ratio", "kind: mean, source: orders, value: amount",
     "kind: ratio, source: orders, value: amount", "23:3", ["a ratio needs"]),
    ("events as rows", "columns: {unit: user_id, time: ts, id: order_id}",
     "columns: {unit: row, time: ts}", "20:21", ["exposures only"]),
    ("window missing", "window: {start: 2026-03-01, end: 2026-03-29}\n", "", "1:1",
     ["'window' is missing"]),
    ("override of no arm", "crossovers: exclude", "overrides: {u-1: personalised}",
     "8:55", ["Did you mean 'personalized'?"]),
    ("exposures not found", "crossovers: exclude", "source: assignment", "8:46",
     ["Did you mean 'assignments'?"]),
    ("traffic 20", "crossovers: exclude", "traffic: 20", "8:47",
     ["Did you mean 20%?"]),
    ("phase 0", "crossovers: exclude", "phase: 0", "8:45", ["phase is 1"]),
    ("negative cost", "analysis:\n",
     "economics: {costs: [{name: x, amount: -1, per: day}]}\nanalysis:\n", "12:39",
     ["not negative"]),
    ("value is no money", "analysis:\n",
     "economics: {value: conversion}\nanalysis:\n", "12:20", ["not money per unit"]),
    ("margin not read", "analysis:\n",
     "decision: {margin: 1%}\nanalysis:\n", "12:12", ["not read by the rule 'lift'"]),
    ("minimum lift 5", "analysis:\n", "decision: {minimum_lift: 5}\nanalysis:\n",
     "12:26", ["Did you mean 5%?"]),
    ("points of money", "secondary: [conversion]", "guardrails: {conversion: 5}",
     "11:26", ["Did you mean 5%"]),
    ("margin of 100%", "secondary: [conversion]", "guardrails: {conversion: 100%}",
     "11:26", ["below 100%"]),
    ("logged alike", "personalized: {share: 50%}",
     "personalized: {share: 50%, logged_as: holdback}", "7:3", ["both logged as"]),
    ("prior of no width", "  level: 95%", "  prior: {lift_sd: 0}", "13:20",
     ["from 0.01%"]),
    ("prior of no width to speak of", "  level: 95%", "  prior: {lift_sd: 0.000001%}",
     "13:20", ["from 0.01%", "no data would ever change it"]),
    ("locale", "currency: EUR", "currency: EUR\nlocale: english", "4:9",
     ["'english'"]),
]  # fmt: skip


NOT_ALONE = {
    "Y08 tab",
    "Y13 two documents",
    "Y02 metric twice",
    "Y04 self alias",
    "Y06 on and off",
    "Y06 true",
    "Y06 number",
}


def problems_of(folder: Path, content: str | bytes) -> ConfigError:
    """What `load` raises for a file of that content."""
    file = folder / "experiment.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load(file, environ={})
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_load_rejects(
    tmp_path: Path, old: str, new: str, place: str, words: list[str]
) -> None:
    """Each spoilt file gives exit code 2, its place, and words that help."""
    assert GOOD.count(old) == 1
    error = problems_of(tmp_path, GOOD.replace(old, new))
    assert error.exit_code == 2
    places = [re.sub(r"^.*experiment\.yaml:", "", p.where) for p in error.problems]
    assert place in places, str(error)
    told = str(error)
    for word in words:
        assert word in told
    assert "s3cret" not in told


def test_load_accepts_the_file_that_the_cases_spoil(tmp_path: Path) -> None:
    """The file without a fault loads, so each case fails for its own fault."""
    file = tmp_path / "experiment.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert load(file, environ={}).name == "spring-recs"


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c[0] not in NOT_ALONE],
    ids=lambda case: case[0],
)
def test_load_rejects_with_one_problem_a_fault(
    tmp_path: Path, case: tuple[str, str, str, str, list[str]]
) -> None:
    """One fault is told once: nothing that merely follows from it."""
    error = problems_of(tmp_path, GOOD.replace(case[1], case[2]))
    assert len(error.problems) == 1, str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"- a\n- b\n", "block of keys"),
        (b"#" + b"x" * 1_000_001, "large"),
        (b"[" * 3000, "levels"),
        (b"a: \xff\n", "UTF-8"),
        (b"a: b\x00\n", "cannot stand in YAML"),
        (b"a: [1, 2\nb: 3\n", "not YAML"),
        (b"a: &a [x]\n" + b"b: [" + b"*a," * 100 + b"]\n", "alias"),
    ],
    ids=["Y12", "Y12b", "list", "Y22", "Y23", "bytes", "NUL", "syntax", "Y03"],
)
def test_load_rejects_what_is_no_document(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """Files that are not one block of YAML are refused, and told apart."""
    assert words in str(problems_of(tmp_path, content))


def test_load_rejects_everything_at_once(tmp_path: Path) -> None:
    """Problems of shape, of values and of references come together, in file order."""
    text = GOOD.replace("level: 95%", "levl: 95%").replace(
        "primary: revenue", "primary: x"
    )
    text = text.replace("Europe/Paris", "Mars").replace(
        "within: 14 days}", "within: 14}"
    )
    error = problems_of(tmp_path, text)
    lines = [int(p.where.split(":")[-2]) for p in error.problems]
    assert lines == sorted(lines)
    assert {4, 10, 13, 22, 23} == set(lines)


def test_load_rejects_both_files_together(tmp_path: Path) -> None:
    """Problems of the project file stand beside those of the experiment file."""
    (tmp_path / "holdback.yaml").write_text("version: 1\ncurrncy: EUR\n", "utf-8")
    told = str(problems_of(tmp_path, GOOD.replace("level: 95%", "level: 2")))
    assert "holdback.yaml:2:1: 'currncy'" in told
    assert "experiment.yaml:13:10" in told


def test_load_rejects_with_line_and_caret(tmp_path: Path) -> None:
    """The excerpt shows the line, and the caret stands under the fault."""
    (problem,) = problems_of(
        tmp_path, GOOD.replace("value: amount", "value: amount - * 2")
    ).problems
    line, caret = problem.excerpt.splitlines()
    assert line[caret.index("^")] == "*"
    assert line.startswith("23 | ")


def test_load_rejects_without_showing_secrets(tmp_path: Path) -> None:
    """A variable's value stands in no message, even when it makes no sense."""
    file = tmp_path / "experiment.yaml"
    file.write_text(GOOD + "database: ${env:WAREHOUSE}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ={"WAREHOUSE": "mysql://u:s3cret@h/db"})
    assert "WAREHOUSE" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_load_rejects_missing_files_and_folders(tmp_path: Path) -> None:
    """What is no file is told as that (F03)."""
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "nothing.yaml")
    with pytest.raises(ConfigError, match="folder"):
        load(tmp_path)


def test_load_rejects_an_unreadable_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without permission is a fault of the environment (F03)."""
    file = tmp_path / "experiment.yaml"
    file.write_text(GOOD, encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(EnvironmentFault, match="permission"):
        load(file)
