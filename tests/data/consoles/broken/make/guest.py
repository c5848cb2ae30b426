"""Run one QEMU guest and keep every byte of its serial port. Knows QEMU and QMP, not what a console means.

The serial port goes to a file by QEMU itself, so that nothing is lost between; `-no-shutdown` keeps QEMU there until
it is told to quit. TCG always: 32-bit guests die under software KVM.
"""

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.data.consoles.broken.make.recipe import Reaction

_POLL = 0.1  # seconds
_START = 20.0
_FIRST_BYTE = 30.0  # what a kernel may take to its first word on a busy machine


class Qmp:
    """The QEMU machine protocol over a Unix socket: one command, one answer; events are passed over."""

    def __init__(self, path: Path) -> None:
        deadline = time.monotonic() + _START
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_START)
        while True:
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()  # the greeting
        self.command("qmp_capabilities")

    def command(self, name: str, **arguments: Any) -> Any:
        """Gives what QEMU returns. Raises RuntimeError with its words where it refuses."""
        request = {"execute": name, "arguments": arguments} if arguments else {"execute": name}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        for line in self._lines:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"QEMU refused {name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(f"QEMU went away at {name}")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Until:
    """When a capture is over; see Recipe."""

    stop: bytes
    stops: int
    linger: float
    silence: float
    limit: float


def capture(
    folder: Path,
    options: Sequence[str],
    *,
    system: str,
    until: Until,
    reactions: Sequence[Reaction] = (),
    prepare: Callable[[Path], None] | None = None,
) -> bytes:
    """The bytes a guest wrote to its first serial port.

    `prepare` gets the gdb stub's socket while the guest is not started yet, and has to start it.
    """
    console, qmp_path, gdb_path = folder / "console", folder / "qmp", folder / "gdb"
    for stale in (console, qmp_path, gdb_path):
        stale.unlink(missing_ok=True)
    console.write_bytes(b"")
    command = [
        *(system, "-accel", "tcg", "-display", "none", "-vga", "none"),
        *("-no-user-config", "-nodefaults", "-no-shutdown"),
        *("-chardev", f"file,id=s0,path={console}", "-serial", "chardev:s0"),
        *("-qmp", f"unix:{qmp_path},server=on,wait=off"),
        *(("-S", "-gdb", f"unix:{gdb_path},server=on,wait=off") if prepare else ()),
        *options,
    ]
    with (folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        qmp = Qmp(qmp_path)
        try:
            if prepare:
                prepare(gdb_path)
            _watch(console, process, qmp, until, list(reactions))
            if process.poll() is None:
                qmp.command("quit")
        finally:
            qmp.close()
        process.wait(_START)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return console.read_bytes()


def _watch(console: Path, process: subprocess.Popen[bytes], qmp: Qmp, until: Until, reactions: list[Reaction]) -> None:
    start = heard = time.monotonic()
    size = 0
    while process.poll() is None:
        time.sleep(_POLL)
        data, now = console.read_bytes(), time.monotonic()
        if len(data) != size:
            size, heard = len(data), now
        for reaction in [one for one in reactions if re.search(one.pattern.encode(), data)]:
            reactions.remove(reaction)
            if reaction.monitor:
                qmp.command("human-monitor-command", **{"command-line": reaction.command})
            else:
                qmp.command(reaction.command)
            heard = now
        if len(re.findall(until.stop, data)) >= until.stops:
            time.sleep(until.linger)
            return
        patience = until.silence if data else max(until.silence, _FIRST_BYTE)
        if now - heard > patience or now - start > until.limit:
            return
