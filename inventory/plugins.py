"""Drivers that others ship: `kind: plugin` finds them by entry point. Knows the three groups, no driver.

An entry point of group `farm.power`, `farm.console` or `farm.boot` names a `DriverConfig` subclass with `build(site)`.
"""

from importlib.metadata import entry_points

from pydantic import ValidationError

from inventory.config import DriverConfig


def plugin_config(group: str, name: str, options: dict[str, object]) -> DriverConfig:
    """The configuration behind an entry point, filled with `options`; ValueError with a sentence if it cannot be."""
    found = {entry.name: entry for entry in entry_points(group=group)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none is installed"
        raise ValueError(f"no plugin {name!r} in entry point group {group} (known: {known}); install its package")
    try:
        loaded = found[name].load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"plugin {name!r} of group {group} does not load: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, DriverConfig) and hasattr(loaded, "build")):
        raise ValueError(f"plugin {name!r} of group {group} is no DriverConfig with a build(site) method")
    try:
        return loaded.model_validate(options)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, each['loc'])) or 'options'}: {each['msg']}" for each in error.errors())
        raise ValueError(f"options of plugin {name!r}: {'; '.join(faults)}") from error
