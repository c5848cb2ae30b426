"""Console `plugin`: a console driver from somebody else's package, entry point group `farm.console`."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from pydantic import Field, model_validator

from inventory.config import DriverConfig
from inventory.drivers import Console, Site
from inventory.plugins import plugin_config


class ConsolePlugin(DriverConfig):
    """`options` are checked by the plugin's own configuration class."""

    kind: Literal["plugin"]
    entry_point: str = Field(description="Name in entry point group farm.console")
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _options_fit(self) -> "ConsolePlugin":
        plugin_config("farm.console", self.entry_point, self.options)
        return self

    def claims(self) -> Sequence[str]:
        return plugin_config("farm.console", self.entry_point, self.options).claims()

    def build(self, site: Site) -> Console:
        config = plugin_config("farm.console", self.entry_point, self.options)
        return cast("Console", config.build(site))  # type: ignore[attr-defined]  # plugin_config has looked for it
