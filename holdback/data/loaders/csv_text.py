"""The text of CSV files: what a file really is, how it is encoded, and its lines."""

from __future__ import annotations

import codecs
import csv
import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from holdback.data.loaders.files import GZIP, head, is_gzip, shown
from holdback.errors import ConfigError, DataError, Problem

__all__ = [
    "CsvForm",
    "decoding",
    "encoding_of",
    "open_ends",
    "opened",
    "records",
    "refuse_other_formats",
]

ZIPPED = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
FIELD_LIMIT = 10 << 20
LOOKED_AT = 512
LAST_BYTES, LEAST_ROWS = 20_000, 5
BINARY = {
    b"PAR1": ("a Parquet file", "Write `parquet:` in place of `csv:`."),
    OLD_EXCEL: ("an Excel workbook", "Save the sheet as CSV UTF-8."),
    b"\x28\xb5\x2f\xfd": ("a file packed by Zstandard", "Unpack it: `unzstd` does."),
    b"BZh": ("a file packed by bzip2", "Unpack it: `bunzip2` does."),
    b"\xfd7zXZ": ("a file packed by xz", "Unpack it: `unxz` does."),
    b"7z\xbc\xaf": ("a 7-Zip archive", "Unpack it and name the file in it."),
    b"%PDF": ("a PDF document", "Export the table as CSV."),
    b"SQLite format 3": (
        "a SQLite database",
        "Write `table:` with `database: sqlite:///file.db`.",
    ),
}
JSON_FIX = (
    "Export it as CSV or Parquet, or hand it over as a frame in Python: "
    "pandas.read_json(path, lines=True)."
)


class CsvForm:
    """How the files of one source are written, and which columns they must have.

    `header` is the line of the header, from 1, where the file says it; `roles` are the
    names of the columns by which it is found where lines stand above it, `keys` those
    without which a row is none: of the unit and of the time.
    """

    __slots__ = ("delimiter", "encoding", "header", "keys", "roles", "root", "source")

    def __init__(  # noqa: PLR0913  # what the YAML says of a file
        self,
        *,
        source: str,
        root: Path,
        delimiter: str,
        encoding: str,
        header: int | None = None,
        roles: tuple[str, ...] = (),
        keys: tuple[str, ...] = (),
    ) -> None:
        try:
            codecs.lookup(encoding)
        except LookupError as error:
            raise ConfigError(
                Problem(
                    where=f"source {source}",
                    what=f"'{encoding}' is no known encoding.",
                    fix="Write for instance utf-8, utf-16 or cp1252.",
                )
            ) from error
        self.source = source
        self.root = root
        self.delimiter = "\t" if delimiter == r"\t" else delimiter
        self.encoding = encoding
        self.header = header
        self.roles = roles
        self.keys = keys


def refuse_other_formats(path: Path, root: Path) -> None:
    """Refuse what is named as CSV and is something else: told as what it is.

    Raises DataError.
    """
    format_, fix = _binary(path) or _text(path, root) or ("", "")
    if format_:
        raise DataError(
            Problem(
                where=shown(path, root),
                what=f"this is {format_}, not a CSV file.",
                fix=fix,
            )
        )


def _binary(path: Path) -> tuple[str, str] | None:
    """A format told by its first bytes, and what to do about it."""
    first = head(path, 16)
    for mark, told in BINARY.items():
        if first.startswith(mark):
            return told
    if not first.startswith(ZIPPED):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    if names:
        return "a zip archive", f"Unpack it ({names[0]}) and name the file in it."
    return "an Excel workbook or a zip archive", "Save or unpack it as CSV UTF-8."


def _text(path: Path, root: Path) -> tuple[str, str] | None:
    """A format told by its first characters, and what to do about it."""
    raw = _gzip_head(path) if is_gzip(path, root) else head(path, LOOKED_AT)
    for encoding in ("utf-16",) if raw[:2] in UTF16 else ("utf-8-sig",):
        text = raw.decode(encoding, errors="ignore").lstrip().lower()
    if text.startswith("<") and ("<table" in text or ":office:excel" in text):
        return "a table of a web page (HTML)", "Open it and save it as CSV UTF-8."
    if text.startswith("<?xml") and "<html" not in text:
        return "an XML file", "Export it as CSV."
    if text.startswith(("<!doctype html", "<html", "<head", "<body", "<?xml", "<!--")):
        return (
            "a web page (HTML)",
            "The link may have expired, or asks to sign in: export the file again.",
        )
    if text.startswith(("<table", "<div", "<meta")):
        return "a table of a web page (HTML)", "Open it and save it as CSV UTF-8."
    if text.startswith(('{"', "{ ", "{\n", "{\r\n", "{'", "{}")):
        lines = [line for line in text.splitlines() if line.strip()]
        several = len(lines) > 1 and lines[1].startswith("{")
        return "JSON lines" if several else "JSON", JSON_FIX
    if text.startswith(("[{", "[\n", "[ {", "[\r\n")):
        return "JSON", JSON_FIX
    return None


def _gzip_head(path: Path) -> bytes:
    """The first unpacked bytes of a gzip file; none where it is damaged."""
    try:
        with gzip.open(path, "rb") as file:
            return file.read(LOOKED_AT)
    except (EOFError, OSError, zlib.error):
        return b""


def encoding_of(path: Path, form: CsvForm) -> str:
    """The encoding asked for, or what the byte order mark or the zeros between say."""
    first = head(path, 64)
    if first[:4] in UTF32:
        return "utf-32"
    if first[:2] in UTF16:
        return "utf-16"
    if first[:3] == codecs.BOM_UTF8:
        return "utf-8-sig"
    plain = codecs.lookup(form.encoding).name in {"utf-8", "ascii"}
    if not plain:
        return form.encoding
    for encoding, zeros in (("utf-16-le", first[1::2]), ("utf-16-be", first[::2])):
        if len(zeros) > 3 and zeros.count(0) > 0.8 * len(zeros):
            return encoding
    return "utf-8-sig"


@contextmanager
def opened(
    path: Path, form: CsvForm, errors: str = "surrogateescape"
) -> Iterator[TextIO]:
    """A file's text, unpacked and decoded; lines end as they are written."""
    encoding = encoding_of(path, form)
    errors = "strict" if encoding.startswith(("utf-16", "utf-32")) else errors
    if is_gzip(path, form.root):
        with gzip.open(
            path, "rt", encoding=encoding, errors=errors, newline=""
        ) as text:
            yield text
    else:
        with path.open(encoding=encoding, errors=errors, newline="") as file:
            yield file


@contextmanager
def decoding(path: Path, form: CsvForm) -> Iterator[None]:
    """Around reading: raises DataError for undecodable text and damaged gzip files."""
    where = shown(path, form.root)
    try:
        yield
    except UnicodeError as error:
        raise DataError(
            Problem(
                where=f"{where}:{_undecodable(path, form)}",
                what=f"the text is not {form.encoding}.",
                fix="Say how it is written, for instance `encoding: cp1252`.",
            )
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            Problem(where=where, what="the gzip file is cut off or damaged.")
        ) from error


def records(
    file: TextIO, path: Path, form: CsvForm, *, delimiter: str, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """The line on which each record begins, from 1, and its fields.

    Raises DataError with the place of what cannot be read.
    """
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(file, delimiter=delimiter, strict=strict)
    start = 1
    try:
        for record in reader:
            yield start, record
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            Problem(
                where=f"{shown(path, form.root)}:{reader.line_num or 1}",
                what=_unreadable(error),
                fix="Correct the row; quotes inside a quoted value are doubled.",
            )
        ) from error


def open_ends(paths: Sequence[Path], delimiters: Sequence[str]) -> int:
    """Files that seem cut off in the last value, though their last row has all fields.

    No line end follows it, as in files that programs write so: but other files of the
    source have one, or every other row has more decimals in that place.
    """
    tails = [_tail(path) for path in paths]
    opens = [not tail.endswith((b"\n", b"\r", b"\0")) for tail in tails]
    if all(opens):
        return sum(map(_is_short, tails, delimiters))
    return sum(opens)


def _tail(path: Path) -> bytes:
    """The last bytes of a file; of a packed one a line end, for it has a check sum."""
    if head(path, 2) == GZIP:
        return b"\n"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        return file.read()


def _is_short(tail: bytes, delimiter: str) -> bool:
    """Whether the last value has fewer decimals than each of those above it."""
    values = [
        line.rpartition(delimiter)[2].strip('"')
        for line in tail.decode("utf-8", errors="replace").splitlines()[1:]
    ]
    decimals = [len(value.partition(".")[2]) for value in values if value]
    digits = [value for value in values if value.replace(".", "").isdigit()]
    several = len(decimals) > LEAST_ROWS and len(digits) == len(decimals)
    return several and len({*decimals[:-1]}) == 1 and decimals[-1] < decimals[0]


def _unreadable(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end of data" in text:
        return "a quoted value is not closed: the file may be cut off."
    if "field larger" in text:
        return "a value is longer than 10 million characters: a quote is not closed."
    if "NUL" in text:
        return "there is a NUL byte: the file is damaged or is no text."
    return "a quoted value is followed by more text."


def _undecodable(path: Path, form: CsvForm) -> int:
    """The first line that cannot be decoded."""
    try:
        with opened(path, form, "replace") as file:
            for number, line in enumerate(file, start=1):
                if "\N{REPLACEMENT CHARACTER}" in line:
                    return number
    except (UnicodeError, EOFError, OSError, zlib.error):
        return 1
    return 1
