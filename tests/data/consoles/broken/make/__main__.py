"""Make the corpus again: `python -m tests.data.consoles.broken.make [NAME...]`; without names, every console.

Needs `make kernels` first. Addresses, times and KASLR offsets differ from run to run, and so do the bytes. A console
that was made anew is to be read by a person before it is committed: the header says what was done, and only a person
can see whether the machine did it.
"""

import argparse
import sys
from pathlib import Path

from tests.data.consoles.broken.make.cook import cook, header
from tests.data.consoles.broken.make.recipe import load

CORPUS = Path(__file__).parents[1]
_END = b"\n---\n"  # of a header


def main() -> int:
    """Exit code 1, and one sentence, for a name that no recipe has."""
    parser = argparse.ArgumentParser(prog="broken", description="Break kernels, and keep their consoles.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which consoles; without, all")
    parser.add_argument("--headers", action="store_true", help="write the headers anew and keep the bytes")
    parser.add_argument("--missing", action="store_true", help="only those that are not there")
    parser.add_argument("--into", type=Path, default=CORPUS, help="the folder to write to")
    options = parser.parse_args()
    recipes = load()
    if unknown := sorted(set(options.names) - set(recipes)):
        print(f"broken: there is no recipe {', '.join(unknown)}.", file=sys.stderr)  # noqa: T201
        return 1
    for name in options.names or recipes:
        path = options.into / f"{name}.console"
        there = path.is_file()
        if (options.missing and there) or (options.headers and not there):
            continue
        console = path.read_bytes().partition(_END)[2] if options.headers else cook(recipes[name])
        path.write_bytes(header(recipes[name]).encode() + console)
        print(f"{name}: {len(console)} bytes", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
