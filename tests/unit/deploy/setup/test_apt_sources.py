"""Reading a machine's apt sources, in both formats of sources.list(5)."""

from pathlib import Path

import pytest

from deploy.setup.apt_sources import (
    Source,
    debian_archive,
    parse_deb822,
    parse_one_line,
    private_sources,
    read_sources,
)

ONE_LINE = """\
# the installer wrote this
deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST]/ bookworm main
deb-src http://mirror.example/debian bookworm main
deb [ arch=amd64 signed-by=/etc/apt/keyrings/third.gpg ] https://third.example/apt stable extras
deb  http://mirror.example/debian/  bookworm main contrib # trailing words
deb http://security.example/debian-security bookworm-security main
"""

DEB822 = """\
Types: deb deb-src
# a comment inside a stanza
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://third.example/apt
 https://second.example/apt
Suites: stable
Components: extras
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
"""


def test_one_line_format_gives_the_enabled_binary_sources() -> None:
    found = list(parse_one_line(ONE_LINE))
    assert [source.suites for source in found] == [("bookworm",), ("stable",), ("bookworm",), ("bookworm-security",)]
    assert found[1].options == {"arch": "amd64", "signed-by": "/etc/apt/keyrings/third.gpg"}
    assert found[2].uris == ("http://mirror.example/debian/",)
    assert found[2].components == ("main", "contrib")


def test_deb822_format_gives_the_enabled_binary_sources() -> None:
    first, third = parse_deb822(DEB822)
    assert first.uris == ("http://mirror.example/debian",)
    assert first.suites == ("bookworm", "bookworm-updates")
    assert first.components == ("main", "non-free-firmware")
    assert first.options == {"signed-by": "/usr/share/keyrings/debian-archive-keyring.gpg"}
    assert third.uris == ("https://third.example/apt", "https://second.example/apt")
    assert third.options["signed-by"].startswith("-----BEGIN")


@pytest.mark.parametrize("text", ["", "\n\n", "deb\n", "deb http://only.example\n", "# deb a b c\n", "debug a b c\n"])
def test_what_apt_would_not_use_gives_nothing(text: str) -> None:
    assert list(parse_one_line(text)) == []


@pytest.mark.parametrize("off", ["no", "No", "false", "0", "off"])
def test_a_disabled_stanza_gives_nothing(off: str) -> None:
    assert not list(
        parse_deb822(f"Types: deb\nEnabled: {off}\nURIs: http://m.example/d\nSuites: sid\nComponents: main")
    )


@pytest.mark.parametrize("text", [ONE_LINE, DEB822])
def test_the_archive_is_debians_own_and_not_a_disc_or_a_third_party(text: str) -> None:
    archive = debian_archive([*parse_one_line(text), *parse_deb822(text)])
    assert archive is not None
    assert archive.uris[0].startswith("http://mirror.example/debian")


def test_a_machine_without_debian_sources_has_no_archive() -> None:
    assert debian_archive(parse_one_line("deb http://ubuntu.example/ubuntu noble main\n")) is None
    assert debian_archive([]) is None


def test_all_files_apt_reads_are_read_and_no_other(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/d sid main\n")
    (parts / "b.list").write_text("deb http://b.example/d sid main\n")
    (parts / "c.sources").write_text("Types: deb\nURIs: http://c.example/d\nSuites: sid\nComponents: main\n")
    (parts / "d.list.disabled").write_text("deb http://d.example/d sid main\n")
    assert [source.uris[0][7] for source in read_sources(tmp_path)] == ["a", "b", "c"]


def test_a_machine_without_any_sources_is_no_fault(tmp_path: Path) -> None:
    assert read_sources(tmp_path / "none") == []


def test_private_sources_name_the_machines_archive_and_the_whole_keyring(tmp_path: Path) -> None:
    keyring = tmp_path / "all.gpg"
    keyring.touch()
    archive = Source(("http://m.example/d",), ("bookworm",), ("main",), {"signed-by": "/one.gpg"})
    text = private_sources(archive, ["bookworm", "bullseye"], keyring)
    assert text == (
        f"deb [signed-by={keyring}] http://m.example/d bookworm main\n"
        f"deb [signed-by={keyring}] http://m.example/d bullseye main\n"
    )


def test_without_that_keyring_the_sources_own_key_and_trust_are_used(tmp_path: Path) -> None:
    archive = Source(
        ("cdrom:disc", "http://m.example/d"), ("sid",), ("main",), {"signed-by": "/one.gpg", "trusted": "yes"}
    )
    text = private_sources(archive, ["sid"], tmp_path / "none.gpg")
    assert text == "deb [signed-by=/one.gpg trusted=yes] http://m.example/d sid main\n"


def test_a_key_written_into_the_source_itself_is_left_out(tmp_path: Path) -> None:
    archive = Source(("http://m.example/d",), ("sid",), ("main",), {"signed-by": "-----BEGIN PGP"})
    assert private_sources(archive, ["sid"], tmp_path / "none.gpg") == "deb http://m.example/d sid main\n"
