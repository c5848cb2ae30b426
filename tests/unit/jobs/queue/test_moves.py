"""The table of legal moves, and every move that is not in it."""

from itertools import product

import pytest

from farm.core.errors import ConflictError
from farm.core.words import BootState
from jobs.models import BootRow
from jobs.queue.moves import MOVES, move

LEGAL = {
    (BootState.QUEUED, BootState.RUNNING),
    (BootState.QUEUED, BootState.CANCELLED),
    (BootState.RUNNING, BootState.FINISHED),
    (BootState.RUNNING, BootState.CANCELLED),
}


def test_the_table_is_what_the_words_promise() -> None:
    assert {(start, end) for start, ends in MOVES.items() for end in ends} == LEGAL
    assert set(MOVES) == set(BootState)


@pytest.mark.parametrize(("start", "end"), sorted(LEGAL))
def test_a_legal_move_is_stamped(start: BootState, end: BootState) -> None:
    boot = BootRow(id=5, state=start)
    move(boot, end)
    assert boot.state is end
    assert (boot.started_at is not None) == (end is BootState.RUNNING)
    assert (boot.finished_at is not None) == (end is not BootState.RUNNING)


@pytest.mark.parametrize(("start", "end"), sorted(set(product(BootState, BootState)) - LEGAL))
def test_every_other_move_is_refused(start: BootState, end: BootState) -> None:
    boot = BootRow(id=5, state=start)
    with pytest.raises(ConflictError, match=f"^boot 5: it is {start} and cannot become {end}$"):
        move(boot, end)
    assert boot.state is start
    assert (boot.started_at, boot.finished_at) == (None, None)
