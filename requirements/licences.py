"""The licence of every pinned library, against what this project may be given with.

`make audit` runs it in the environment that has them installed. A library without an
allowed licence, or one whose metadata name none, is named and the exit code is 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0"),
        *("ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-1.1", "MPL-2.0", "PSF-2.0"),
        *("Python-2.0", "Unlicense", "Zlib", "LGPL-3.0-only", "HPND"),
        *("Apache-2.0 WITH LLVM-exception", "GPL-3.0-or-later WITH GCC-exception-3.1"),
    }
)
"""Permissive ones, and weak copyleft of libraries that are used and not changed."""
SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "academic free license (afl)": "AFL-2.1",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache-2.0 license": "Apache-2.0",
    "boost software license 1.0 (bsl-1.0)": "BSL-1.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "isc license (iscl)": "ISC",
    "lgpl-3.0": "LGPL-3.0-only",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "zlib/libpng license": "Zlib",
}
"""How metadata without an SPDX expression say it."""
READ_BY_HAND = {
    "axe-playwright-python": "MIT AND MPL-2.0",  # axe-core is in it
    "cons": "LGPL-3.0-only",
    "minikanren": "BSD-3-Clause",
    "pypdfium2": "(BSD-3-Clause OR Apache-2.0) AND BSD-3-Clause",  # PDFium is in it
    "pyphen": "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1",
    "resvg-py": "MIT",
}
"""Library → licence as its LICENSE file says, where the metadata do not."""


def pinned(path: Path) -> Iterator[tuple[str, bool]]:
    """Libraries of a file of pins, and whether every machine needs them."""
    text = path.read_text(encoding="utf-8")
    shape = re.compile(r"^([a-z0-9-]+)(?:\[.*\])?==\S+(.*)$", re.MULTILINE)
    for name, marker in shape.findall(text):
        yield name, ";" not in marker


def licence(name: str) -> str:
    """What the metadata of an installed library say, as SPDX where that is known.

    Raises PackageNotFoundError where it is not installed.
    """
    told = metadata.metadata(name)
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    said = str(told.get("License-Expression") or told.get("License") or "")
    if is_allowed(spelled(said)):
        return spelled(said)
    lines = map(str, told.get_all("Classifier") or [])
    last = [line.rpartition(" :: ")[2] for line in lines if "License ::" in line]
    return " OR ".join(spelled(one) for one in last if one != "OSI Approved") or said


def spelled(said: str) -> str:
    """A licence as SPDX spells it, where it is known."""
    return SPELLINGS.get(said.strip().lower(), said.strip())


def is_allowed(expression: str) -> bool:
    """Whether one of the choices (OR) has only allowed parts (AND)."""
    while inner := re.search(r"\(([^()]*)\)", expression):
        verdict = "MIT" if is_allowed(inner[1]) else "none"
        expression = expression[: inner.start()] + verdict + expression[inner.end() :]
    return any(
        all(part.strip() in ALLOWED for part in choice.split(" AND "))
        for choice in expression.split(" OR ")
    )


def main(files: list[str]) -> int:
    """Tell each library with its licence; 1 where one is not allowed or not known."""
    names = sorted({found for file in files for found in pinned(Path(file))})
    wrong = []
    for name, needed in names:
        try:
            said = licence(name)
        except metadata.PackageNotFoundError:
            if needed:
                wrong.append(f"{name}: not installed here, so its licence was not read")
            continue
        if not is_allowed(said):
            wrong.append(f"{name}: {said or 'no licence in its metadata'}")
    good = len(names) - len(wrong)
    print(f"{len(names)} pinned libraries, {good} of them with allowed licences.")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
