"""Fetching kernels through a private apt: against a small archive on this disk, with the real apt and dpkg."""

import gzip
import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest

from deploy.setup import kernels
from deploy.setup.kernels import Kernel, candidates, enough, parse_names, read_manifest, write_manifest
from deploy.setup.private_apt import FetchError, PrivateApt, unpack_boot

NAMES = [
    "linux-image-686",
    "linux-image-5.10.0-9-686-unsigned",
    "linux-image-5.10.0-30-686-unsigned",
    "linux-image-5.10.0-32-686",
    "linux-image-5.10.0-32-686-dbg",
    "linux-image-5.10.0-32-686-pae-unsigned",
    "linux-image-5.10.0-32-686-unsigned",
    "linux-image-5.10.0-32-rt-686-pae",
    "linux-image-6.1.0-47-686-unsigned",
    "linux-image-6.5.0-0.deb12.4-686",
]
needs_apt = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("apt-get", "apt-cache", "dpkg-deb")),
    reason="apt is not on this machine",
)


def test_plain_686_kernels_are_taken_and_ordered_by_abi_number() -> None:
    assert [package.release for package in parse_names(NAMES)] == [
        "5.10.0-9-686",
        "5.10.0-30-686",
        "5.10.0-32-686",
        "6.1.0-47-686",
        "6.5.0-0.deb12.4-686",
    ]


def test_of_a_signed_and_an_unsigned_twin_the_unsigned_is_taken() -> None:
    by_release = {package.release: package.name for package in parse_names(reversed(NAMES))}
    assert by_release["5.10.0-32-686"] == "linux-image-5.10.0-32-686-unsigned"
    assert by_release["6.5.0-0.deb12.4-686"] == "linux-image-6.5.0-0.deb12.4-686"


def test_a_backports_number_is_read_part_by_part() -> None:
    (package,) = parse_names(["linux-image-6.5.0-0.deb12.4-686"])
    assert (package.branch, package.abi) == ("6.5", (0, 12, 4))


def test_candidates_are_newest_first_by_branch_then_the_rest() -> None:
    groups = [(count, [package.release for package in packages]) for count, packages in candidates(parse_names(NAMES))]
    assert groups == [
        (2, ["5.10.0-32-686", "5.10.0-30-686", "5.10.0-9-686"]),
        (2, ["6.1.0-47-686"]),
        (1, ["6.5.0-0.deb12.4-686"]),
    ]


def kernel(release: str, sha256: str = "") -> Kernel:
    branch = ".".join(release.split(".")[:2])
    return Kernel(release, branch, f"linux-image-{release}", "1", f"vmlinuz-{release}", f"config-{release}", sha256)


@pytest.mark.parametrize(
    ("releases", "good"),
    [
        ([], False),
        (["5.10.0-1-686", "5.10.0-2-686"], False),
        (["5.10.0-1-686", "6.1.0-2-686"], False),
        (["5.10.0-1-686", "5.10.0-2-686", "6.1.0-2-686"], True),
    ],
)
def test_enough_is_two_of_one_branch_and_one_of_another(releases: list[str], good: bool) -> None:
    assert enough(kernel(release) for release in releases) is good


def test_the_manifest_comes_back_and_a_damaged_kernel_is_left_out(tmp_path: Path) -> None:
    kernels_in = []
    for release in ("6.1.0-2-686", "5.10.0-1-686"):
        (tmp_path / f"vmlinuz-{release}").write_text(release)
        kernels_in.append(kernel(release, hashlib.sha256(release.encode()).hexdigest()))
    write_manifest(tmp_path, kernels_in)
    assert read_manifest(tmp_path) == [kernels_in[1], kernels_in[0]]
    (tmp_path / "vmlinuz-6.1.0-2-686").write_text("half")
    assert read_manifest(tmp_path) == [kernels_in[1]]
    (tmp_path / "vmlinuz-5.10.0-1-686").unlink()
    assert read_manifest(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kernels": [{"release": "x"}]}', '{"other": 1}'])
def test_an_unreadable_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(FetchError, match=r"manifest\.json cannot be read"):
        read_manifest(tmp_path)


def make_deb(folder: Path, release: str, version: str, *, boot: bool = True) -> Path:
    """A kernel package as Debian lays them out: /boot first, then modules, and a link among them."""
    name = f"linux-image-{release}-unsigned"
    tree = folder / f"tree-{release}"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: i386\nMaintainer: T <t@example.org>\nDescription: test\n"
    )
    if boot:
        (tree / "boot").mkdir()
        (tree / "boot" / f"vmlinuz-{release}").write_text(f"image of {release}")
        (tree / "boot" / f"config-{release}").write_text("CONFIG_X86_32=y\n")
        (tree / "boot" / f"System.map-{release}").write_text("a stub\n")
        (tree / "boot" / "vmlinuz-link").symlink_to("/etc/passwd")
    (tree / "lib" / "modules").mkdir(parents=True)
    (tree / "lib" / "modules" / "vmlinuz-not-here").write_text("a module")
    deb = folder / f"{name}_{version}_i386.deb"
    command = ["dpkg-deb", "--root-owner-group", "--build", "-Znone", str(tree), str(deb)]
    subprocess.run(command, check=True, capture_output=True)
    return deb


def make_archive(folder: Path, suite: str, releases: list[str]) -> None:
    """An archive with one suite; its Release file is unsigned, so its source must say trusted=yes."""
    stanzas = []
    for release in releases:
        deb = make_deb(folder, release, "1.2-3")
        control = subprocess.run(["dpkg-deb", "-f", deb], text=True, capture_output=True, check=True).stdout
        digest = hashlib.sha256(deb.read_bytes()).hexdigest()
        stanzas.append(f"{control}Filename: {deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n")
    index = "\n".join(stanzas).encode()
    lists = folder / "dists" / suite
    (lists / "main" / "binary-i386").mkdir(parents=True)
    sums = ""
    for name, data in (("Packages", index), ("Packages.gz", gzip.compress(index))):
        (lists / "main" / "binary-i386" / name).write_bytes(data)
        sums += f" {hashlib.sha256(data).hexdigest()} {len(data)} main/binary-i386/{name}\n"
    head = f"Suite: {suite}\nDate: {formatdate(usegmt=True)}\nArchitectures: i386\nComponents: main\n"
    (lists / "Release").write_text(f"{head}SHA256:\n{sums}")


def machine(tmp_path: Path, archive: Path) -> Path:
    """A machine's /etc/apt that names `archive`, as the machine's amd64 sources would."""
    etc = tmp_path / "etc-apt"
    etc.mkdir()
    (etc / "sources.list").write_text(f"deb [arch=amd64 trusted=yes] file:{archive} bookworm main\n")
    return etc


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    make_archive(folder, "bullseye", ["5.10.0-30-686", "5.10.0-31-686", "5.10.0-32-686"])
    make_archive(folder, "bookworm", ["6.1.0-47-686"])
    return folder


@needs_apt
def test_kernels_are_fetched_from_the_machines_archive(tmp_path: Path, archive: Path) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir()
    got = kernels.fetch(folder, tmp_path / "log", machine(tmp_path, archive))
    assert {kernel.release for kernel in got} == {"5.10.0-31-686", "5.10.0-32-686", "6.1.0-47-686"}
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["manifest.json", *(kernel.image for kernel in got), *(kernel.config for kernel in got)]
    )
    (newest,) = [kernel for kernel in read_manifest(folder) if kernel.release == "5.10.0-32-686"]
    assert (newest.version, newest.branch) == ("1.2-3", "5.10")
    assert (folder / newest.image).read_text() == "image of 5.10.0-32-686"


@needs_apt
def test_a_package_that_is_listed_but_gone_gives_way_to_an_older_one(tmp_path: Path, archive: Path) -> None:
    next(archive.glob("linux-image-5.10.0-32*.deb")).unlink()
    folder = tmp_path / "kernels"
    folder.mkdir()
    got = kernels.fetch(folder, tmp_path / "log", machine(tmp_path, archive))
    assert {kernel.release for kernel in got} == {"5.10.0-30-686", "5.10.0-31-686", "6.1.0-47-686"}


@needs_apt
def test_a_package_that_was_tampered_with_is_not_taken(tmp_path: Path, archive: Path) -> None:
    deb = next(archive.glob("linux-image-6.1.0-47*.deb"))
    deb.write_bytes(deb.read_bytes().replace(b"image of", b"IMAGE OF"))
    folder = tmp_path / "kernels"
    folder.mkdir()
    with pytest.raises(FetchError, match=r"the archive gave 5\.10\.0-31-686, 5\.10\.0-32-686;"):
        kernels.fetch(folder, tmp_path / "log", machine(tmp_path, archive))
    assert not (folder / "vmlinuz-6.1.0-47-686").exists()


@needs_apt
def test_what_is_there_is_kept_and_not_fetched_again(
    tmp_path: Path, archive: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir()
    etc = machine(tmp_path, archive)
    kernels.fetch(folder, tmp_path / "log", etc)
    (folder / "vmlinuz-6.1.0-47-686").unlink()
    capfd.readouterr()
    kernels.fetch(folder, tmp_path / "log", etc)
    assert capfd.readouterr().out == "fetching linux-image-6.1.0-47-686-unsigned\n"


@needs_apt
def test_an_archive_that_does_not_answer_is_said_in_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir()
    with pytest.raises(FetchError, match="apt found no package linux-image-"):
        kernels.fetch(folder, tmp_path / "log", machine(tmp_path, tmp_path / "nowhere"))


def test_a_machine_without_a_debian_archive_is_said_in_one_sentence(tmp_path: Path) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("apt is not on this machine")
    with pytest.raises(FetchError, match="name no Debian archive"):
        kernels.fetch(tmp_path, tmp_path / "log", tmp_path / "no-etc-apt")


@needs_apt
def test_the_private_apt_knows_i386_only(tmp_path: Path) -> None:
    apt = PrivateApt(tmp_path, tmp_path / "log")
    apt.prepare("")
    shown = subprocess.run(
        ["apt-config", "-c", tmp_path / "apt.conf", "dump", "APT::Architectures"],
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    assert [line.split()[1] for line in shown.splitlines()] == ['"";', '"i386";']


@needs_apt
def test_a_package_without_a_kernel_is_refused(tmp_path: Path) -> None:
    deb = make_deb(tmp_path, "5.10.0-1-686", "1", boot=False)
    with pytest.raises(FetchError, match="holds no kernel below /boot"):
        unpack_boot(deb, tmp_path)


@needs_apt
def test_only_regular_kernel_files_of_boot_are_unpacked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    names = unpack_boot(make_deb(tmp_path, "5.10.0-1-686", "1"), out)
    assert sorted(names) == ["config-5.10.0-1-686", "vmlinuz-5.10.0-1-686"]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)


def put_enough(folder: Path) -> list[Kernel]:
    folder.mkdir(parents=True)
    found = []
    for release in ("5.10.0-1-686", "5.10.0-2-686", "6.1.0-1-686"):
        (folder / f"vmlinuz-{release}").write_text(release)
        found.append(kernel(release, hashlib.sha256(release.encode()).hexdigest()))
    write_manifest(folder, found)
    return found


def test_a_second_run_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_enough(tmp_path / "kernels")
    monkeypatch.setenv("PATH", "/nonexistent")  # no apt to ask
    assert kernels.main(["--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"kernels: 5.10.0-1-686, 5.10.0-2-686, 6.1.0-1-686 in {tmp_path}/kernels\n"


def test_without_apt_and_kernels_it_fails_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert kernels.main(["--dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said == (
        "kernels: this machine has no apt-get, apt-cache, dpkg-deb; 32-bit kernels are fetched through Debian's apt.\n"
    )


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert kernels.main(["--dir", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.startswith(f"kernels: {tmp_path}/file")


def test_the_manifest_is_readable_json_for_others(tmp_path: Path) -> None:
    found = put_enough(tmp_path / "kernels")
    entries = json.loads((tmp_path / "kernels" / "manifest.json").read_text())["kernels"]
    assert [replace(found[0], **entry) for entry in entries] == found
