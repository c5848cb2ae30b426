"""The lock files: hashes for every package, no address, no path, and no lag behind pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = ROOT / "deploy" / "requirements"
NAMES = ["runtime.txt", "dev.txt", "build.txt"]


def pins(name: str) -> dict[str, tuple[str, list[str]]]:
    """package -> (version, its hashes), of one lock file; fails on a line of any other kind."""
    found: dict[str, tuple[str, list[str]]] = {}
    joined = (LOCKS / name).read_text().replace("\\\n", " ")
    for line in joined.splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        package, separator, version = words[0].partition("==")
        assert separator, f"{name}: {words[0]} has no exact version"
        found[package] = (version, words[1:])
    return found


def normal(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match[0]).lower()


@pytest.mark.parametrize("name", NAMES)
def test_every_package_has_hashes_and_nothing_else(name: str) -> None:
    assert pins(name)
    for package, (_, options) in pins(name).items():
        assert options, f"{package} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options), package


@pytest.mark.parametrize("name", [*NAMES, "build.in"])
def test_no_address_and_no_path_of_a_machine(name: str) -> None:
    text = (LOCKS / name).read_text()
    assert not re.search(r"://|@|--(extra-)?index|--find-links|\bfile:", text)
    assert not re.search(r"(^|\s)/\w", text), "an absolute path"


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = {normal(requirement) for requirement in project["project"]["dependencies"]}
    dev = {normal(requirement) for requirement in project["dependency-groups"]["dev"]}
    build = {normal(requirement) for requirement in project["build-system"]["requires"]}
    assert runtime <= pins("runtime.txt").keys(), "run `make lock`"
    assert runtime | dev | build <= pins("dev.txt").keys(), "run `make lock`"
    assert build <= pins("build.txt").keys(), "run `make lock`"


@pytest.mark.parametrize("name", ["runtime.txt", "build.txt"])
def test_the_locks_agree(name: str) -> None:
    dev = pins("dev.txt")
    assert {package: dev[package] for package in pins(name)} == pins(name)
