"""Ids of one unit that are written in two ways, so that its rows do not find it.

Spreadsheets and exports lose what an id is made of: leading zeros, case, dashes. The
ids of a source that meet no exposed unit are compared again without each of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, any_of, col
from holdback.data.evidence.cells import IdSpelling
from holdback.data.queries.exposures import unit_text
from holdback.data.queries.units import nested, select

__all__ = ["id_spellings", "masked"]

Spelled = Callable[[exp.Expression], exp.Expression]
LEAST_IDS = 5
LEAST_SHARE_OF_IDS = 0.05
LEAST_SHARE_OF_PREFIXED, LEAST_SHARE_OF_STRANGERS = 0.5, 0.95


def _call(name: str, *parts: exp.Expression | str) -> exp.Expression:
    literals = [exp.Literal.string(p) if isinstance(p, str) else p for p in parts]
    return exp.Anonymous(this=name, expressions=literals)


def _trimmed(unit: exp.Expression) -> exp.Expression:
    return exp.Trim(this=unit)


def _lowered(unit: exp.Expression) -> exp.Expression:
    return exp.Lower(this=unit)


def _without_zeros(unit: exp.Expression) -> exp.Expression:
    return _call("ltrim", unit, "0")


def _whole(unit: exp.Expression) -> exp.Expression:
    return _call("regexp_replace", unit, r"\.0+$", "")


def _bare(unit: exp.Expression) -> exp.Expression:
    """A UUID without dashes and braces."""
    for sign in "-{}":
        unit = _call("replace", unit, sign, "")
    return exp.Lower(this=unit)


def _letters(unit: exp.Expression) -> exp.Expression:
    """An id without the signs that spreadsheets and programs put around it."""
    for sign in NO_LETTERS:
        unit = _call("replace", unit, sign, "")
    return exp.Lower(this=unit)


def _last_digits(unit: exp.Expression) -> exp.Expression:
    """The number at the end of an id, as of ``gid://shopify/Customer/123``."""
    return _call("regexp_replace", unit, r"^.*[^0-9]([0-9]+)$", r"\1")


def _plainest(unit: exp.Expression) -> exp.Expression:
    return _without_zeros(_whole(_lowered(_trimmed(unit))))


SPELLINGS: Mapping[str, Spelled] = {
    "spaces": _trimmed,
    "case": _lowered,
    "leading_zeros": _without_zeros,
    "point_zero": _whole,
    "dashes": _bare,
    "several": _plainest,
    "signs": _letters,
    "prefix": _last_digits,
}
"""What two spellings of an id may differ by, the likeliest first."""
NO_LETTERS = "'\"=,;.:|()[]<>{}-_/\\ \u00a0\u200b\u200c\u200d\u2060\ufeff"


def id_spellings(
    engine: Engine, units: Mapping[str, tuple[Reader, str]], exposures: str
) -> dict[str, IdSpelling]:
    """Sources of which ids would meet exposed units if they were spelled alike.

    `units` are the readers and columns of the unit's id, by source.
    """
    spellings = {}
    for source, (reader, column) in units.items():
        if source == exposures:
            continue
        spelling = _spelling(engine, units[exposures], (reader, column))
        if spelling is not None:
            spellings[source] = spelling
    return spellings


def _distinct(unit: tuple[Reader, str]) -> exp.Select:
    reader, column = unit
    text = reader.dialect.bytewise(unit_text(reader, column))
    known = exp.Not(
        this=exp.Is(this=exp.Paren(this=text.copy()), expression=exp.null())
    )
    return select({"id": text}, reader.table.relation.copy(), where=[known]).distinct(
        copy=False
    )


def _spelling(
    engine: Engine, exposed: tuple[Reader, str], events: tuple[Reader, str]
) -> IdSpelling | None:
    """The most frequent cause among the ids that meet nobody, if it is frequent."""
    same = exp.EQ(this=col("id", "e"), expression=col("id", "x"))
    strangers = (
        select({"id": col("id", "e")}, nested(_distinct(events), "e"))
        .join(nested(_distinct(exposed), "x"), on=same, join_type="left", copy=False)
        .where(exp.Is(this=col("id", "x"), expression=exp.null()), copy=False)
    )
    relation = engine.kept(strangers)
    counted = select({"n": exp.Count(this=exp.Star())}, relation.copy())
    ((ids,),) = engine.run(counted)
    ((every,),) = engine.run(
        select({"n": exp.Count(this=exp.Star())}, nested(_distinct(events), "e"))
    )
    if int(ids) < LEAST_IDS:
        return None
    found = {
        cause: _meeting(engine, relation, exposed, spelled, plain=cause == "prefix")
        for cause, spelled in SPELLINGS.items()
    }
    cause = max(found, key=lambda name: found[name][0])
    count, mine, theirs = found[cause]
    least = LEAST_SHARE_OF_PREFIXED if cause == "prefix" else LEAST_SHARE_OF_IDS
    if count < max(LEAST_IDS, least * int(every)):
        if int(ids) < LEAST_SHARE_OF_STRANGERS * int(every):
            return None
        cause, count = "unknown", int(ids)
        mine, theirs = (
            str(engine.run(select({"id": exp.Max(this=col("id"))}, those))[0][0] or "")
            for those in (relation.copy(), nested(_distinct(exposed), "x"))
        )
    return IdSpelling(
        cause=cause, ids=count, of=int(every), pair=(masked(theirs), masked(mine))
    )


def _meeting(
    engine: Engine,
    strangers: exp.Expression,
    exposed: tuple[Reader, str],
    spelled: Spelled,
    *,
    plain: bool,
) -> tuple[int, str, str]:
    """How many ids meet one when both are spelled alike, and one such pair.

    Where one of them must be `plain`, it is written as both are spelled.
    """
    mine = select({"id": col("id"), "plain": spelled(col("id"))}, strangers.copy())
    theirs = select(
        {"id": col("id"), "plain": spelled(col("id"))},
        nested(_distinct(exposed), "d"),
    )
    pair = exp.DPipe(
        this=exp.DPipe(this=col("id", "e"), expression=exp.Literal.string("\x1f")),
        expression=col("id", "x"),
    )
    alike = [exp.EQ(this=col("plain", "e"), expression=col("plain", "x"))]
    if plain:
        sides = [
            exp.EQ(this=col("id", side), expression=col("plain", side)) for side in "ex"
        ]
        alike.append(exp.Paren(this=any_of(sides)))
    joined = select(
        {
            "n": exp.Count(this=exp.Distinct(expressions=[col("id", "e")])),
            "pair": exp.Max(this=exp.Paren(this=pair)),
        },
        nested(mine, "e"),
    ).join(
        nested(theirs, "x"),
        on=all_of(alike),
        copy=False,
    )
    ((count, text),) = engine.run(joined)
    one, _, other = str(text or "").partition("\x1f")
    return int(count), one, other


def masked(unit: str) -> str:
    """An id's form without the id: zeros and signs stay, nobody can be found by it.

    >>> masked("000123"), masked("aB-70 .0"), masked("Ann@x.example")
    ('000nnn', 'aA-n0 .0', 'Aaa@a.aaaaaaa')
    """
    unit = re.sub(r"[^\W\d_]", lambda m: "A" if m[0].isupper() else "a", unit)
    return re.sub(r"[1-9]", "n", unit)
