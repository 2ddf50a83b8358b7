"""The small language: trees, columns, faults with their column."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdback.experiments.language.expression import (
    Arithmetic,
    Compare,
    Expression,
    IsNull,
    Junction,
    Member,
    Name,
    Negation,
    Not,
    Number,
    Text,
    Tree,
    TruthWord,
    bare_name,
    columns_of,
    parse,
    parse_tree,
    written,
)
from holdback.experiments.language.quantities import Unreadable

A, B, C = Name("a"), Name("b"), Name("c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a - b - c", Arithmetic("-", Arithmetic("-", A, B), C)),
        ("a + b * c", Arithmetic("+", A, Arithmetic("*", B, C))),
        ("(a + b) * c", Arithmetic("*", Arithmetic("+", A, B), C)),
        ("-a / 2.5", Arithmetic("/", Negation(A), Number(Decimal("2.5")))),
        ("--a", A),
        ("a = 'it''s'", Compare("=", A, Text("it's"))),
        ('a = "x"', Compare("=", A, Text("x"))),
        ("a == 1", Compare("=", A, Number(Decimal(1)))),
        ("a <> 1", Compare("!=", A, Number(Decimal(1)))),
        (
            "a > 1 or b > 1 AND not c is null",
            Junction(
                "or",
                Compare(">", A, Number(Decimal(1))),
                Junction("and", Compare(">", B, Number(Decimal(1))), Not(IsNull(C))),
            ),
        ),
        ("a is not null", IsNull(A, negated=True)),
        (
            "a not in ('x', -2)",
            Member(A, (Text("x"), Number(Decimal(-2))), negated=True),
        ),
        ('"odd name" * 2', Arithmetic("*", Name("odd name"), Number(Decimal(2)))),
        ("\"Bought?\" = 'Yes'", Compare("=", Name("Bought?"), Text("Yes"))),
        (
            'a != "x" and a in ("x")',
            Junction("and", Compare("!=", A, Text("x")), Member(A, (Text("x"),))),
        ),
        ('"a" > "b"', Compare(">", A, B)),
        ('a = "b" + 1', Compare("=", A, Arithmetic("+", B, Number(Decimal(1))))),
        ('a = ""', Compare("=", A, Text(""))),
        (
            "a = TRUE or false != b",
            Junction(
                "or",
                Compare("=", A, TruthWord(value=True)),
                Compare("!=", TruthWord(value=False), B),
            ),
        ),
        ("`it``s` is null", IsNull(Name("it`s"))),
        ("`odd name` * 2", Arithmetic("*", Name("odd name"), Number(Decimal(2)))),
        ("Größe + 1e3", Arithmetic("+", Name("Größe"), Number(Decimal("1e3")))),
    ],
)
def test_parse_against_trees(text: str, tree: Tree) -> None:
    """Precedence and words give the tree that grammar books give."""
    assert parse(text).tree == tree


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("", 0),
        ("a +", 3),
        ("a + * b", 4),
        ("(a", 2),
        ("a)", 1),
        ("a ; drop table t", 2),
        ("sum(a)", 0),
        ("a in b", 5),
        ("a in ()", 6),
        ("a is 3", 5),
        ("a = 'x", 4),
        ("a = b = c", 6),
        ("(a > 1) + 1", 0),
        ("'x' * 2", 0),
        ("1 and a", 0),
        ("a.b", 1),
        ("12abc", 0),
        ("a not null", 6),
        ("and", 0),
        ("'Bought?' = 'Yes'", 0),
        ("a = 1 or 1 = 1", 9),
        ("not 'x' in ('x')", 4),
        ("'x' is null", 0),
        ("a > true", 2),
        ("true = 'x'", 5),
        ("true + 1", 0),
        ("total - Amount Refunded", 15),
        ("Bought? = 'Yes'", 6),
    ],
)
def test_parse_rejects_with_column(text: str, column: int) -> None:
    """What is not part of the language is refused where it stands."""
    with pytest.raises(Unreadable) as caught:
        parse(text)
    assert caught.value.column == column, str(caught.value)


@pytest.mark.parametrize("text", ["(" * 3000, "a+" * 900 + "a", "not " * 400 + "a"])
def test_parse_rejects_what_is_too_deep(text: str) -> None:
    """Nesting and length are bounded, so that no recursion runs away."""
    with pytest.raises(Unreadable):
        parse(text)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("Amount - Amount Refunded", "`Amount Refunded`"),
        ("Amount Refunded - Amount", "`Amount Refunded`"),
        ("Created date (UTC) is not null", "`Created date (UTC)`"),
        ("total > 0 and Payment Method = 'card'", "`Payment Method`"),
        ("not Financial Status in ('x')", "`Financial Status`"),
        ("Line 2 price * 2", "`Line 2 price`"),
        ("Bought? = 'Yes'", "`Bought?`"),
        ("total > 0 and Opt-in? = 1", "`Opt-in?`"),
        ("Revenue € > 0", "`Revenue €`"),
        ("'Bought?' = 'Yes'", "`Bought?`"),
        ("#orders > 1", "`#orders`"),
    ],
)
def test_names_that_need_quotes_are_shown_with_them(text: str, fix: str) -> None:
    """The fix is the whole name, as it can be pasted into the expression."""
    with pytest.raises(Unreadable) as caught:
        parse(text)
    assert fix in caught.value.fix, caught.value.fix
    assert parse(fix).columns == {fix.strip("`")}
    assert bare_name(fix) == fix.strip("`")


def test_parse_finds_columns() -> None:
    """Columns are names, and keep their case; texts and words are none."""
    expression = parse("(Total - refunded) / `n items` > 3 and status in ('x', 'y')")
    assert isinstance(expression, Expression)
    assert expression.columns == {"Total", "refunded", "n items", "status"}


@given(st.text(alphabet="ab1.'\"`()+-*/=<>!, notinisul", max_size=40))
def test_parse_of_any_text(text: str) -> None:
    """Any text is a tree that reads the same when written, or Unreadable."""
    with suppress(Unreadable):
        tree = parse_tree(text)
        assert parse_tree(written(tree)) == tree
        assert columns_of(tree) == parse(text).columns
