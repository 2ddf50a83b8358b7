"""A registry of kinds: a name in the YAML → the frozen class that means it.

Metrics, sources, checks, methods and report blocks are plug-ins of one shape:
one file, one class, one ``@kinds.register("name")``. The files of a package are
imported when a kind is first looked up, so start-up pays nothing for them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

__all__ = ["Kinds"]

T = TypeVar("T")


class Kinds(Generic[T]):
    """Kind name → class, filled by the files of one package, or of its `rooms`."""

    def __init__(self, package: str, *, rooms: bool = False) -> None:
        self._package = package
        self._rooms = rooms
        self._classes: dict[str, type[T]] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator that files a class under `name`; a name is taken once."""

        def file(cls: type[T]) -> type[T]:
            if name in self._classes:
                raise ValueError(f"`{name}` is already a kind of {self._package}.")
            self._classes[name] = cls
            return cls

        return file

    def __getitem__(self, name: str) -> type[T]:
        return self._all()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._all()))

    def items(self) -> list[tuple[str, type[T]]]:
        """All kinds, sorted by name."""
        return sorted(self._all().items())

    def _all(self) -> dict[str, type[T]]:
        if not self._loaded:
            package = importlib.import_module(self._package)
            listed = pkgutil.walk_packages if self._rooms else pkgutil.iter_modules
            for module in listed(package.__path__, f"{self._package}."):
                importlib.import_module(module.name)
            self._loaded = True
        return self._classes
