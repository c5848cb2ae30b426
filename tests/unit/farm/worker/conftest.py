"""A served farm, and workers with labs of fakes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inventory.lab import Lab
from tests.support.labs import Working, install_fakes
from tests.support.serving import Served
from tests.support.talking import Talk

StartWorker = Callable[..., Working]


@pytest.fixture
def talk(served: Served) -> Iterator[Talk]:
    talk = Talk(served)
    talk.store()
    yield talk
    talk.close()


@pytest.fixture
def start(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartWorker]:
    """start(lab(...)): a worker at work; it is stopped with the test."""
    install_fakes(tmp_path / "plugins")
    monkeypatch.syspath_prepend(str(tmp_path / "plugins"))
    started: list[Working] = []

    def make(of: Lab) -> Working:
        settings = served.settings.model_copy(update={"state_dir": tmp_path / "lab"})
        started.append(Working(settings, of))
        return started[-1]

    yield make
    for worker in started:
        worker.stop()
