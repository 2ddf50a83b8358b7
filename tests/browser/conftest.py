"""The browser's tests need tools that only `make test-report` installs."""

from __future__ import annotations

from importlib.util import find_spec

NEEDED = ("html5lib", "PIL", "playwright")
collect_ignore_glob = ["*"] if any(find_spec(name) is None for name in NEEDED) else []
