"""The archive: read back by an independent reader here, and by GNU cpio where it is installed."""

import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.init import cpio_newc, default_initramfs
from jobs.init.initramfs import Entry, character_device, directory, regular

HEADER = 110


def members(archive: bytes) -> Iterator[tuple[str, dict[str, int], bytes]]:
    """Reads newc as buffer-format.rst describes it."""
    names = ["ino", "mode", "uid", "gid", "nlink", "mtime", "filesize", "maj", "min", "rmaj", "rmin", "namesize", "sum"]
    at = 0
    while True:
        header = archive[at : at + HEADER]
        assert header[:6] == b"070701", f"no magic at {at}"
        fields = {name: int(header[6 + 8 * i : 14 + 8 * i], 16) for i, name in enumerate(names)}
        end = at + HEADER + fields["namesize"]
        name = archive[at + HEADER : end]
        assert name.endswith(b"\0")
        start = (end + 3) & ~3
        data = archive[start : start + fields["filesize"]]
        assert len(data) == fields["filesize"]
        at = (start + fields["filesize"] + 3) & ~3
        if name == b"TRAILER!!!\0":
            assert not archive[at:].strip(b"\0")
            return
        yield name[:-1].decode(), fields, data


def test_the_default_holds_init_and_the_nodes_it_needs() -> None:
    found = {name: (fields, data) for name, fields, data in members(default_initramfs())}
    assert list(found) == ["dev", "dev/console", "dev/null", "proc", "sys", "tmp", "init"]
    fields, data = found["init"]
    assert fields["mode"] == stat.S_IFREG | 0o755
    assert data == files("jobs.init").joinpath("farm-init").read_bytes()
    for name, number in (("dev/console", (5, 1)), ("dev/null", (1, 3))):
        fields, data = found[name]
        assert stat.S_ISCHR(fields["mode"])
        assert (fields["rmaj"], fields["rmin"]) == number
        assert data == b""
    assert found["tmp"][0]["mode"] == stat.S_IFDIR | 0o1777


def test_the_default_is_small_and_the_same_every_time() -> None:
    first = default_initramfs()
    assert first == default_initramfs()
    assert len(first) < 16 * 1024
    assert len(first) % 512 == 0


def test_nothing_of_the_builder_gets_into_the_archive() -> None:
    for _, fields, _ in members(default_initramfs()):
        assert (fields["uid"], fields["gid"], fields["mtime"]) == (0, 0, 0)


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.dictionaries(names.filter(lambda name: name not in {".", "..", "TRAILER!!!"}), st.binary(max_size=70)))
def test_what_goes_in_comes_out(contents: dict[str, bytes]) -> None:
    archive = cpio_newc(regular(name, data) for name, data in contents.items())
    assert {name: data for name, _, data in members(archive)} == contents
    inodes = [fields["ino"] for _, fields, _ in members(archive)]
    assert inodes == list(range(1, len(contents) + 1)), "two members of one inode would be hard links"


def test_a_link_holds_its_target() -> None:
    ((name, fields, data),) = members(cpio_newc([Entry("linuxrc", stat.S_IFLNK | 0o777, b"init")]))
    assert (name, data) == ("linuxrc", b"init")
    assert stat.S_ISLNK(fields["mode"])


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([directory("/dev")], "'/dev' cannot be a name"),
        ([directory("dev/")], "'dev/' cannot be a name"),
        ([directory("")], "'' cannot be a name"),
        ([directory("."), directory("dev")], "'.' cannot be a name"),
        ([regular("../etc", b"")], "'../etc' cannot be a name"),
        ([regular("a\0b", b"")], "cannot be a name"),
        ([regular("TRAILER!!!", b"")], "'TRAILER!!!' cannot be a name"),
        ([directory("dev"), directory("dev")], "'dev' is in this initramfs twice"),
        ([character_device("dev/null", 1, 3)], "'dev/null' needs the directory 'dev' before it"),
        ([regular("dev", b""), character_device("dev/null", 1, 3)], "needs the directory 'dev' before it"),
        ([Entry("dev", stat.S_IFDIR | 0o755, b"x")], "'dev' has contents"),
    ],
)
def test_what_the_kernel_would_drop_in_silence_is_refused(entries: list[Entry], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        cpio_newc(entries)


@pytest.mark.skipif(not shutil.which("cpio"), reason="GNU cpio is not installed")
def test_gnu_cpio_lists_the_same() -> None:
    listing = subprocess.run(
        ["cpio", "-tv", "--numeric-uid-gid"],
        input=default_initramfs(),
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )
    lines = [line.split() for line in listing.stdout.decode().splitlines()]
    assert [(line[0], line[-1]) for line in lines] == [
        ("drwxr-xr-x", "dev"),
        ("crw-------", "dev/console"),
        ("crw-rw-rw-", "dev/null"),
        ("drwxr-xr-x", "proc"),
        ("drwxr-xr-x", "sys"),
        ("drwxrwxrwt", "tmp"),
        ("-rwxr-xr-x", "init"),
    ]
    assert lines[1][4:6] == ["5,", "1"]
    assert "1970" in lines[0]
    assert b"junk" not in listing.stderr


@pytest.mark.skipif(not shutil.which("cpio"), reason="GNU cpio is not installed")
def test_gnu_cpio_unpacks_files_of_every_padding(tmp_path: Path) -> None:
    contents = {f"file{size}": b"x" * size for size in range(9)}
    archive = cpio_newc([directory("d"), *(regular(f"d/{name}", data) for name, data in contents.items())])
    subprocess.run(["cpio", "-idm", "--quiet"], input=archive, cwd=tmp_path, check=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "d").iterdir()} == contents
