"""The demo's initramfs: a real archive, as large as it says, and the same every time."""

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.demo.userland import BALLAST, userland, write_userland


def test_it_is_the_same_every_time_and_as_large_as_a_small_user_space() -> None:
    assert userland() == userland()
    assert BALLAST < len(userland()) < BALLAST + (64 << 10)


def test_it_holds_init_and_what_init_needs(tmp_path: Path) -> None:
    if shutil.which("cpio") is None:
        pytest.skip("cpio is not on this machine")
    archive = write_userland(tmp_path / "new" / "userland.cpio")
    with archive.open("rb") as file:
        listed = subprocess.run(["cpio", "-itv"], stdin=file, text=True, capture_output=True, check=True).stdout
    names = {line.split()[-1]: line for line in listed.splitlines()}
    assert {"init", "dev/console", "proc", "sys", "usr/ballast"} <= names.keys()
    assert names["init"].startswith("-rwxr-xr-x")
    assert names["dev/console"].startswith("crw")
