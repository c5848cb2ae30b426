"""The consoles whose answer is known: the project's own, and the shared corpus beside the tree. Knows no reader.

Own: tests/data/consoles/manifest.jsonl and tests/data/consoles/broken/*.console. Shared: ../shared/logs/corpus, which
is no part of the project; whoever asks for it has to do without where it is missing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.outcome import Ending, Expectation
from tests.support import broken

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "consoles"
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "logs" / "corpus"
SCORER = SHARED / "tools" / "score" / "score.py"

# Words of `type` in manifest.jsonl for which the kernel itself reported nothing.
_UNREPORTED = frozenset({"silent", "reset", "reboot-loop", "unfinished", "no-output", "no-kernel", "another-kernel"})


@dataclass(frozen=True, slots=True)
class Console:
    """One console: its bytes, what its boot was to show, and what is known of it.

    `truth` has, where it is known: `outcome`, `verdict`, `stage`, `function`, `type` (words of Reading.type, None on a
    pass) or `report_type` (words of Report.type), and `report`: whether a report is on the console.
    """

    name: str
    group: str
    data: bytes
    expect: Expectation
    fetched: bool | None
    truth: Mapping[str, Any]

    @property
    def ending(self) -> Ending:
        """Why the capture of such a console ended: nothing more came."""
        return Ending.SILENCE if self.data else Ending.FIRST_BYTE

    @property
    def is_clean_boot(self) -> bool:
        """A kernel that came up, and reported nothing."""
        return self.truth.get("report") is False and self.truth.get("stage") == "done" and len(self.data) > 1000


def own_consoles() -> list[Console]:
    """The project's own, in the order of their manifests."""
    return [*_listed(), *_broken()]


def _listed() -> list[Console]:
    rows = [json.loads(line) for line in (OWN / "manifest.jsonl").read_text().splitlines()]
    return [
        Console(
            name=row["file"],
            group=row["file"].partition("/")[0],
            data=(OWN / row["file"]).read_bytes(),
            expect=Expectation(row.get("token"), row.get("pattern"), row.get("release")),
            fetched=row.get("fetched"),
            truth=_truth_of_row(row),
        )
        for row in rows
    ]


def _truth_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    truth = {key: row[key] for key in ("outcome", "verdict", "type", "stage") if key in row}
    truth["function"] = row.get("function")
    if row["verdict"] == "infra" or row["type"] in _UNREPORTED:
        truth["report"] = False
    else:
        truth["report"] = row["type"] is not None or row.get("warnings", False)
    return truth


def _broken() -> list[Console]:
    return [
        Console(
            name=f"broken/{case.name}",
            group="broken",
            data=case.console,
            expect=Expectation(token=case.expected("token"), release=case.release),
            fetched=None,  # a header does not say
            truth=_truth_of_case(case),
        )
        for case in broken.load()
    ]


def _truth_of_case(case: broken.Case) -> dict[str, Any]:
    truth: dict[str, Any] = {key: case.header[key] for key in ("outcome", "stage") if key in case.header}
    type_ = case.expected("type")
    return truth | {"function": case.expected("function"), "report_type": type_, "report": type_ is not None}


def corpus_logs() -> list[tuple[Mapping[str, Any], bytes]]:
    """(manifest's row, bytes) of each scored case of the shared corpus; empty where it is not there."""
    manifest = CORPUS / "manifest.jsonl"
    if not manifest.is_file():
        return []
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    return [(row, (CORPUS / row["log"]).read_bytes()) for row in rows if not row.get("skip")]
