"""`farm devices`: what can be booted on, and what it is doing."""

import typer

from farm.cli import connection, options
from farm.cli.output import print_json, print_table


def devices(ctx: typer.Context, *, as_json: options.Json = False, server: options.Server = None) -> None:
    """List the devices of all labs."""
    with connection.client(ctx, server) as farm:
        found = farm.devices()
    if as_json:
        print_json(found)
        return
    rows = [
        (
            device.name,
            device.lab,
            ", ".join(device.environments),
            device.arch,
            device.health.value if device.online else "offline",
            f"boot {device.boot}" if device.boot else "idle",
            ", ".join(device.tags),
            device.note,
        )
        for device in found
    ]
    headers = ("device", "lab", "environments", "arch", "health", "doing", "tags", "note")
    print_table(headers, rows, none="no devices: start a worker with a lab file")
