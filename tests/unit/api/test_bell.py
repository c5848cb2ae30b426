"""The bell wakes whoever waits, from any thread, and forgets those who went away."""

import asyncio
import threading

import pytest

from api.bell import WORK, Bell, console_bell

LONG = 60.0


def test_a_ring_from_another_thread_wakes_all_who_wait() -> None:
    bell = Bell()

    async def body() -> None:
        waiting = [asyncio.create_task(bell.wait(WORK, LONG)) for _ in range(3)]
        await asyncio.sleep(0)
        threading.Thread(target=bell.ring, args=(WORK,)).start()
        async with asyncio.timeout(LONG / 2):
            await asyncio.gather(*waiting)

    asyncio.run(body())
    assert bell._waiting == {}


def test_another_name_does_not_wake() -> None:
    bell = Bell()

    async def body() -> bool:
        waiting = asyncio.create_task(bell.wait(console_bell(1), LONG))
        await asyncio.sleep(0)
        bell.ring(console_bell(2))
        await asyncio.sleep(0.01)
        asleep = not waiting.done()
        bell.ring(console_bell(1))
        async with asyncio.timeout(LONG / 2):
            await waiting
        return asleep

    assert asyncio.run(body())


def test_after_its_time_a_waiter_goes_on_by_itself() -> None:
    bell = Bell()
    asyncio.run(bell.wait(WORK, 0.01))
    assert bell._waiting == {}


def test_one_who_is_cancelled_is_forgotten() -> None:
    bell = Bell()

    async def body() -> None:
        gone, stays = (asyncio.create_task(bell.wait(WORK, LONG)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert len(bell._waiting[WORK]) == 1
        bell.ring(WORK)
        async with asyncio.timeout(LONG / 2):
            await stays

    asyncio.run(body())
    assert bell._waiting == {}


def test_a_ring_that_nobody_hears() -> None:
    bell = Bell()
    bell.ring(WORK)
    asyncio.run(bell.wait(WORK, 0.01))
    bell.ring(WORK)  # its event loop is closed
