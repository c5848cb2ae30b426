"""A stand-in for a physical box, as a process of its own: a plug, a serial line on TCP, a network card that does PXE.

It is driven by the farm's real drivers (power `command`, console `tcp`, boot `pxe`) and outlives a killed worker, as a
box does. Switched on, it asks the lab's network boot server for its script, kernel and initramfs, then plays a console
script; switched off, its line falls silent. For tests and benchmarks; it computes nothing.

    python tests/standin/box.py --mac 52:54:00:00:00:01 --netboot http://127.0.0.1:8069 --script steps.json
    -> prints {"console": PORT, "control": PORT} and runs until SIGTERM

The script is a JSON list of runs, one a power-on (the last for all that follow); a run is a list of steps:
["say", TEXT] ({token} is farm-init's), ["wait", SECONDS], ["flood", BYTES], ["hex", BYTES], ["hang"].
"""

import argparse
import asyncio
import contextlib
import json
import re
import sys
import urllib.request
from pathlib import Path

LINE = b"flood: the quick brown fox jumps over the lazy dog 0123456789\n"


class Box:
    """One machine."""

    def __init__(self, mac: str, netboot: str, runs: list[list[list[object]]]) -> None:
        self.mac, self.netboot, self.runs = mac, netboot, runs
        self.lines: set[asyncio.StreamWriter] = set()
        self.running: asyncio.Task[None] | None = None
        self.history: list[str] = []

    async def console(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.add(writer)
        with contextlib.suppress(ConnectionError):
            while await reader.read(4096):
                pass
        self.lines.discard(writer)
        writer.close()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One word a connection: on, off, state, history."""
        word = (await reader.readline()).decode().strip()
        if word in ("on", "off"):
            self.history.append(word)
        if word in ("on", "off") and self.running is not None:
            self.running.cancel()
            self.running = None
        if word == "on":
            self.running = asyncio.create_task(self.play())
        answer = {"state": "off" if self.running is None else "on", "history": json.dumps(self.history)}.get(word, "ok")
        writer.write(answer.encode() + b"\n")
        await writer.drain()
        writer.close()

    async def say(self, data: bytes) -> None:
        for line in list(self.lines):
            with contextlib.suppress(ConnectionError):
                line.write(data)
                await line.drain()

    async def play(self) -> None:
        token = await asyncio.to_thread(self.load)
        run = self.history.count("on") - 1
        for name, *rest in self.runs[min(run, len(self.runs) - 1)]:
            if name == "say":
                await self.say(str(rest[0]).replace("{token}", token).encode())
            elif name == "hex":
                await self.say(bytes.fromhex(str(rest[0])))
            elif name == "wait":
                await asyncio.sleep(float(str(rest[0])))
            elif name == "flood":
                left = int(str(rest[0]))
                block = LINE * 1024
                while left > 0:
                    await self.say(block[:left])
                    left -= len(block)
            elif name == "hang":
                await asyncio.Event().wait()

    def load(self) -> str:
        """Do what iPXE does, but for the initramfs. The token from the kernel command line; "" if nothing is armed."""
        script = fetch(f"{self.netboot}/ipxe?mac={self.mac}").decode()
        found = re.search(r"^kernel (\S+)", script, re.MULTILINE)
        if found is None:
            return ""
        kernel = found[1]
        fetch(kernel if kernel.startswith("http") else f"{self.netboot}/{kernel.lstrip('/')}")
        hexed = re.search(r"^set cmdline:hex (\S*)", script, re.MULTILINE)
        cmdline = bytes.fromhex(hexed[1].replace(":", "")).decode() if hexed else ""
        token = re.search(r"farm\.token=(\w+)", cmdline)
        return token[1] if token else ""


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  (loopback, the test's own server)
        return bytes(answer.read())


async def main(box: Box) -> None:
    console = await asyncio.start_server(box.console, "127.0.0.1", 0)
    control = await asyncio.start_server(box.control, "127.0.0.1", 0)
    ports = {"console": console.sockets[0].getsockname()[1], "control": control.sockets[0].getsockname()[1]}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("mac", "netboot", "script"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    asyncio.run(main(Box(given.mac, given.netboot, json.loads(Path(given.script).read_text()))))
