"""`farm image`: facts without a farm."""

import json
from pathlib import Path
from typing import Any

import pytest


def test_an_image_says_what_it_is(run: Any, image: Path, farm: Any) -> None:
    shown = run("image", image).stdout
    assert "image   bzImage, boot protocol 2.15, 1,088 bytes" in shown.splitlines()
    assert "CONFIG_SMP" in shown
    assert farm.asked == []


def test_damage_inside_is_told_and_is_no_error(run: Any, image: Path) -> None:
    result = run("image", image)
    assert result.exit_code == 0
    assert "damage " in result.stdout


def test_an_image_as_json(run: Any, image: Path) -> None:
    facts = json.loads(run("image", image, "--json").stdout)
    assert (facts["size"], facts["header"]["protocol"]) == (1088, "2.15")


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_what_is_no_image_is_refused(run: Any, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    result = run("image", path)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"farm: {path}: ")
    assert result.stdout == ""
