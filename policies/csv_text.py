"""Files from spreadsheets as text."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

# A spreadsheet would run what begins with these as a formula, a Japanese one the wide ones too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line of the file; 0 for the file as a whole."""

    line: int
    text: str


def decoded(data: bytes) -> str | None:
    """UTF-8 or CP932 as text, None where it is neither.

    Excel in Japan saves CSV in CP932; text that is valid UTF-8 is never anything else by chance.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    for encoding in ("utf-8", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def rows_of(text: str, needed: Collection[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Each line that holds anything, by the names of its columns, which the first line gives.

    KeyError where a needed column is missing, csv.Error where it is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip().lower() for name in next(reader, [])]
    if not set(needed) <= set(header):
        raise KeyError(", ".join(needed))
    for cells in reader:
        if any(cell.strip() for cell in cells):
            stripped = (plain(cell.strip()) for cell in cells)
            yield reader.line_num, dict(zip(header, stripped, strict=False))


def written(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a file with these cells."""
    line = io.StringIO()
    writer = csv.writer(line)
    for cells in rows:
        writer.writerow([harmless(cell) for cell in cells])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_FORMULA) or _is_marked(text) else text


def plain(text: str) -> str:
    """The cell that ``harmless`` was made of."""
    return text[1:] if _is_marked(text) else text


def _is_marked(text: str) -> bool:
    rest = text.lstrip("'")
    return text.startswith("'") and rest.startswith(_FORMULA)
