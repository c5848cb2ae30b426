"""Boot `pxe`: the machine asks the lab's network boot server by its MAC and gets this boot's kernel."""

from typing import Literal

from inventory.config import DriverConfig
from inventory.drivers import Boot, BootRequest, BootServer, DriverError, Site


class PxeConfig(DriverConfig):
    """The firmware must boot from the network first; DHCP and TFTP are the lab's (deploy/dnsmasq/farm.conf)."""

    kind: Literal["pxe"]

    def build(self, site: Site) -> Boot:
        return PxeBoot(site)


class PxeBoot:
    """One machine's entry in the boot server. The entry is in memory: a crash of the worker disarms by itself."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def prepare(self, request: BootRequest) -> None:
        netboot, mac = self._parts()
        try:
            netboot.arm(mac, request.kernel, request.initrd, request.cmdline, request.on_fetch)
        except (OSError, ValueError) as error:
            raise DriverError(f"device {self._site.device}: boot pxe: {error}") from error

    async def clean(self) -> None:
        netboot, mac = self._parts()
        netboot.disarm(mac)

    def _parts(self) -> tuple[BootServer, str]:
        if self._site.netboot is None or self._site.mac is None:
            missing = "MAC address in the lab file" if self._site.mac is None else "network boot server in this lab"
            raise DriverError(f"device {self._site.device}: boot pxe: there is no {missing}")
        return self._site.netboot, self._site.mac
