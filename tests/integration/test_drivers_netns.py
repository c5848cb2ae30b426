"""A network boot as in a lab: real DHCP and TFTP by dnsmasq with the configuration we ship, on a bridge of our own.

The network lives in a network namespace made here and removed again. The boot runs in a child of this very file inside
it (`ip netns exec ... python test_drivers_netns.py`), since the farm, dnsmasq and QEMU's tap must share that network.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from inventory.boot.netboot import Netboot
from inventory.drivers import BootRequest, Fetch, PowerState, Site
from inventory.labfile import parse_lab

ROOT = Path(__file__).resolve().parents[2]
KERNELS = Path(os.environ.get("FARM_TEST_KERNELS", ROOT / ".demo" / "kernels"))
SHIPPED = ROOT / "deploy" / "dnsmasq"
UNDIONLY = Path(os.environ.get("FARM_TEST_UNDIONLY", "/usr/lib/ipxe/undionly.kpxe"))
MAC = "52:54:00:fa:77:02"
LAB = f"""
lab: netns
types: {{i386-pc: {{}}}}
netboot: {{listen: 192.168.77.1, port: 8069}}
devices:
  - name: guest
    type: i386-pc
    mac: {MAC}
    power: {{kind: qemu, network: {{kind: tap, ifname: tap0}}}}
    console: {{kind: qemu}}
    boot: {{kind: pxe}}
"""
BRIDGE = """
link set lo up
link add farm0 type bridge stp_state 0 forward_delay 0
address add 192.168.77.1/24 dev farm0
address add fd77::1/64 dev farm0 nodad
tuntap add dev tap0 mode tap
link set tap0 master farm0 up
link set farm0 up
"""


# QEMU's ROM is iPXE already and so never asks for undionly.kpxe; this first script has it fetched all the same.
FORCE_UNDIONLY = """#!ipxe
iseq ${net0/chip} undionly && chain farm.ipxe || chain undionly.kpxe
"""


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=20)


@pytest.fixture
def namespace() -> Iterator[str]:
    for program in ("ip", "dnsmasq", "qemu-system-i386"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    name = f"farm-test-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, timeout=20, check=False)
    if made.returncode != 0:
        pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
    try:
        try:
            for line in BRIDGE.strip().splitlines():
                _ip("-n", name, *line.split())
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no bridge or tap in a network namespace here: {error.stderr.strip()}")
        yield name
    finally:
        _ip("netns", "del", name)


@pytest.fixture
def dnsmasq(namespace: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """dnsmasq as shipped, its files under tmp_path; yields its log."""
    tftp = tmp_path / "tftp"
    tftp.mkdir()
    shutil.copy(SHIPPED / "farm.ipxe", tftp)
    config = tmp_path / "farm.conf"
    shipped = (SHIPPED / "farm.conf").read_text()
    assert "tftp-root=/srv/farm/tftp" in shipped
    shipped = shipped.replace("tftp-root=/srv/farm/tftp", f"tftp-root={tftp}")
    if request.param == "undionly":
        if not UNDIONLY.exists():
            pytest.skip(f"no {UNDIONLY} (package ipxe)")
        shutil.copy(UNDIONLY, tftp)
        (tftp / "first.ipxe").write_text(FORCE_UNDIONLY)
        shipped = shipped.replace("tag:ipxe,farm.ipxe", "tag:ipxe,first.ipxe")
    config.write_text(shipped)
    log = tmp_path / "dnsmasq.log"
    server = subprocess.Popen(
        [
            *("ip", "netns", "exec", namespace, "dnsmasq", "--keep-in-foreground", f"--conf-file={config}"),
            "--user=root",  # as nobody it may not read pytest's directories
            *(f"--log-facility={log}", f"--dhcp-leasefile={tmp_path / 'leases'}", f"--pid-file={tmp_path / 'pid'}"),
        ],
        stdin=subprocess.DEVNULL,
    )
    try:
        for _ in range(500):
            if server.poll() is not None or (log.exists() and "started" in log.read_text()):
                break
            time.sleep(0.02)
        assert server.poll() is None, log.read_text() if log.exists() else "dnsmasq ended at once"
        yield log
    finally:
        server.terminate()
        server.wait(timeout=10)


def _kernel() -> Path:
    found = sorted(KERNELS.glob("vmlinuz-*"))
    if not found:
        pytest.skip(f"no kernels in {KERNELS}; `make demo` fetches them")
    return found[-1]


@pytest.mark.netns
@pytest.mark.parametrize("dnsmasq", ["ipxe-rom", "undionly"], indirect=True)
@pytest.mark.qemu
def test_dhcp_tftp_and_http_bring_a_kernel_to_its_banner(namespace: str, dnsmasq: Path, tmp_path: Path) -> None:
    kernel = _kernel()
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    child = subprocess.run(
        ["ip", "netns", "exec", namespace, sys.executable, "-W", "error", __file__, str(kernel), str(run_dir)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    log = dnsmasq.read_text()
    assert child.returncode == 0, f"{child.stdout}\n{child.stderr}\n{log}"
    told = json.loads(child.stdout)
    assert "Linux version " in told["console"]
    assert "Kernel command line: console=ttyS0 earlyprintk=ttyS0 farm.note=lab" in told["console"]
    assert [(each["name"], each["complete"]) for each in told["fetches"]] == [("script", True), ("kernel", True)]
    assert told["fetches"][1]["sent"] == kernel.stat().st_size
    address = told["fetches"][1]["peer"]
    assert address.startswith("192.168.77."), "from the range that DHCP hands out"
    assert f"DHCPACK(farm0) {address} {MAC}" in log
    assert f"sent {tmp_path}/tftp/farm.ipxe to {address}" in log
    assert told["state"] == "off"


async def _boot(kernel: Path, run_dir: Path) -> dict[str, object]:
    """Inside the namespace: the drivers of LAB, up to the kernel's command line on the console."""
    lab = parse_lab(LAB)
    device = lab.devices[0]
    fetches: list[Fetch] = []
    console = bytearray()
    async with Netboot(lab.netboot.listen, lab.netboot.port) as netboot:
        site = Site(device.name, device.mac, run_dir, netboot)
        power, boot = device.power.build(site), device.boot.build(site)
        await boot.prepare(
            BootRequest(1, kernel, None, "console=ttyS0 earlyprintk=ttyS0 farm.note=lab", fetches.append)
        )
        await power.standby()
        try:
            async with device.console.build(site).open() as stream, asyncio.timeout(120):
                await power.on()
                while b"farm.note=lab\r\n" not in console:
                    chunk = await stream.read()
                    assert chunk, "QEMU went away"
                    console += chunk
        finally:
            await power.off()
            await boot.clean()
        state: PowerState = await power.state()
    return {
        "console": console.decode(errors="replace"),
        "fetches": [asdict(fetch) for fetch in fetches],
        "state": state,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_boot(Path(sys.argv[1]), Path(sys.argv[2])))))
