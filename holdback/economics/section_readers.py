"""Readers of the sections that tell money: they stand above the lifts they read."""

from __future__ import annotations

from holdback.analysis.section_readers import Readers

__all__ = ["readers"]

readers = Readers("holdback.economics")
