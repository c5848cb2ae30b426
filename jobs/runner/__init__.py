"""The run of one boot: phases in order, deadlines, console into the reader, power off on every way out.

    runner    the phases of a boot on a rig of three drivers
    capture   console bytes until the reader has seen enough or a deadline passes
    spool     console bytes on the lab's own disk, until the server has them

Knows drivers and the reader; no SQL, no HTTP.
"""

from jobs.runner.capture import Order, Watch
from jobs.runner.runner import Result, Rig, run_boot
from jobs.runner.spool import Spool

__all__ = ["Order", "Result", "Rig", "Spool", "Watch", "run_boot"]
