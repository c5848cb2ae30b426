"""Console drivers: one file is one configuration and one class; all joined in one explicit union, `ConsoleConfig`."""

from typing import Annotated

from pydantic import Field

from inventory.console.plugin import ConsolePlugin
from inventory.console.qemu import QemuConsoleConfig
from inventory.console.tcp import TcpConfig
from inventory.console.tty import TtyConfig

ConsoleConfig = Annotated[TtyConfig | TcpConfig | QemuConsoleConfig | ConsolePlugin, Field(discriminator="kind")]

__all__ = ["ConsoleConfig"]
