"""The front door of the farm: command line, REST client, lab worker, and the ground they stand on."""


def __getattr__(name: str) -> str:
    """`__version__`, read when it is asked for: importlib.metadata is a sixth of the command line's start."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  its price, above

    try:
        return version("kernel-farm")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+unknown"
