"""A crash's stable identity: titles in syzbot's manner (its pkg/report/linux.go) and the hash a history is grouped by.

Nothing that moves from build to build may get in: addresses, numbers, pids, offsets, line numbers, compiler suffixes.
"""

import hashlib
import re
from collections.abc import Iterable

_SUFFIX = re.compile(r"(?:\.(?:isra|part|constprop|cold|llvm|lto_priv|clone|rel|\d+|NUM))+.*$")
# One system call's entry has many names: by width, by architecture, by the macro of its day (include/linux/syscalls.h).
_ENTRY = re.compile(r"^__(?:x64|ia32|arm64|riscv|s390x?)_((?:compat_)?sys_)(?=\w)")
_MACRO = re.compile(r"^(?:__(?:se|do)_(?:compat_)?sys|(?:compat_)?(?:SyS|SYSC)|ksys)_(?=\w)")
_MOVING = (
    (re.compile(r"\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]+"), "ADDR"),
    # Hexadecimal or not: it may be all digits by chance. `e1000` and `fec0` are devices: letters first need 7 digits.
    (re.compile(r"\b(?:[0-9][0-9a-f]{3,15}|(?=[a-f]*[0-9])[a-f][0-9a-f]{6,15})\b|(?<!\w)\d+"), "NUM"),
    (re.compile(r"\s+"), " "),
)


def bare_function(symbol: str) -> str:
    """`foo.isra.0` and `foo.cold` are `foo` (what gcc makes of one function is its own affair)."""
    return _SUFFIX.sub("", symbol) if "." in symbol else symbol


def syscall(function: str) -> str:
    """A system call's entry by the name its users know, any other function as it is."""
    if "sys" not in function and "S" not in function:
        return function
    return _MACRO.sub("", _ENTRY.sub(r"\1", function))


def _of_any_era(function: str) -> str:
    """`sys_open`, as up to 3.x and again since 4.17, is what `SyS_open` was in between: `open` (see `syscall`)."""
    return function.removeprefix("compat_").removeprefix("sys_")


def bare_title(text: str) -> str:
    """A kernel message with everything that moves replaced: `unknown-block(0,0)` is `unknown-block(NUM,NUM)`."""
    for pattern, word in _MOVING:
        text = pattern.sub(word, text)
    return text.strip()[:120].rstrip()


def signature(type_: str, function: str | None, title: str, callers: Iterable[str] = ()) -> str:
    """16 hexadecimal digits: of type, function and its callers where a function is blamed, else of the title."""
    identity = " ".join([type_, *map(_of_any_era, (function, *callers))]) if function else bare_title(title)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
