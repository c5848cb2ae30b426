"""The iPXE scripts a machine gets. Text in, text out.

The command line travels as hexadecimal in a setting and is expanded as one argument, so that iPXE passes on every byte
as it is: blanks in a row, `||`, `;`, `#`, a backslash at the end. Only `${` cannot pass, since iPXE expands what it
has expanded (src/core/settings.c, expand_settings). Tried with iPXE 1.0.0+git-20190125.
"""

_CMDLINE_MAX = 4095  # bytes; x86 kernels take 255 (protocol 2.01 and older), 2047, or what their header says


def check_cmdline(cmdline: str) -> None:
    """ValueError with a sentence where a kernel command line cannot be passed on by iPXE as it is."""
    if "${" in cmdline:
        raise ValueError("the command line has `${` in it, which iPXE would expand; leave it out")
    if odd := next((char for char in cmdline if ord(char) < 0x20 or ord(char) == 0x7F), None):
        raise ValueError(f"the command line has a control character in it ({odd!r}); a kernel's is one line of text")
    if len(cmdline.encode()) > _CMDLINE_MAX:
        raise ValueError(f"the command line has {len(cmdline.encode())} bytes; {_CMDLINE_MAX} is the most")


def boot_script(base: str, cmdline: str, *, initrd: bool) -> str:
    """Load from the addresses below `base` and boot. A machine that cannot stays where it is and says so.

    It must not go on to its local disk: another kernel would then speak on the console of this boot.
    """
    # EFI kernels find their initramfs by name only; a BIOS kernel's command line stays the job's own.
    for_efi = f"initrd=initrd {cmdline}".strip() if initrd else cmdline
    return "\n".join(
        [
            "#!ipxe",
            f"set cmdline:hex {_hex(cmdline)}",
            *([f"iseq ${{platform}} efi && set cmdline:hex {_hex(for_efi)} ||"] if initrd else []),
            f"kernel {base}/kernel ${{cmdline:string}} || goto failed",
            *([f"initrd --name initrd {base}/initrd || goto failed"] if initrd else []),
            "boot || goto failed",
            ":failed",
            "echo farm: this boot could not be loaded; waiting to be switched off",
            ":wait",
            "sleep 3600",
            "goto wait",
            "",
        ]
    )


def local_disk_script(mac: str) -> str:
    """For a machine that nothing is armed for: its first disk, else whatever the firmware tries next."""
    return "\n".join(
        [
            "#!ipxe",
            f"echo farm: nothing to boot for {mac}; going on to the local disk",
            "sanboot --no-describe --drive 0x80 || exit",
            "",
        ]
    )


def _hex(text: str) -> str:
    return text.encode().hex(":")
