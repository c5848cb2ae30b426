"""The front door of the farm: the command line, the REST client, the lab worker, and the ground they stand on."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kernel-farm")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"
