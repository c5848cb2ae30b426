"""A thousand claims by several workers at once: every boot goes to one device, no device has two boots."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from farm.core.database import Database
from farm.core.settings import Settings
from farm.core.storage import Storage
from inventory.models import DeviceRow
from jobs.models import BootRow
from tests.support.queueing import Queue
from tests.support.serving import offer

ROOT = Path(__file__).parents[2]
BOOTS = 1000
DEVICES = [f"box{number}" for number in range(4)]
LIMIT = 170  # seconds a worker may take; no measure of anything


class Floor:
    """Who has which device at this moment, as the workers see it: the proof that no two have the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.busy: set[str] = set()
        self.done: list[int] = []
        self.faults: list[str] = []

    def enter(self, device: str, boot: int) -> None:
        with self._lock:
            if device in self.busy:
                self.faults.append(f"{device} was leased twice: boot {boot}")
            self.busy.add(device)
            self.done.append(boot)

    def leave(self, device: str) -> None:
        with self._lock:
            self.busy.remove(device)


def fill(queue: Queue) -> None:
    queue.register(*(offer(name) for name in DEVICES))
    queue.submit(appends=[f"number={number}" for number in range(10)], repeat=BOOTS // 10)


def check_rows(database: Database) -> None:
    """All boots ended, each once, each with a device; no lease is left."""
    with database.read() as session:
        rows = session.execute(sa.select(BootRow.state, BootRow.verdict, BootRow.attempt, BootRow.device_id)).all()
        assert len(rows) == BOOTS
        assert {(state, verdict, attempt) for state, verdict, attempt, _ in rows} == {("finished", "pass", 1)}
        assert None not in {device for *_, device in rows}
        assert session.scalars(sa.select(DeviceRow.lease_boot)).all() == [None] * len(DEVICES)


@pytest.mark.timeout(400)
def test_a_thousand_claims_by_threads(database: Database, storage: Storage) -> None:
    queue, floor, workers = Queue(database, storage, Settings()), Floor(), 3
    fill(queue)
    together = threading.Barrier(workers)

    def work(name: str) -> None:
        together.wait(30)
        misses = 0
        while misses < 50 and len(floor.done) < BOOTS:
            found = queue.claim(*DEVICES, worker=name)
            if found is None:  # every free device was locked by the other claims at that moment
                misses += 1
                continue
            misses = 0
            floor.enter(found.device, found.boot)
            floor.leave(found.device)
            queue.report(found.boot)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert not any(thread.is_alive() for thread in threads)
    assert floor.faults == []
    assert sorted(floor.done) == sorted(set(floor.done))
    assert len(floor.done) == BOOTS
    check_rows(database)


# A worker as a process of its own. While it has a device, a file of the device's name exists: making one that is there
# already ends the process with an error.
WORKER = """
import json, sys, time
from pathlib import Path
from farm.core.database import Database
from farm.core.settings import Settings
from farm.core.storage import Storage
from tests.support.queueing import Queue
url, folder, name, devices, limit = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4].split(), float(sys.argv[5])
queue, log = Queue(Database(url), Storage(folder), Settings()), []
print("ready", flush=True)
sys.stdin.readline()
end, misses = time.monotonic() + limit, 0
while misses < 50 and time.monotonic() < end:
    found = queue.claim(*devices, worker=name)
    if found is None:
        misses += 1
        continue
    misses = 0
    place = folder / found.device
    place.touch(exist_ok=False)  # FileExistsError: somebody else is on this device
    place.unlink()
    queue.report(found.boot)
    log.append(found.boot)
print(json.dumps(log))
"""


@pytest.mark.timeout(400)
def test_a_thousand_claims_by_processes(database: Database, storage: Storage, tmp_path: Path) -> None:
    fill(Queue(database, storage, Settings()))
    folder = tmp_path / "floor"
    arguments = [database.url, str(folder)]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments, f"w{number}", " ".join(DEVICES), str(LIMIT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for number in range(2)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    boots: list[int] = []
    for worker in workers:
        out, err = worker.communicate(timeout=LIMIT + 60)
        assert (worker.returncode, err) == (0, "")
        mine = json.loads(out)
        assert mine, "one worker got nothing at all"
        boots += mine
    assert len(boots) == len(set(boots)) == BOOTS
    check_rows(database)
