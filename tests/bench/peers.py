"""Peers in environments of their own, outside of the farm's: installed on request, started as programs, compared.

Knows how to get them through the ordinary clients (pip, apt-get) as this machine has them set up, and what peer.py
prints. Nothing of theirs is imported here.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.score.consoles import ROOT

NAMES = ("squad", "lava")
_FOLDER = ROOT / os.environ.get("FARM_DEMO_DIR", ".demo") / "peers"
_PROGRAM = Path(__file__).with_name("peer.py")
_INSTALLING, _READING = 300.0, 60.0  # seconds at most
# SQUAD's parser needs two of its requirements; the rest is its server's.
_WHEELS = {
    "squad": (("--no-deps", "squad"), ("Django<5", "setuptools<81")),
    "lava": (("pexpect", "requests", "PyYAML"),),
}
_DEBS = {"lava": ("lava-common", "lava-dispatcher")}


class MissingError(Exception):
    """A peer is not here, or did not answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """An installed peer."""

    name: str
    folder: Path

    def read(
        self, consoles: Iterable[tuple[str, bytes]], seconds: float = 0.0
    ) -> tuple[float, list[Mapping[str, Any]]]:
        """MB/s of its processor's time over (id, bytes), and its answers. MissingError where none came in time."""
        with tempfile.TemporaryDirectory(prefix="farm-peer-") as folder:
            index = Path(folder) / "index"
            rows = []
            for number, (name, data) in enumerate(consoles):
                file = Path(folder) / str(number)
                file.write_bytes(data)
                rows.append(json.dumps({"id": name, "file": str(file)}) + "\n")
            index.write_text("".join(rows))
            command = [str(self.folder / "bin" / "python"), "-W", "ignore", str(_PROGRAM), self.name, str(index)]
            environment = os.environ | {"PYTHONPATH": str(_packages(self.folder))}
            ran = _run([*command, "--seconds", str(seconds)], _READING + seconds, env=environment)
        said = json.loads(ran)
        return said["bytes"] / said["seconds"] / 1e6, said["answers"]


def install(name: str) -> Peer:
    """The peer, installed where it is not yet. MissingError where that cannot be done here."""
    folder = _FOLDER / name
    if not (folder / "ready").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], _INSTALLING)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-qq"]
        for wheels in _WHEELS[name]:
            _run([*pip, *wheels], _INSTALLING)
        if debs := _DEBS.get(name):
            _run(["apt-get", "-qq", "download", *debs], _INSTALLING, cwd=folder)
            for deb in sorted(folder.glob("*.deb")):
                _run(["dpkg-deb", "-x", str(deb), str(folder / "unpacked")], _INSTALLING)
        (folder / "ready").touch()
    return Peer(name, folder)


def _packages(folder: Path) -> Path:
    """Where Debian's packages have Python modules."""
    return folder / "unpacked" / "usr" / "lib" / "python3" / "dist-packages"


def _run(command: list[str], seconds: float, *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    try:
        ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds, cwd=cwd, env=env)
    except FileNotFoundError as fault:
        raise MissingError(f"{command[0]} is not on this machine") from fault
    except subprocess.TimeoutExpired as fault:
        raise MissingError(f"> {seconds:.0f} s") from fault
    except subprocess.CalledProcessError as fault:
        words = fault.stderr.strip().splitlines() or [f"exit status {fault.returncode}"]
        raise MissingError(f"{Path(command[0]).name}: {words[-1][:200]}") from fault
    return ran.stdout
