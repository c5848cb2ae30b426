"""A lab's process: claim, run, report.

worker    says hello, claims boots for free devices, runs each, reports
telling   what the server is told of a running boot, in order and until it arrives
cache     images on the lab's own disk
"""

from farm.worker.worker import Worker, run_worker

__all__ = ["Worker", "run_worker"]
