"""What a purpose needs on the machine, and what is said or done when it is not there.

apt and sudo are played by small scripts in a PATH of their own: the real ones would change this machine.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.setup import packages
from deploy.setup.packages import NEEDS, PURPOSES, Need, ensure, install, install_command, missing, root_prefix

HERE = frozenset({"demo"})
ROOT = Path(__file__).parents[4]


def need(found_by: str, *, package: str = "p", needed: bool = True) -> Need:
    none: frozenset[str] = frozenset()
    return Need(package, (found_by,), "plays a part", needed=HERE if needed else none, wanted=none if needed else HERE)


def script(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def bin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but what a test puts there (and env, which the module starts apt through)."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(packages, "_SYSTEM_PATH", "/nonexistent")
    return folder


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def test_a_program_counts_wherever_it_came_from(bin_dir: Path) -> None:
    assert not need("farm-test-tool").is_met()
    script(bin_dir, "farm-test-tool", "exit 0")
    assert need("farm-test-tool").is_met()


def test_a_program_of_the_sbins_is_found_though_a_users_path_lacks_them(bin_dir: Path, tmp_path: Path) -> None:
    sbin = tmp_path / "sbin"
    sbin.mkdir()
    script(sbin, "farm-test-tool", "exit 0")
    assert not need("farm-test-tool").is_met()
    packages_path = packages._SYSTEM_PATH
    try:
        packages._SYSTEM_PATH = str(sbin)
        assert need("farm-test-tool").is_met()
    finally:
        packages._SYSTEM_PATH = packages_path


def test_a_file_counts_by_glob(tmp_path: Path) -> None:
    pattern = f"{tmp_path}/*/bin/postgres"
    assert not need(pattern).is_met()
    (tmp_path / "15" / "bin").mkdir(parents=True)
    (tmp_path / "15" / "bin" / "postgres").touch()
    assert need(pattern).is_met()


def test_a_python_module_counts_when_this_python_has_it() -> None:
    assert need("python:json").is_met()
    assert not need("python:no_such_module_here").is_met()


def test_missing_tells_needed_from_wanted() -> None:
    table = [need("no-such-a", package="a"), need("no-such-b", package="b", needed=False), need("sh", package="c")]
    needed, wanted = missing("demo", table)
    assert ([n.package for n in needed], [n.package for n in wanted]) == (["a"], ["b"])
    assert missing("test", table) == ([], [])


def test_nothing_missing_says_and_does_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert ensure("demo", tmp_path / "log", [need("sh")]) == 0
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "log").exists()


def test_root_installs_without_recommendations_and_keeps_the_log(
    bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    as_user(monkeypatch, 0)
    script(
        bin_dir,
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $@"; printf "#!/bin/sh\\n" > {bin_dir}/tool; /bin/chmod +x {bin_dir}/tool',
    )
    log = tmp_path / "log" / "apt.log"
    assert ensure("demo", log, [need("tool", package="tool-package")]) == 0
    assert "noninteractive install -y --no-install-recommends tool-package" in log.read_text()
    assert capfd.readouterr().out == f"Installing tool-package (log: {log})\n"


def test_the_lists_are_fetched_only_when_an_install_failed(bin_dir: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    script(bin_dir, "apt-get", f'case "$1" in update) : > {lists};; install) [ -e {lists} ];; esac')
    log = tmp_path / "log"
    assert install(["p"], [], log)
    assert [line.split("apt-get ")[1].split()[0] for line in log.read_text().splitlines() if line[0] == "$"] == [
        "install",
        "update",
        "install",
    ]
    log.unlink()
    assert install(["p"], [], log)
    assert log.read_text().count("$ ") == 1


def test_an_apt_that_fails_is_said_with_the_log(
    bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    as_user(monkeypatch, 0)
    script(bin_dir, "apt-get", "echo E: no such package; exit 100")
    log = tmp_path / "log"
    assert ensure("demo", log, [need("tool", needed=False)]) == 1
    assert capfd.readouterr().err == f"apt could not install p; its own words are in {log}.\n"
    assert "E: no such package\n(exit 100)" in log.read_text()


def test_a_sudo_without_a_password_is_used(bin_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 1000)
    assert root_prefix() is None
    script(bin_dir, "sudo", '[ "$1" = -n ]')
    assert root_prefix() == ["sudo", "-n"]
    script(bin_dir, "sudo", "exit 1")  # it would ask
    assert root_prefix() is None


def test_without_root_the_missing_are_named_and_the_rest_carries_on(
    bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    as_user(monkeypatch, 1000)
    assert ensure("demo", tmp_path / "log", [need("no-such", package="nice", needed=False)]) == 0
    said = capfd.readouterr().err
    assert "sudo apt-get install -y --no-install-recommends nice\n" in said
    assert "done without (what needs it is skipped): nice (plays a part)." in said


def test_without_root_what_cannot_be_done_without_fails(
    bin_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    as_user(monkeypatch, 1000)
    assert ensure("demo", tmp_path / "log", [need("no-such", package="qemu")]) == 1
    assert "`make demo` cannot do without: qemu (plays a part)." in capfd.readouterr().err


def test_the_command_is_as_a_person_types_it() -> None:
    assert " ".join(install_command(["a", "b"])) == "apt-get install -y --no-install-recommends a b"


def test_the_table_serves_known_purposes_only_and_says_why() -> None:
    for entry in NEEDS:
        assert entry.why
        assert entry.found_by
        assert entry.needed | entry.wanted
        assert entry.needed | entry.wanted <= set(PURPOSES)
        assert not entry.needed & entry.wanted
    assert len({entry.package for entry in NEEDS}) == len(NEEDS)


def test_an_old_python_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert packages.main(["venv"]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().err


def test_it_runs_on_a_python_without_our_packages() -> None:
    command = [
        sys.executable,
        "-S",
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import deploy.setup.packages",
    ]
    subprocess.run([*command[:4], command[4] + ", deploy.setup.kernels"], check=True)
