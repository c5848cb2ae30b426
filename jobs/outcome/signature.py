"""A crash's stable identity: titles in syzbot's manner (its pkg/report/linux.go) and the hash a history is grouped by.

Nothing that moves from build to build may get in: addresses, numbers, pids, offsets, line numbers, compiler suffixes.
"""

import hashlib
import re

_SUFFIX = re.compile(r"(?:\.(?:isra|part|constprop|cold|llvm|lto_priv|clone|\d+))+$")
_MOVING = (
    (re.compile(r"\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]+"), "ADDR"),
    (re.compile(r"\b(?=[a-f]*[0-9])[0-9a-f]{4,16}\b|(?<!\w)\d+"), "NUM"),  # hex or not: it may be all digits by chance
    (re.compile(r"\s+"), " "),
)


def bare_function(symbol: str) -> str:
    """`foo.isra.0` and `foo.cold` are `foo` (what gcc makes of one function is its own affair)."""
    return _SUFFIX.sub("", symbol)


def bare_title(text: str) -> str:
    """A kernel message with everything that moves replaced: `unknown-block(0,0)` is `unknown-block(NUM,NUM)`."""
    for pattern, word in _MOVING:
        text = pattern.sub(word, text)
    return text.strip()[:120].rstrip()


def signature(type_: str, function: str | None, title: str) -> str:
    """16 hexadecimal digits: of type and function where a function is blamed, else of the title."""
    identity = f"{type_} {function}" if function else bare_title(title)
    return hashlib.sha256(identity.encode()).hexdigest()[:16]
