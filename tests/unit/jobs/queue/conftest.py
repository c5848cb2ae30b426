"""A queue on a database of either kind."""

import pytest

from farm.core.database import Database
from farm.core.settings import Settings
from farm.core.storage import Storage
from tests.support.queueing import Queue


@pytest.fixture
def queue(database: Database, storage: Storage, settings: Settings) -> Queue:
    return Queue(database, storage, settings)
