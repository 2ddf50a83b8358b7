"""YAML files → `Experiment`: the door through which every configuration comes.

Steps: bytes → tree with places (`config.yaml_document`), tree → models of what may be
written (`config.models`, read by `config.validation`), models → values with references
checked and defaults filled (`resolve`). Problems of both files are collected on the
whole way and raised together.
"""

from __future__ import annotations

import dataclasses
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdback.errors import ConfigError, EnvironmentFault, Problem
from holdback.experiments.config.yaml_document import MOST_BYTES, Document, parsed
from holdback.experiments.definition.experiment import Experiment

if TYPE_CHECKING:
    from holdback.experiments.config.models import ExperimentFile
    from holdback.experiments.config.validation import Issues

__all__ = [
    "PROJECT_FILE",
    "check_project_file",
    "checked",
    "is_project_file",
    "load",
    "places_of",
    "written_as",
    "written_in",
]

PROJECT_FILE = "holdback.yaml"


def load(
    path: str | os.PathLike[str], environ: Mapping[str, str] | None = None
) -> Experiment:
    """The experiment that a file describes, with what `holdback.yaml` adds.

    Relative paths start from the folder of `holdback.yaml`, or without one from the
    experiment file's. Raises ConfigError with every problem of both files, or
    EnvironmentFault when a file cannot be read.
    """
    documents, root = _documents(Path(path))
    return _experiment(documents, os.environ if environ is None else environ, root)


def checked(experiment: Experiment) -> Experiment:
    """An experiment that may have been edited in Python, as its file would be read.

    The same object where `dataclasses.replace` changed nothing that a file says.
    Else its resolved form is written out, validated and resolved again, so that it
    carries its own. Raises ConfigError with every problem.
    """
    from holdback.experiments.resolve.snapshot import resolved_of

    if not experiment.resolved:  # built by hand, in no file's form
        return experiment
    says = resolved_of(experiment)
    if says == experiment.resolved:
        return experiment
    text = json.dumps(says, ensure_ascii=False, indent=1)
    place = f"the edited experiment '{experiment.name}'"
    try:
        whole = _experiment(
            [parsed(text.encode("utf-8"), str(experiment.root / experiment.file))],
            os.environ,
            experiment.root,
        )
    except ConfigError as error:
        raise ConfigError(
            dataclasses.replace(problem, where=place) for problem in error.problems
        ) from error
    return dataclasses.replace(
        whole,
        file=experiment.file,
        analysis=dataclasses.replace(whole.analysis, prior=experiment.analysis.prior),
    )


def written_as(text: str, place: str) -> Experiment:
    """The experiment that a text means which no file holds; `place` is named in errors.

    Raises ConfigError with every problem.
    """
    try:
        return _experiment([parsed(text.encode("utf-8"), place)], os.environ, Path())
    except ConfigError as error:
        raise ConfigError(
            dataclasses.replace(problem, where=place, excerpt="")
            for problem in error.problems
        ) from error


def places_of(path: str | os.PathLike[str]) -> Issues:
    """The places of an experiment's files, for problems that are found later.

    Raises ConfigError for a file that is missing or cannot be read.
    """
    from holdback.experiments.config.validation import Issues

    documents, _ = _documents(Path(path))
    return Issues(documents)


def written_in(path: Path) -> tuple[ExperimentFile, Issues]:
    """What one experiment file says, as far as it can be read, and its places.

    Raises ConfigError for a file that is missing.
    """
    from holdback.experiments.config.models import ExperimentFile
    from holdback.experiments.config.validation import Issues, read

    document = _document(path)
    issues = Issues([document])
    return read(ExperimentFile, document, issues), issues


def _documents(file: Path) -> tuple[list[Document], Path]:
    """The experiment's file and the project's above it, and the project's folder."""
    document = _document(file)
    _refuse_project_file(file, document)
    project_path = None if file.name == PROJECT_FILE else _project_above(file)
    documents = [document]
    if project_path is not None:
        documents.append(_document(project_path))
    return documents, (project_path or file).parent


def is_project_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a `holdback.yaml` without an experiment in it.

    Raises ConfigError for a file that is missing or cannot be read.
    """
    file = Path(path)
    if file.name != PROJECT_FILE:
        return False
    document = _document(file)
    return document.root is None or "experiment" not in document.root.key_places


def check_project_file(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Names of the metrics of a project file; raises ConfigError with its problems.

    Connections and unused kinds are left to the experiments that use them.
    """
    from holdback.experiments.config.models import ProjectFile
    from holdback.experiments.config.validation import Issues, read
    from holdback.experiments.resolve.references import metrics_of, sources_of
    from holdback.experiments.resolve.resolve import check_project

    document = _document(Path(path))
    issues = Issues([document])
    written = read(ProjectFile, document, issues)
    check_project(written, issues, None)
    metrics_of(written, (), issues, others="project")
    sources_of(written, (), issues, {})
    if issues.problems:
        raise ConfigError(issues.problems)
    return tuple(written.metrics)


def _experiment(
    documents: list[Document], environ: Mapping[str, str], root: Path
) -> Experiment:
    from holdback.experiments.config.models import ExperimentFile, ProjectFile
    from holdback.experiments.config.validation import Issues, read
    from holdback.experiments.resolve.resolve import resolve

    issues = Issues(documents)
    written = read(ExperimentFile, documents[0], issues)
    for document in documents[1:]:
        written = _merged(read(ProjectFile, document, issues), written)
    if documents[0].root is None:
        raise ConfigError(issues.problems)
    name = os.path.relpath(documents[0].file, root or ".")
    experiment = resolve(
        written, issues, environ=environ, root=root, file=Path(name).as_posix()
    )
    if experiment is None:
        raise ConfigError(issues.problems)
    return experiment


def _merged(project: Any, experiment: Any) -> Any:
    """The experiment's file over the project's: named things one by one, else whole."""
    from holdback.experiments.config.fields import MERGED_KEYS

    update: dict[str, Any] = {}
    for key in type(project).model_fields:
        own, shared = getattr(experiment, key), getattr(project, key)
        if key in MERGED_KEYS:
            update[key] = {**shared, **own}
        elif key == "events":
            update[key] = (*shared, *own)
        elif own is None:
            update[key] = shared
    return experiment.model_copy(update=update)


def _document(file: Path) -> Document:
    """The parsed file; its name stays as the user gave it."""
    name = str(file)
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise ConfigError(
                Problem(where=name, what=f"this is {kind}.", fix="Name a YAML file.")
            )
        with file.open("rb") as handle:
            content = handle.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(
            Problem(where=name, what="there is no such file.", fix=_nearby(file))
        ) from error
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(
            Problem(where=name, what=f"the file cannot be read: {said.lower()}.")
        ) from error
    return parsed(content, name)


def _nearby(file: Path) -> str:
    from holdback.experiments.language.quantities import did_you_mean

    try:
        names = [p.name for p in file.parent.iterdir() if p.suffix in {".yaml", ".yml"}]
    except OSError:
        return ""
    return did_you_mean(file.name, sorted(names)) or (
        "`holdback init` writes a project to start from." if not names else ""
    )


def _refuse_project_file(file: Path, document: Document) -> None:
    if (
        file.name == PROJECT_FILE
        and document.root is not None
        and "experiment" not in document.root.key_places
    ):
        raise ConfigError(
            Problem(
                where=str(file),
                what="this is the project file; it describes no experiment.",
                fix="Name an experiment's file, such as experiments/NAME.yaml.",
            )
        )


def _project_above(file: Path) -> Path | None:
    """The nearest `holdback.yaml` above a file, relative where the file is."""
    steps = file.parent.absolute()
    for folder in (steps, *steps.parents):
        candidate = folder / PROJECT_FILE
        if candidate.is_file():
            if file.is_absolute():
                return candidate
            return Path(os.path.relpath(candidate))
    return None
