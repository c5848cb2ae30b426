"""The pxe driver arms and disarms one machine's entry."""

import asyncio
from pathlib import Path

import httpx
import pytest

from inventory.boot.netboot import Netboot
from inventory.boot.pxe import PxeConfig
from inventory.drivers import BootRequest, DriverError, Site

MAC = "52:54:00:fa:00:01"


def request(kernel: Path, cmdline: str = "quiet") -> BootRequest:
    return BootRequest(1, kernel, None, cmdline)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    path = tmp_path / "kernel"
    path.write_bytes(b"image")
    return path


def test_armed_between_prepare_and_clean_only(kernel: Path, tmp_path: Path) -> None:
    async def body() -> list[bool]:
        async with Netboot() as netboot, httpx.AsyncClient(base_url=netboot.url) as client:

            async def armed() -> bool:
                return "/kernel " in (await client.get("/ipxe", params={"mac": MAC})).text

            boot = PxeConfig(kind="pxe").build(Site("box1", MAC, tmp_path, netboot))
            seen = [await armed()]
            await boot.clean()
            await boot.prepare(request(kernel))
            seen.append(await armed())
            await boot.clean()
            seen.append(await armed())
            await boot.clean()
            return seen

    assert asyncio.run(body()) == [False, True, False]


@pytest.mark.parametrize(
    ("mac", "has_server", "words"),
    [
        (None, True, "device box1: boot pxe: there is no MAC address in the lab file"),
        (MAC, False, "device box1: boot pxe: there is no network boot server in this lab"),
    ],
)
def test_what_a_site_lacks(mac: str | None, has_server: bool, words: str, kernel: Path, tmp_path: Path) -> None:
    boot = PxeConfig(kind="pxe").build(Site("box1", mac, tmp_path, Netboot() if has_server else None))
    with pytest.raises(DriverError) as caught:
        asyncio.run(boot.prepare(request(kernel)))
    assert str(caught.value) == words


def test_what_cannot_be_booted_is_a_driver_error(kernel: Path, tmp_path: Path) -> None:
    boot = PxeConfig(kind="pxe").build(Site("box1", MAC, tmp_path, Netboot()))
    with pytest.raises(DriverError, match=r"device box1: boot pxe: the kernel .*gone is not there"):
        asyncio.run(boot.prepare(request(tmp_path / "gone")))
    with pytest.raises(DriverError, match="device box1: boot pxe: the command line has a control character"):
        asyncio.run(boot.prepare(request(kernel, "a\nb")))
