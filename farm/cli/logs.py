"""`farm logs`: a boot's console, from storage and live. Bytes are shown harmless on a terminal, else as they are."""

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from farm.cli import connection, options, progress
from farm.cli.exits import ExitCode
from farm.cli.terminal import Harmless
from farm.core.errors import FarmError

if TYPE_CHECKING:
    from farm.client import Client

BLOCK = 1 << 20  # bytes asked for at once: a console may have hundreds of them


def logs(
    ctx: typer.Context,
    boot: options.Boot,
    *,
    follow: options.Follow = False,
    lines: options.Lines = None,
    raw: options.Raw = False,
    server: options.Server = None,
) -> None:
    """Print a boot's console.

    On a terminal, control characters are written out (ESC is ^[), so that a machine cannot play with yours.
    """
    with connection.client(ctx, server) as farm:
        size = farm.boot(boot).console_size
        start = 0 if lines is None else tail_start(farm, boot, size, lines)
        chunks = live(farm, boot, start) if follow else stored(farm, boot, start)
        try:
            write(chunks, raw=raw or not sys.stdout.isatty())
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None


def stored(farm: "Client", boot: int, start: int) -> Iterator[bytes]:
    """The console from byte `start` to what is its end now."""
    while block := farm.console(boot, start, start + BLOCK):
        yield block
        start += len(block)


def live(farm: "Client", boot: int, start: int) -> Iterator[bytes]:
    """The console from byte `start` until the boot ends, over restarts of the farm."""
    heard = time.monotonic()
    while True:
        try:
            for chunk in farm.follow_console(boot, start):
                heard = time.monotonic()
                start += len(chunk)
                yield chunk
        except FarmError as fault:
            if not progress.is_away(fault) or time.monotonic() - heard > progress.PATIENCE_SECONDS:
                raise
            time.sleep(progress.POLL_SECONDS)
        else:
            return


def tail_start(farm: "Client", boot: int, size: int, lines: int) -> int:
    """Where the last `lines` lines begin, of a console of `size` bytes; reads backwards, only what it must."""
    wanted = lines
    end = size
    while end > 0 and lines > 0:
        begin = max(0, end - BLOCK)
        block = farm.console(boot, begin, end)
        if end == size and block.endswith(b"\n"):
            wanted += 1  # the line feed that ends the last line begins no other
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            wanted -= 1
            if wanted == 0:
                return begin + at + 1
        end = begin
    return 0 if lines else size


def write(chunks: Iterator[bytes], *, raw: bool) -> None:
    """Each chunk to stdout as soon as it is there."""
    if raw:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
        return
    shown, last = Harmless(), "\n"
    for chunk in chunks:
        text = shown.feed(chunk)
        sys.stdout.write(text)
        sys.stdout.flush()
        last = text[-1:] or last
    rest = shown.feed(b"", last=True)
    # The next prompt begins on a line of its own, wherever the machine stopped.
    sys.stdout.write(rest if (rest or last).endswith("\n") else f"{rest}\n")
    sys.stdout.flush()
