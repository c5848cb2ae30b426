"""`farm image`: what the farm reads out of a kernel image, without a farm."""

from typing import TYPE_CHECKING

from farm.cli import options
from farm.cli.output import print_pairs, print_table, say
from farm.core.errors import BadInputError

if TYPE_CHECKING:
    from jobs.builds.image import ImageFacts


def image(file: options.Image, *, as_json: options.Json = False) -> None:
    """Print what an image says of itself: release, compiler, configuration."""
    from farm.cli.submit import check_readable
    from jobs.builds.image import read_image

    check_readable(file)
    try:
        facts = read_image(file.read_bytes())
    except BadInputError as fault:
        raise BadInputError(fault.detail, where=str(file)) from fault
    if as_json:
        import json

        print(json.dumps(facts.to_json(), indent=2))
        return
    _show(facts)


def _show(facts: "ImageFacts") -> None:
    header, version = facts.header, facts.version
    print_pairs(
        [
            ("release", facts.release),
            ("version", f"{version}, branch {version.branch}" if version else None),
            ("baseline", version.baseline if version else None),
            ("bits", facts.bits),
            ("banner", facts.banner),
            ("compiler", facts.compiler),
            ("image", f"{header.format}, boot protocol {header.protocol}, {facts.size:,} bytes"),
            ("needs", f"{header.memory_needed:,} bytes of memory" if header.memory_needed else None),
            ("payload", facts.compression),
            ("damage", facts.payload_error),
        ]
    )
    words = {True: "y", False: "n", None: "?"}
    rows = [(name, words[fact.value], fact.source or "", fact.evidence) for name, fact in facts.options.items()]
    say("")
    print_table(("option", "", "source", "seen"), rows, none="")
