"""How the tables of formats are tried on excerpts: the first row with needle and pattern in a record, as a reader does.

Knows the row types only, so that a table can be tested without the reader that uses it.
"""

from collections.abc import Sequence
from typing import TypeVar

from jobs.outcome.formats.row import Fact, Format, Milestone

Row = TypeVar("Row", Format, Milestone, Fact)


def first(rows: Sequence[Row], record: str) -> Row | None:
    """The row that a record belongs to. A pattern that matches where its needle is missing is a fault of the table."""
    hits = [row for row in rows if row.regex.search(record)]
    missing = [row.needle for row in hits if row.needle not in record]
    assert not missing, f"needles {missing} are not in {record!r}"
    return hits[0] if hits else None


def title(row: Format, record: str, block: str = "") -> str:
    """The row's title for this record, its groups filled from the header and the lines that follow it."""
    found = row.regex.search(record)
    assert found
    groups = {name: text or "" for name, text in found.groupdict().items()}
    if row.detail_regex and (more := row.detail_regex.search(block)):
        groups |= {name: text for name, text in more.groupdict().items() if text}
    return row.title.format(**groups)


def needles_are_plain(rows: Sequence[Row]) -> bool:
    """Needles are looked for in raw bytes: ASCII, and long enough not to be everywhere."""
    return all(row.needle.isascii() and len(row.needle) >= 4 for row in rows)
