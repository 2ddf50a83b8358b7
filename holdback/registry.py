"""Registries of plug-ins: a name → what it means, filled by the files of a package.

Metrics, sources, checks and the parts of a section are plug-ins of one shape: one
file that registers itself under a name. The files of a package are imported when a
name is first looked up, so start-up pays nothing for them; a kind's file has the
kind's name, so that looking up one kind imports one file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.util import find_spec
from typing import Generic, TypeVar

__all__ = ["Kinds", "Plugins"]

T = TypeVar("T")


class Plugins(Generic[T]):
    """Name → plug-in, filled by the files of one package, or of its `rooms`."""

    def __init__(self, package: str, *, rooms: bool = False) -> None:
        self._package = package
        self._rooms = rooms
        self._plugins: dict[str, T] = {}
        self._loaded = False

    def add(self, name: str, plugin: T) -> None:
        """File a plug-in under `name`.

        Raises ValueError where the name is taken.
        """
        if name in self._plugins:
            raise ValueError(f"`{name}` is already in {self._package}.")
        self._plugins[name] = plugin

    def __getitem__(self, name: str) -> T:
        return self._all()[name]

    def __contains__(self, name: object) -> bool:
        return name in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._all()))

    def items(self) -> list[tuple[str, T]]:
        """All plug-ins, sorted by name."""
        return sorted(self._all().items(), key=lambda item: item[0])

    def files(self) -> list[str]:
        """Names of the package's files, sorted, without importing the package.

        They are the kinds' names where a package says so: a floor below can then tell
        which kinds there are, and start-up pays for none.
        """
        spec = find_spec(self._package)
        places = (spec and spec.submodule_search_locations) or ()
        return sorted(module.name for module in pkgutil.iter_modules(places))

    @cached_property
    def _modules(self) -> tuple[str, ...]:
        """The module of each file; two rooms may have files of the same name."""
        package = importlib.import_module(self._package)
        listed = pkgutil.walk_packages if self._rooms else pkgutil.iter_modules
        files = listed(package.__path__, f"{self._package}.")
        return tuple(file.name for file in files)

    def _all(self) -> dict[str, T]:
        if not self._loaded:
            for module in self._modules:
                importlib.import_module(module)
            self._loaded = True
        return self._plugins


class Kinds(Plugins[type[T]]):
    """Kind name → class. A kind's file has its name, unless files are `shared`."""

    def __init__(
        self, package: str, *, rooms: bool = False, shared: bool = False
    ) -> None:
        super().__init__(package, rooms=rooms)
        self._shared = shared

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Class decorator that files a class under `name`; a name is taken once.

        It raises ValueError in a file of the package that has another name.
        """

        def file(cls: type[T]) -> type[T]:
            home, _, module = cls.__module__.rpartition(".")
            within = f"{home}.".startswith(f"{self._package}.")
            if within and module != name and not self._shared:
                raise ValueError(f"`{name}` belongs into {name}.py, not {module}.py.")
            self.add(name, cls)
            return cls

        return file

    def __getitem__(self, name: str) -> type[T]:
        self._import(name)
        return self._plugins[name]

    def __contains__(self, name: object) -> bool:
        self._import(name)
        return name in self._plugins

    def name_of(self, kind: object) -> str:
        """The name that an object's class is filed under. Raises KeyError for none."""
        for name, cls in self._plugins.items():
            if cls is type(kind):
                return name
        raise KeyError(type(kind).__name__)

    def _import(self, name: object) -> None:
        if self._shared:
            self._all()
        elif isinstance(name, str) and name not in self._plugins:
            for module in self._modules:
                if module.rpartition(".")[2] == name:
                    importlib.import_module(module)
