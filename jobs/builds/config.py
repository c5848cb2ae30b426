"""Kernel configuration: the text of a .config, and which options an image is known to have. Pure.

What an embedded .config says is the truth. Most kernels carry none (no Debian kernel does), so the rest is what the
image itself proves: its banner, its boot header, and strings that one option alone compiles in. A fact that nothing
proves stays unknown: better silent than wrong.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from farm.core.errors import BadInputError

_SET = re.compile(r"(CONFIG_\w+)=(.*)", re.ASCII)
_NOT_SET = re.compile(r"# (CONFIG_\w+) is not set\s*", re.ASCII)


class Source(StrEnum):
    """Where a fact comes from."""

    IKCONFIG = "ikconfig"  # the .config inside the image
    HEADER = "header"  # the boot protocol header
    BANNER = "banner"  # the words after the build number
    STRINGS = "strings"  # text in the unpacked kernel, or its absence from the whole of it


@dataclass(frozen=True, slots=True)
class Fact:
    """Whether an option is built into the image (=y). A module (=m) is not: False. None: nothing proves either."""

    value: bool | None
    source: Source | None = None
    evidence: str = ""  # for a person: 'CONFIG_VMI=y', 'the string "VMI: Found"'


UNKNOWN = Fact(None)

OPTIONS = (
    "CONFIG_BLK_DEV_INITRD",
    "CONFIG_EARLY_PRINTK",
    "CONFIG_IKCONFIG",
    "CONFIG_PARAVIRT",
    "CONFIG_PREEMPT",
    "CONFIG_PRINTK",
    "CONFIG_RELOCATABLE",
    "CONFIG_SERIAL_8250",
    "CONFIG_SERIAL_8250_CONSOLE",
    "CONFIG_SMP",
    "CONFIG_VMI",
    "CONFIG_X86_PAE",
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Any of `marks` in the kernel proves `option` is `value`.

    `absent_proves`: the file with the mark is built if and only if the option is set, in every kernel there is, so that
    a whole kernel without the mark proves the reverse; a mark that is a message needs CONFIG_PRINTK to be there at all.
    """

    option: str
    marks: tuple[bytes, ...]
    value: bool = True
    absent_proves: bool = False
    is_message: bool = True


# 8250_early.o is built for SERIAL_8250_CONSOLE alone (drivers/tty/serial/8250/Makefile). It has had the message up to
# 3.15 (earlycon.c says it since, in other words and for any driver), and from 4.x on an entry of the earlycon table,
# whose name is padded to 16 bytes.
RULES = (
    Rule("CONFIG_PRINTK", (b"Kernel command line: ",), absent_proves=True, is_message=False),  # init/main.c
    Rule("CONFIG_IKCONFIG", (b"IKCFG_ST",), absent_proves=True, is_message=False),  # kernel/configs.c
    Rule("CONFIG_VMI", (b"VMI: Found ",), absent_proves=True),  # arch/x86/kernel/vmi_32.c, 2.6.21 to 2.6.36
    Rule(
        "CONFIG_EARLY_PRINTK", (b"earlyser\0",), absent_proves=True, is_message=False
    ),  # arch/x86/kernel/early_printk.c
    Rule("CONFIG_PARAVIRT", (b"Booting paravirtualized kernel on ",)),  # arch/x86/kernel/paravirt.c
    Rule("CONFIG_BLK_DEV_INITRD", (b"noinitrd\0",)),  # init/do_mounts_initrd.c
    Rule("CONFIG_SERIAL_8250", (b"Serial: 8250/16550 driver",), absent_proves=True),  # serial8250_init
    Rule("CONFIG_SERIAL_8250_CONSOLE", (b"Early serial console at %s 0x", b"uart8250" + b"\0" * 8)),
    Rule("CONFIG_X86_PAE", (b"*pdpt = %0",)),  # arch/x86/mm/fault.c
    Rule("CONFIG_X86_PAE", (b"*pde = %0",), value=False),  # the same line without PAE; with PAE it follows *pdpt
)
MARKS = tuple(mark for rule in RULES for mark in rule.marks)

# `#1 SMP PREEMPT_DYNAMIC Sun Nov 22 12:06:48 UTC 2026`: init/Makefile or scripts/mkcompile_h. It is cut to the 64 bytes
# of struct new_utsname; where the date with its year is still there, the words before it are whole.
_FLAGS = re.compile(r"#\S*((?: (?:SMP|PREEMPT\w*|RT))*)(?= .*\d{4})", re.ASCII)


def parse_config(text: str) -> dict[str, str]:
    """A .config as a mapping of full names to values: "y", "m", "n" (also for "is not set"), numbers, unquoted strings.

    Raises BadInputError, with the line, for text that is no .config.
    """
    options: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _NOT_SET.fullmatch(line):
            options[found[1]] = "n"
        elif found := _SET.fullmatch(line):
            options[found[1]] = _unquote(found[2])
        elif line.strip() and not line.lstrip().startswith("#"):
            raise BadInputError(f"This is no line of a kernel .config: {line[:60]!r}.", where=f"line {number}")
    return options


def _unquote(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def facts_from_config(options: Mapping[str, str]) -> dict[str, Fact]:
    """A .config names every option that can be set, so one it does not name is off."""
    return {
        name: Fact(
            options.get(name) == "y", Source.IKCONFIG, f"{name}={options[name]}" if name in options else f"no {name}"
        )
        for name in OPTIONS
    }


def facts_from_banner(version_text: str) -> dict[str, Fact]:
    """CONFIG_SMP and CONFIG_PREEMPT by the words after the build number, `#1 SMP PREEMPT ...` (2.4 and later).

    Of the preemption words only their absence is plain: since 5.12 `PREEMPT` may stand for several models.
    """
    found = _FLAGS.search(version_text)
    if not found:
        return {}
    words, shown = found[1].split(), f'"{found.group().strip()}"'
    facts = {"CONFIG_SMP": Fact("SMP" in words, Source.BANNER, shown)}
    if not any(word.startswith("PREEMPT") for word in words):
        facts["CONFIG_PREEMPT"] = Fact(False, Source.BANNER, shown)
    return facts


def facts_from_strings(found: Collection[bytes], *, whole: bool) -> dict[str, Fact]:
    """What the marks found in the unpacked kernel prove. `whole`: all of it could be read, so absence counts too."""
    facts: dict[str, Fact] = {}
    talks = RULES[0].marks[0] in found
    for rule in RULES:
        if rule.option in facts:
            continue
        if mark := next((mark for mark in rule.marks if mark in found), None):
            facts[rule.option] = Fact(rule.value, Source.STRINGS, f"the string {_show(mark)}")
        elif whole and rule.absent_proves and (talks or not rule.is_message):
            facts[rule.option] = Fact(
                not rule.value, Source.STRINGS, f"no string {_show(rule.marks[0])} in the whole kernel"
            )
    driver = facts.get("CONFIG_SERIAL_8250")
    if driver and driver.value is False:  # the console needs the driver built in (Kconfig: depends on SERIAL_8250=y)
        facts["CONFIG_SERIAL_8250_CONSOLE"] = driver
    return facts


def _show(mark: bytes) -> str:
    return '"' + mark.rstrip(b"\0 ").decode("ascii") + '"'
