"""Failed inputs as files, to be read again after consoles, mutators or needles have changed. Knows no reader.

Two files an input: NAME.console has its bytes, NAME.json the rest.
"""

import json
from dataclasses import asdict
from pathlib import Path

from jobs.outcome import Ending, Expectation
from tests.fuzz.examine import Input


def save(folder: Path, seed: int, made: Input) -> Path:
    """The path of its NAME.json."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{seed}-{made.number}.json"
    path.with_suffix(".console").write_bytes(made.data)
    told = {"number": made.number, "how": made.how, "cuts": made.cuts, "ending": made.ending, "fetched": made.fetched}
    path.write_text(json.dumps(told | {"expect": asdict(made.expect)}) + "\n")
    return path


def load(path: Path) -> Input:
    """What save() was given."""
    told = json.loads(path.read_text())
    return Input(
        number=told["number"],
        data=path.with_suffix(".console").read_bytes(),
        how=tuple(told["how"]),
        cuts=tuple(told["cuts"]),
        expect=Expectation(**told["expect"]),
        ending=Ending(told["ending"]),
        fetched=told["fetched"],
    )
