"""The iPXE scripts; that the real iPXE reads them as meant is seen in tests/integration/test_drivers_qemu.py."""

import re

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from inventory.boot.script import boot_script, check_cmdline, local_disk_script

printable = st.text(
    st.characters(min_codepoint=0x20, exclude_characters="\x7f", exclude_categories=["Cs"]), max_size=300
)


def settings(script: str) -> list[str]:
    """Each command line the script sets, decoded."""
    values = re.findall(r"set cmdline:hex ?([0-9a-f:]*)", script)
    return [bytes.fromhex(value.replace(":", "")).decode() for value in values]


@hypothesis_settings(deadline=None)
@given(printable)
def test_any_command_line_survives_and_adds_no_command(cmdline: str) -> None:
    if "${" in cmdline:
        with pytest.raises(ValueError, match="iPXE would expand"):
            check_cmdline(cmdline)
        return
    check_cmdline(cmdline)
    script = boot_script("/k/m/n", cmdline, initrd=False)
    assert settings(script) == [cmdline]
    assert len(script.splitlines()) == len(boot_script("/k/m/n", "", initrd=False).splitlines())


def test_without_an_initramfs() -> None:
    assert boot_script("/k/m/n", "a b", initrd=False).splitlines() == [
        "#!ipxe",
        "set cmdline:hex 61:20:62",
        "kernel /k/m/n/kernel ${cmdline:string} || goto failed",
        "boot || goto failed",
        ":failed",
        "echo farm: this boot could not be loaded; waiting to be switched off",
        ":wait",
        "sleep 3600",
        "goto wait",
    ]


def test_an_initramfs_is_named_to_efi_kernels_only() -> None:
    script = boot_script("/k/m/n", "a b", initrd=True)
    assert settings(script) == ["a b", "initrd=initrd a b"]
    assert "iseq ${platform} efi && set cmdline:hex" in script
    assert "initrd --name initrd /k/m/n/initrd || goto failed\nboot" in script
    assert settings(boot_script("/k/m/n", "", initrd=True)) == ["", "initrd=initrd"]


@pytest.mark.parametrize(
    ("cmdline", "words"),
    [
        ("root=${net0/ip}", r"has `\$\{` in it, which iPXE would expand"),
        ("a\nb", r"control character in it \('\\n'\)"),
        ("a\tb", r"control character in it \('\\t'\)"),
        ("a\0b", r"control character in it \('\\x00'\)"),
        ("a\x7f", "control character"),
        ("x" * 4096, "has 4096 bytes; 4095 is the most"),
        ("ä" * 2048, "has 4096 bytes; 4095 is the most"),
    ],
)
def test_what_ipxe_cannot_pass_on(cmdline: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_cmdline(cmdline)


@pytest.mark.parametrize("cmdline", ["", "a || b && c ; # d", "$", "$ {x}", "}", "a\\", "x" * 4095, "ä"])
def test_what_it_can(cmdline: str) -> None:
    check_cmdline(cmdline)


def test_an_unarmed_machine_boots_its_disk() -> None:
    script = local_disk_script("52:54:00:00:00:01")
    assert script.startswith("#!ipxe\n")
    assert "sanboot --no-describe --drive 0x80 || exit\n" in script
    assert "nothing to boot for 52:54:00:00:00:01" in script
