"""The network boot server over real HTTP on loopback: armed or not, whole or broken off, late by one boot."""

import asyncio
import re
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from farm.core.errors import SetupError
from inventory.boot.netboot import Netboot, NetbootConfig
from inventory.drivers import Fetch

MAC = "52:54:00:fa:00:01"

Body = Callable[[Netboot, httpx.AsyncClient], Awaitable[None]]


def serve(body: Body) -> None:
    """Run `body` against a listening server."""

    async def run() -> None:
        async with Netboot() as netboot, httpx.AsyncClient(base_url=netboot.url, timeout=20) as client:
            await body(netboot, client)

    asyncio.run(run())


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    path = tmp_path / "bzImage"
    path.write_bytes(bytes(range(256)) * 5000)
    return path


@pytest.fixture
def initrd(tmp_path: Path) -> Path:
    path = tmp_path / "initrd.img"
    path.write_bytes(b"")
    return path


async def script_of(client: httpx.AsyncClient, mac: str = MAC) -> str:
    answer = await client.get("/ipxe", params={"mac": mac})
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(answer.content))
    return answer.text


def address(script: str, name: str) -> str:
    found = re.search(rf"(/k/\S+/{name})\b", script)
    assert found, script
    return found[1]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  (the server tells nobody)
            await asyncio.sleep(0.01)


def test_an_unknown_machine_boots_its_disk() -> None:
    async def body(_netboot: Netboot, client: httpx.AsyncClient) -> None:
        script = await script_of(client)
        assert script.startswith("#!ipxe\n")
        assert "sanboot --no-describe --drive 0x80" in script

    serve(body)


@pytest.mark.parametrize("query", ["", "?mac=", "?mac=52:54:00", "?mac=${netX/mac}", "?MAC=52:54:00:fa:00:01"])
def test_a_malformed_mac_is_told_in_a_sentence(query: str) -> None:
    async def body(_netboot: Netboot, client: httpx.AsyncClient) -> None:
        answer = await client.get(f"/ipxe{query}")
        assert answer.status_code == 400
        assert "is no MAC address; write it like 52:54:00:12:34:56; ask for /ipxe?mac=" in answer.text

    serve(body)


@pytest.mark.parametrize("spelling", ["52:54:00:FA:00:01", "52-54-00-fa-00-01", "525400fa0001"])
def test_an_armed_machine_gets_script_kernel_and_initramfs(spelling: str, kernel: Path, initrd: Path) -> None:
    fetches: list[Fetch] = []

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, initrd, "console=ttyS0", fetches.append)
        script = await script_of(client, spelling)
        for name, path in (("kernel", kernel), ("initrd", initrd)):
            answer = await client.get(address(script, name))
            assert answer.content == path.read_bytes()
            assert answer.headers["content-length"] == str(path.stat().st_size)
            assert "transfer-encoding" not in answer.headers
        await until(lambda: len(fetches) == 3)
        assert fetches == [
            Fetch("script", "127.0.0.1", len(script), complete=True),
            Fetch("kernel", "127.0.0.1", 1_280_000, complete=True),
            Fetch("initrd", "127.0.0.1", 0, complete=True),
        ]

    serve(body)


def test_addresses_are_relative_so_that_10_0_2_2_works_too(kernel: Path) -> None:
    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "")
        script = await script_of(client)
        assert "http:" not in script
        assert str(netboot.port) not in script
        assert "initrd" not in script

    serve(body)


def test_another_machine_is_not_armed_by_it(kernel: Path) -> None:
    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "")
        assert "sanboot" in await script_of(client, "52:54:00:fa:00:02")

    serve(body)


def test_disarmed_is_gone_at_once(kernel: Path) -> None:
    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "")
        where = address(await script_of(client), "kernel")
        netboot.disarm("52-54-00-FA-00-01")
        netboot.disarm(MAC)
        assert "sanboot" in await script_of(client)
        assert (await client.get(where)).status_code == 404

    serve(body)


def test_a_machine_late_by_one_boot_gets_404_and_not_the_next_kernel(kernel: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"other")
    fetches: list[Fetch] = []

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "", fetches.append)
        before = address(await script_of(client), "kernel")
        netboot.arm(MAC, other, None, "", fetches.append)
        late = await client.get(before)
        assert late.status_code == 404
        assert "not any more" in late.text
        now = address(await script_of(client), "kernel")
        assert (await client.get(now)).content == b"other"
        assert before != now

    serve(body)
    assert [each.name for each in fetches] == ["script", "script", "kernel"]


@pytest.mark.parametrize(
    "path",
    ["/", "/k", "/k/x/y/kernel", "/k/52-54-00-fa-00-01/0/kernel", "/k/52-54-00-fa-00-01/ä/kernel", "/docs"],
)
def test_nothing_else_is_there(path: str, kernel: Path) -> None:
    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "")
        assert (await client.get(path)).status_code == 404

    serve(body)


def test_only_what_is_armed_is_served_by_name(kernel: Path) -> None:
    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "")
        where = address(await script_of(client), "kernel")
        for name in ("initrd", "script", "..%2f..%2fetc%2fpasswd"):
            assert (await client.get(where.replace("/kernel", f"/{name}"))).status_code == 404

    serve(body)


def test_a_transfer_broken_off_is_reported_as_such(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 << 20)
    fetches: list[Fetch] = []

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, large, None, "", fetches.append)
        where = address(await script_of(client), "kernel")
        async with client.stream("GET", where) as answer:
            async for _ in answer.aiter_bytes():
                break
        await until(lambda: len(fetches) == 2)
        assert fetches[1].name == "kernel"
        assert not fetches[1].complete
        assert fetches[1].sent < large.stat().st_size

    serve(body)


def test_a_head_request_is_no_fetch(kernel: Path) -> None:
    fetches: list[Fetch] = []

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "", fetches.append)
        where = address(await script_of(client), "kernel")
        answer = await client.head(where)
        assert answer.headers["content-length"] == "1280000"
        assert answer.content == b""

    serve(body)
    assert [each.name for each in fetches] == ["script"]


def test_a_kernel_that_vanished_is_404_and_an_incomplete_fetch(kernel: Path) -> None:
    fetches: list[Fetch] = []

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "", fetches.append)
        where = address(await script_of(client), "kernel")
        kernel.unlink()  # noqa: ASYNC240
        answer = await client.get(where)
        assert answer.status_code == 404
        assert "the kernel is not there any more" in answer.text

    serve(body)
    assert fetches[1] == Fetch("kernel", "127.0.0.1", 0, complete=False)


def test_a_peer_cannot_name_itself(kernel: Path) -> None:
    fetches: list[Fetch] = []

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, kernel, None, "", fetches.append)
        await client.get("/ipxe", params={"mac": MAC}, headers={"X-Forwarded-For": "192.0.2.1"})

    serve(body)
    assert fetches[0].peer == "127.0.0.1"


def test_many_machines_at_once(tmp_path: Path) -> None:
    macs = [f"52:54:00:fa:01:{number:02x}" for number in range(20)]

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        for mac in macs:
            path = tmp_path / mac
            path.write_bytes(mac.encode() * 50_000)
            netboot.arm(mac, path, None, "")

        async def boot(mac: str) -> None:
            answer = await client.get(address(await script_of(client, mac), "kernel"))
            assert answer.content == mac.encode() * 50_000

        await asyncio.gather(*map(boot, macs))

    serve(body)


@pytest.mark.parametrize(
    ("mac", "name", "cmdline", "words"),
    [
        ("no-mac", "bzImage", "", "is no MAC address"),
        (MAC, "nothing", "", "the kernel .*nothing is not there"),
        (MAC, ".", "", "is not there"),
        (MAC, "bzImage", "a${b}", "iPXE would expand"),
    ],
)
def test_what_cannot_be_armed(mac: str, name: str, cmdline: str, words: str, kernel: Path) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        Netboot().arm(mac, kernel.parent / name, None, cmdline)


def test_a_missing_initramfs_is_told_before_the_boot(kernel: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"the initrd .* is not there"):
        Netboot().arm(MAC, kernel, kernel.parent / "none", "")


def test_a_taken_port_is_told() -> None:
    async def body() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            async with Netboot("127.0.0.1", taken.getsockname()[1]):
                pytest.fail("it listens")

    with pytest.raises(
        SetupError, match=r"cannot listen on 127\.0\.0\.1 port \d+: Address already in use; see `netboot`"
    ):
        asyncio.run(body())


def test_an_address_that_is_not_ours_is_told() -> None:
    async def body() -> None:
        async with Netboot("192.0.2.1"):
            pytest.fail("it listens")

    with pytest.raises(SetupError, match=r"192\.0\.2\.1 port 0: Cannot assign requested address"):
        asyncio.run(body())


def test_its_address_and_a_free_port() -> None:
    assert Netboot("192.168.77.1", 8069).url == "http://192.168.77.1:8069"
    assert Netboot("::1", 80).url == "http://[::1]:80"

    async def body(netboot: Netboot, _client: httpx.AsyncClient) -> None:
        assert netboot.port > 0
        assert netboot.url == f"http://127.0.0.1:{netboot.port}"

    serve(body)


def test_signals_stay_the_workers() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    handlers: list[object] = []

    async def body() -> None:
        mine = signal.getsignal(signal.SIGTERM)
        async with Netboot():
            handlers.extend([signal.getsignal(signal.SIGTERM), mine])

    asyncio.run(body())
    assert handlers[0] is handlers[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_it_ends_while_a_machine_is_still_fetching(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 << 20)

    async def body(netboot: Netboot, client: httpx.AsyncClient) -> None:
        netboot.arm(MAC, large, None, "")
        where = address(await script_of(client), "kernel")
        _, writer = await asyncio.open_connection("127.0.0.1", netboot.port)
        writer.write(f"GET {where} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        netboot.disarm(MAC)
        writer.transport.abort()

    serve(body)


def test_the_configuration_has_defaults() -> None:
    assert NetbootConfig() == NetbootConfig(listen="127.0.0.1", port=0)
    with pytest.raises(ValueError, match="less than or equal to 65535"):
        NetbootConfig(port=65536)
