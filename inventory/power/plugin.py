"""Power `plugin`: a power driver from somebody else's package, entry point group `farm.power`."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from pydantic import Field, model_validator

from inventory.config import DriverConfig
from inventory.drivers import Power, Site
from inventory.plugins import plugin_config


class PowerPlugin(DriverConfig):
    """`options` are checked by the plugin's own configuration class."""

    kind: Literal["plugin"]
    entry_point: str = Field(description="Name in entry point group farm.power")
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _options_fit(self) -> "PowerPlugin":
        plugin_config("farm.power", self.entry_point, self.options)
        return self

    def claims(self) -> Sequence[str]:
        return plugin_config("farm.power", self.entry_point, self.options).claims()

    def build(self, site: Site) -> Power:
        config = plugin_config("farm.power", self.entry_point, self.options)
        return cast("Power", config.build(site))  # type: ignore[attr-defined]  # plugin_config has looked for it
