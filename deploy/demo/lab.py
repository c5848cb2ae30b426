"""The demo's lab file: one or two QEMU i386 boxes. Knows the lab file's format, nothing of the farm's doings."""

from pathlib import Path

ENVIRONMENT = "i386-pc"

_HEAD = """\
# Written by `make demo`. deploy/lab.example.yaml explains what a lab file can say.
lab: demo

types:
  {environment}:
    arch: i386
    description: PC under QEMU, booted over its network card
    tags: [pae]

devices:
"""

_DEVICE = """\
  - name: qemu{number}
    type: {environment}
    mac: 52:54:00:fa:12:{number:02x}
    power: {{kind: qemu, memory: 256}}
    console: {{kind: qemu}}
    boot: {{kind: pxe}}
"""


def lab_text(processors: int) -> tuple[str, int]:
    """(the lab file's text, how many devices it has). An emulated guest keeps one processor busy: two at most."""
    devices = 2 if processors >= 2 else 1
    boxes = [_DEVICE.format(number=number, environment=ENVIRONMENT) for number in range(1, devices + 1)]
    return _HEAD.format(environment=ENVIRONMENT) + "".join(boxes), devices


def write_lab(path: Path, processors: int) -> tuple[Path, int]:
    """Write the lab file to `path`; gives the path and the number of devices."""
    text, devices = lab_text(processors)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path, devices
