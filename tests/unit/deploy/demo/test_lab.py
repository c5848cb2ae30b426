"""The demo's lab file is one that the farm takes."""

from pathlib import Path

import pytest

from deploy.demo.lab import ENVIRONMENT, write_lab
from inventory.labfile import load_lab


@pytest.mark.parametrize(("processors", "devices"), [(1, 1), (2, 2), (64, 2)])
def test_one_box_per_processor_and_two_at_most(tmp_path: Path, processors: int, devices: int) -> None:
    path, count = write_lab(tmp_path / "new" / "lab.yaml", processors)
    lab = load_lab(path)
    assert count == devices == len(lab.devices)
    assert len({device.mac for device in lab.devices}) == devices
    assert all(lab.environments(device) == [ENVIRONMENT] for device in lab.devices)
    assert {(d.power.kind, d.console.kind, d.boot.kind) for d in lab.devices} == {("qemu", "qemu", "pxe")}
