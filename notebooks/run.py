"""Runs a notebook's code cells in order and stores what they show.

``python notebooks/run.py notebooks/quickstart.ipynb``. Jupyter does the same; this
needs nothing but Python, so that the outputs in the repository can be made anew by
`make notebooks` wherever the tests run.
"""

from __future__ import annotations

import ast
import json
import sys
from base64 import b64encode
from contextlib import redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

__all__ = ["executed", "main"]


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with fresh outputs. An exception of a cell is raised."""
    space: dict[str, Any] = {"__name__": "__main__"}
    cells = []
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            cells.append(cell)
            continue
        count += 1
        outputs = _outputs("".join(cell["source"]), space, count)
        cells.append({**cell, "execution_count": count, "outputs": outputs})
    return {**notebook, "cells": cells}


def _outputs(source: str, space: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """What one cell prints, and the value of its last expression."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    value = None
    with redirect_stdout(StringIO()) as printed:
        module = ast.Module(body=body, type_ignores=[])
        exec(compile(module, f"<cell {count}>", "exec"), space)  # noqa: S102  # its job
        if last is not None:
            code = compile(ast.Expression(last.value), f"<cell {count}>", "eval")
            value = eval(code, space)  # noqa: S307  # its job
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        text = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": text})
    if value is not None:
        outputs.append(
            {
                "data": _shown(value),
                "execution_count": count,
                "metadata": {},
                "output_type": "execute_result",
            }
        )
    return outputs


def _shown(value: Any) -> dict[str, list[str]]:
    """Every form in which a notebook may show a value."""
    shown = {"text/plain": repr(value)}
    page = value._repr_html_() if hasattr(value, "_repr_html_") else None
    if page is not None:
        shown = {"text/html": page, "text/plain": str(value)}
    if hasattr(value, "savefig"):
        drawn = BytesIO()
        value.savefig(drawn, format="png", dpi=72, bbox_inches="tight")
        shown["image/png"] = b64encode(drawn.getvalue()).decode()
    return {kind: text.splitlines(keepends=True) for kind, text in shown.items()}


def main(paths: list[str]) -> None:
    """Execute notebooks and write them back."""
    for path in map(Path, paths):
        notebook = executed(json.loads(path.read_text(encoding="utf-8")))
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
