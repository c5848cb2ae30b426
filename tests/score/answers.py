"""What the farm's reader answers on a console, in the scorers' terms."""

from typing import Any

from jobs.outcome import Reader
from jobs.outcome.explain import as_json, read
from tests.score.consoles import Console


def answer_of(console: Console) -> dict[str, Any]:
    """As `farm explain --json`, with the boot's own expectation.

    Beside it `verdict`, and `verdict_type`: the word that is filed with the boot. A header of the broken corpus speaks
    of the report, whatever came of the boot; a manifest of what the verdict rests on: so does `function`.
    """
    reader = Reader(console.expect)
    reader.feed(console.data)
    reading = reader.conclude(console.ending, image_fetched=console.fetched)
    said = as_json(reading)
    function = said["function"] if "report_type" in console.truth else reading.function
    return said | {"verdict": reading.verdict.value, "verdict_type": reading.type, "function": function}


def answer_to(log: bytes) -> dict[str, Any]:
    """On a log of which nothing is known: `farm explain --json FILE`."""
    return as_json(read(log))
