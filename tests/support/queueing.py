"""The queue's services, each call in a transaction of its own, as the routes call them."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from farm.core.database import Database, now
from farm.core.settings import Settings
from farm.core.storage import Storage
from farm.core.wire import Assignment, BootOut, DeviceOffer, DeviceOut, JobIn, JobOut, Report
from farm.core.words import Health, Stage, Verdict
from inventory import devices
from inventory.models import DeviceRow, LabRow
from jobs.builds.image import read_image
from jobs.queue import running, submit, views
from jobs.queue.claim import claim
from tests.support.images import bzimage, sha256


@cache
def image(release: str = "6.1.0-50-686", bits: int = 32, salt: bytes = b"") -> submit.Image:
    data = bzimage(release, bits=bits, salt=salt)
    return submit.Image(sha256(data), len(data), read_image(data))


def report(verdict: Verdict = Verdict.PASS, **more: Any) -> Report:
    return Report(verdict=verdict, reason=f"it is {verdict}", stage=Stage.DONE, **more)


class Queue:
    """What a server does with its database."""

    def __init__(self, db: Database, storage: Storage, settings: Settings) -> None:
        self.db, self.storage, self.settings = db, storage, settings

    def register(self, *offers: DeviceOffer, lab: str = "here", worker: str = "w") -> None:
        with self.db.write() as session:
            devices.register(session, lab, worker, offers)

    def submit(self, of: submit.Image | None = None, **fields: Any) -> JobOut:
        of = of or image()
        job = JobIn.model_validate({"image": of.sha256, "environments": ["box"], **fields})
        with self.db.write() as session:
            submit.check(session, job, of)
            number = submit.enqueue(session, job, of).id
        return self.job(number)

    def claim(self, *free: str, lab: str = "here", worker: str = "w") -> Assignment | None:
        with self.db.write() as session:
            return claim(session, lab, worker, list(free), self.settings)

    def must_claim(self, *free: str, lab: str = "here", worker: str = "w") -> Assignment:
        found = self.claim(*free, lab=lab, worker=worker)
        assert found is not None
        return found

    def alive(self, boot: int) -> bool:
        """Whether the boot is to be stopped."""
        with self.db.write() as session:
            return running.alive(session, boot, self.settings).cancel

    def report(self, boot: int, outcome: Report | None = None) -> None:
        with self.db.write() as session:
            running.report(session, boot, outcome or report(), self.settings)

    def cancel(self, boot: int) -> None:
        with self.db.write() as session:
            running.cancel(session, boot)

    def cancel_job(self, job: int) -> None:
        with self.db.write() as session:
            running.cancel_job(session, job)

    def expire(self) -> list[int]:
        with self.db.write() as session:
            return running.expire(session, self.settings)

    def run_out(self, boot: int) -> None:
        """Put a boot's lease into the past."""
        with self.db.write() as session:
            assert devices.extend(session, boot, now() - timedelta(seconds=1))

    def give_up(self, boot: int) -> None:
        """End a boot as if its lease had run out, with no moment in which its living worker could renew it."""
        with self.db.write() as session:
            assert devices.extend(session, boot, now() - timedelta(seconds=1))
            assert running.expire(session, self.settings) == [boot]

    def job(self, number: int) -> JobOut:
        with self.db.read() as session:
            return views.job(session, self.storage, number)

    def boot(self, number: int) -> BootOut:
        with self.db.read() as session:
            return views.boot(session, self.storage, number)

    def device(self, name: str) -> DeviceOut:
        with self.db.read() as session:
            (found,) = devices.listing(session, name)
        return found

    def set_health(self, name: str, health: Health) -> None:
        with self.db.write() as session:
            session.execute(sa.update(DeviceRow).where(DeviceRow.name == name).values(health=health))

    def last_seen(self, lab: str, seconds: float) -> None:
        """Put a lab's last sign of life so long ago."""
        with self.db.write() as session:
            session.get_one(LabRow, lab).seen_at = now() - timedelta(seconds=seconds)


def states(boots: Sequence[BootOut]) -> list[str]:
    return [boot.state.value for boot in boots]
