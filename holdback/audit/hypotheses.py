"""Ways in which logged arms may have come about other than planned, one at a time.

A variant is the plan with some changes; an edit makes one more change. What an edit
cannot do, or what would change nothing, is no variant.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from holdback.analysis.preregistration.audit_log import LogEntry, log_path, read
from holdback.assignment.scheme import Scheme, kinds
from holdback.assignment.scheme_params import scheme_or_faults
from holdback.assignment.schemes.custom import Custom
from holdback.assignment.schemes.holdback import Holdback
from holdback.assignment.split import Split
from holdback.audit.result import Change, ChangeKind
from holdback.errors import AssignmentError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import share, share_text

__all__ = [
    "FORMS",
    "Edit",
    "Former",
    "Variant",
    "edits",
    "former_of",
    "keys_of_hash",
    "with_arms",
]

FORMS: dict[str, Callable[[str], str]] = {
    "as they are": str,
    "in lower case": str.lower,
    "in upper case": str.upper,
    "without spaces at the ends": str.strip,
    "without a trailing '.0'": lambda text: text.removesuffix(".0"),
    "with a trailing '.0'": lambda text: f"{text}.0",
    "without leading zeros": lambda text: text.lstrip("0") or "0",
    "in composed Unicode (NFC)": lambda text: unicodedata.normalize("NFC", text),
}
KEY_TEMPLATES = (
    "{salt}:{id}",
    "{salt}{id}",
    "{id}{salt}",
    "{salt}-{id}",
    "{salt}_{id}",
)
TEMPLATED = re.compile(r"[{}]")
LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64}
PERMUTED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How arms may have been computed: a split, over a column's ids in some form."""

    split: Split
    column: str
    form: str = "as they are"
    changes: tuple[Change, ...] = ()

    def changed(self, kind: ChangeKind, what: str, **parts: object) -> Variant:
        """The variant with one more change."""
        changes = (*self.changes, Change(kind=kind, what=what))
        return replace(self, changes=changes, **parts)  # type: ignore[arg-type]

    def written(self, texts: Iterable[str | None]) -> Iterator[str | None]:
        """Ids in its form."""
        write = FORMS[self.form]
        return (None if text is None else write(text) for text in texts)

    def arms(self, texts: Iterable[str | None]) -> list[str | None]:
        """Arms that it gives to ids."""
        return [self.split.assign(text).arm for text in self.written(texts)]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change; `apply` gives None for what cannot be or changes nothing."""

    kind: ChangeKind
    apply: Callable[[Variant], Variant | None]


def edits(planned: Split, columns: Sequence[str], former: Former) -> list[Edit]:
    """Every single change that is tried, the likelier first of each kind."""
    return [
        *(_salt(salt) for salt in former.salts),
        *(
            _named(planned.scheme, key, salt)
            for key in keys_of_hash(planned.scheme)
            for salt in former.salts
        ),
        *(_column(name) for name in columns[1:]),
        *(_form(form) for form in list(FORMS)[1:]),
        *(with_arms(what, arms) for what, arms in _arrangements(planned, former)),
        *_gates(),
        *(_scheme(scheme) for scheme in _schemes(former)),
    ]


def keys_of_hash(scheme: Scheme) -> dict[str, str]:
    """Texts that a scheme's params put into the hashed key, such as a seed."""
    keys = {
        field.name: getattr(scheme, field.name)
        for field in dataclasses.fields(scheme)
        if field.type in {"str", "str | None"}
    }
    return {
        key: text
        for key, text in keys.items()
        if text is not None and not TEMPLATED.search(text)
    }


def with_arms(what: str, arms: tuple[tuple[str, Fraction], ...]) -> Edit:
    """Other shares, or another order of the arms."""
    return _of_split(
        "shares",
        what,
        lambda s: replace(s, arms=arms) if arms != s.arms else None,
    )


def _of_split(
    kind: ChangeKind, what: str, change: Callable[[Split], Split | None]
) -> Edit:
    def apply(variant: Variant) -> Variant | None:
        try:
            split = change(variant.split)
        except AssignmentError:
            return None
        return None if split is None else variant.changed(kind, what, split=split)

    return Edit(kind, apply)


def _salt(salt: str) -> Edit:
    def apply(variant: Variant) -> Variant | None:
        old = variant.split.hashed_salt
        if salt == old:
            return None
        try:
            split = replace(variant.split, salt=salt, phase=1)
        except AssignmentError:
            return None
        what = f"salt '{salt}' in place of '{old}'"
        return variant.changed("salt", what, split=split)

    return Edit("salt", apply)


def _named(planned: Scheme, key: str, text: str) -> Edit:
    """Another text in place of one that the scheme's own params name."""
    old = keys_of_hash(planned)[key]

    def change(split: Split) -> Split | None:
        if split.scheme != planned or text == old:
            return None
        changed: dict[str, Any] = {key: text}
        return replace(split, scheme=replace(planned, **changed))

    return _of_split("salt", f"{key} '{text}' in place of '{old}'", change)


def _column(name: str) -> Edit:
    def apply(variant: Variant) -> Variant | None:
        what = f"ids of column '{name}' in place of '{variant.column}'"
        return variant.changed("column", what, column=name)

    return Edit("column", apply)


def _form(form: str) -> Edit:
    return Edit("form", lambda v: v.changed("form", f"ids {form}", form=form))


def _arrangements(
    planned: Split, former: Former
) -> Iterator[tuple[str, tuple[tuple[str, Fraction], ...]]]:
    """Locked and equal shares; other orders of arms and of names."""
    for arms in former.arms:
        if {name for name, _ in arms} == set(planned.names):
            yield f"shares as locked before ({_told(arms)})", arms
    equal = Fraction(1, len(planned.arms))
    yield (
        f"equal shares in place of {_told(planned.arms)}",
        tuple((name, equal) for name in planned.names),
    )
    positions = range(len(planned.arms))
    few = len(planned.arms) <= PERMUTED
    for order in itertools.permutations(positions) if few else [positions[::-1]]:
        arms = tuple(planned.arms[i] for i in order)
        yield f"arms in the order {', '.join(name for name, _ in arms)}", arms
        named = tuple(
            (planned.names[i], share)
            for i, (_, share) in zip(order, planned.arms, strict=True)
        )
        yield f"names of arms exchanged ({_told(named)})", named


def _gates() -> Iterator[Edit]:
    yield _of_split(
        "gate",
        "traffic 100% in place of what is planned",
        lambda s: replace(s, traffic=Fraction(1)) if s.traffic != 1 else None,
    )
    yield _of_split(
        "gate",
        "the global holdout not consulted",
        lambda s: replace(s, holdout=None) if s.holdout else None,
    )
    yield _of_split(
        "gate",
        "the layer not consulted",
        lambda s: replace(s, layer=None) if s.layer else None,
    )


def _scheme(scheme: Scheme) -> Edit:
    def change(split: Split) -> Split | None:
        if scheme == split.scheme:
            return None
        try:
            return replace(split, scheme=scheme)
        except AssignmentError:  # most often: it has no traffic below 100 %
            return replace(split, scheme=scheme, traffic=Fraction(1))

    return _of_split("scheme", _scheme_text(scheme), change)


def _schemes(former: Former) -> Iterator[Scheme]:
    """Locked ones, vendors' with their defaults, and what shops write themselves."""
    yield from former.schemes
    yield Holdback(hash="md5")
    for name in kinds:
        scheme, _ = scheme_or_faults(name, {})
        if scheme is not None:
            yield scheme
    for (hash_name, digits), template in itertools.product(
        LENGTHS.items(), KEY_TEMPLATES
    ):
        for length in (digits, 8):
            yield Custom(
                template=template,
                hash=hash_name,  # type: ignore[arg-type]
                hex_digits=length,
                buckets=100,
            )


def _scheme_text(scheme: Scheme) -> str:
    if isinstance(scheme, Custom):
        return (
            f"scheme custom: {scheme.hash} of '{scheme.template}', "
            f"{scheme.hex_digits} digits modulo {scheme.buckets}"
        )
    return f"scheme {scheme.kind}" + (
        f" with {scheme.hash}" if isinstance(scheme, Holdback) else ""
    )


def _told(arms: Iterable[tuple[str, Fraction]]) -> str:
    return ", ".join(f"{name} {share_text(share)}" for name, share in arms)


PHASES, VERSIONS, MOST_FILES = 3, 4, 20
SEPARATOR = re.compile(r"[-_.]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What may have been deployed in place of the plan, the likelier first."""

    salts: tuple[str, ...] = ()
    arms: tuple[tuple[tuple[str, Fraction], ...], ...] = ()
    schemes: tuple[Scheme, ...] = ()


def former_of(experiment: Experiment, texts: tuple[str, ...] = ()) -> Former:
    """From the log's locked plans, and from names near the experiment's own.

    `texts` are other keys that its scheme hashes by.
    Raises ConfigError where the log was changed.
    """
    path = log_path(experiment)
    entries = () if path is None else read(path)
    plans = [plan for plan in map(_plan, reversed(entries)) if plan]
    own = [plan for plan in plans if plan["experiment"] == experiment.name]
    others = dict.fromkeys(e.experiment for e in reversed(entries))
    salts = [str(plan["assignment"]["salt"]) for plan in own]
    salts += _names(experiment)
    salts += [near for text in texts for near in _near(text)]
    salts += [name for name in others if name != experiment.name]
    salts += [] if path is None else _beside(path.parent)
    return Former(
        salts=tuple(dict.fromkeys(filter(None, salts))),
        arms=tuple(dict.fromkeys(map(_arms, own))),
        schemes=tuple(
            former for plan in own if (former := _former_scheme(plan)) is not None
        ),
    )


def _plan(entry: LogEntry) -> Mapping[str, Any] | None:
    plan: Mapping[str, Any] | None = entry.says.get("plan")
    return plan if entry.kind == "lock" else None


def _names(experiment: Experiment) -> Iterator[str]:
    salt = experiment.assignment.salt
    stems = dict.fromkeys((salt, experiment.name, Path(experiment.file).stem))
    yield from stems
    for phase in range(2, experiment.assignment.phase + PHASES):
        yield f"{salt}.phase{phase}"
    yield experiment.assignment.source
    for stem in stems:
        yield from _near(stem)


def _near(name: str) -> Iterator[str]:
    """Other spellings of a name, its beginnings, and versions of it.

    >>> list(_near("recs-eu"))[:7]
    ['recs-eu', 'recs_eu', 'recs-eu', 'recs', 'recs-eu-v1', 'recs-eu_v1', 'recs-eu-1']
    """
    yield from (name.lower(), name.replace("-", "_"), name.replace("_", "-"))
    for end in reversed(list(SEPARATOR.finditer(name))):
        yield name[: end.start()]
    for version in range(1, VERSIONS):
        for between in ("-v", "_v", "-"):
            yield f"{name}{between}{version}"


def _beside(folder: Path) -> list[str]:
    """Names of the experiments' files in the same folder: a salt copied from one."""
    return [path.stem for path in sorted(folder.glob("*.yaml"))[:MOST_FILES]]


def _arms(plan: Mapping[str, Any]) -> tuple[tuple[str, Fraction], ...]:
    return tuple((n, share(plan["arms"][n]["share"])) for n in plan["arm_order"])


def _former_scheme(plan: Mapping[str, Any]) -> Scheme | None:
    assignment = plan["assignment"]
    name, params = assignment.get("scheme", "holdback"), assignment.get("params", {})
    return scheme_or_faults(name, params)[0]
