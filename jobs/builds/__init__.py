"""What a build is, read from its bytes and its name. Pure: no I/O at all, bytes and strings in, values out.

facts = read_image(data)                # ImageFacts, or BadInputError with one sentence
check_fits(facts, "i386")               # BadInputError for a 64-bit kernel
facts.version                           # KernelVersion: ordered, with branch and baseline
facts.options["CONFIG_VMI"].value       # True, False or None (not known), with where it came from
read_config(data)                       # the embedded .config as text, or None
"""

from jobs.builds.config import Fact, Source, parse_config
from jobs.builds.image import ImageFacts, check_fits, read_config, read_image
from jobs.builds.version import KernelVersion, from_banner

__all__ = [
    "Fact",
    "ImageFacts",
    "KernelVersion",
    "Source",
    "check_fits",
    "from_banner",
    "parse_config",
    "read_config",
    "read_image",
]
