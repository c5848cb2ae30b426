"""Boot drivers: one file is one configuration and one class; all joined in one explicit union, `BootConfig`."""

from typing import Annotated

from pydantic import Field

from inventory.boot.plugin import BootPlugin
from inventory.boot.pxe import PxeConfig

BootConfig = Annotated[PxeConfig | BootPlugin, Field(discriminator="kind")]

__all__ = ["BootConfig"]
