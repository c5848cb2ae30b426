"""Power drivers: one file is one configuration and one class; all joined in one explicit union, `PowerConfig`."""

from typing import Annotated

from pydantic import Field

from inventory.power.command import CommandConfig
from inventory.power.plugin import PowerPlugin
from inventory.power.qemu import QemuConfig

PowerConfig = Annotated[QemuConfig | CommandConfig | PowerPlugin, Field(discriminator="kind")]

__all__ = ["PowerConfig"]
