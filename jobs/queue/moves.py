"""The only way a boot's state changes: one table of legal moves."""

from farm.core.database import now
from farm.core.errors import ConflictError
from farm.core.words import BootState
from jobs.models import BootRow

MOVES = {
    BootState.QUEUED: {BootState.RUNNING, BootState.CANCELLED},
    BootState.RUNNING: {BootState.FINISHED, BootState.CANCELLED},
    BootState.FINISHED: set(),
    BootState.CANCELLED: set(),
}


def move(boot: BootRow, to: BootState) -> None:
    """Change a boot's state and stamp the time; ConflictError if that move is not in the table."""
    if to not in MOVES[boot.state]:
        raise ConflictError(f"it is {boot.state} and cannot become {to}", where=f"boot {boot.id}")
    boot.state = to
    if to is BootState.RUNNING:
        boot.started_at = now()
    else:
        boot.finished_at = now()
