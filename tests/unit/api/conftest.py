"""A farm that is served on loopback, and somebody who talks to it."""

from collections.abc import Iterator

import pytest

from tests.support.serving import Served
from tests.support.talking import Talk


@pytest.fixture
def talk(served: Served) -> Iterator[Talk]:
    talk = Talk(served)
    yield talk
    talk.close()
