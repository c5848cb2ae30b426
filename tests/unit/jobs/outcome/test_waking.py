"""What initcall_debug prints takes a short way: it must come to what the long one comes to, in any cut."""

import pytest

from farm.core.words import Stage
from jobs.outcome import Ending, Expectation, Reader
from jobs.outcome.lines import PIECE

TICKS = "[    0.000000] Linux version 2.6.27 (a@b) #1\n[    0.004000] Memory: 1000K available\n"
TIMED = TICKS + "[    0.104312] Freeing SMP alternatives\n"
PLAIN = "Linux version 2.6.27 (a@b) #1\nMemory: 1000K available\n"
SIZES = (1, 7, 64, 1 << 20)


def culprit(console: str, size: int, expect: Expectation | None = None) -> str | None:
    reader = Reader(expect or Expectation())
    data = console.encode()
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size])
    return reader.conclude(Ending.SILENCE).culprit


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("before", "time"), [(TIMED, "[    0.252018] "), (TICKS, "[    0.256000] "), (PLAIN, "")])
class TestInitcalls:
    def test_the_one_that_has_not_returned(self, size: int, before: str, time: str) -> None:
        done = f"{time}calling  one+0x0/0x46\n{time}initcall one+0x0/0x46 returned 0 after 1 msecs\n"
        assert culprit(before + done + f"{time}calling  two+0x0/0x46 @ 1\r\n", size) == "two"
        assert culprit(before + f"{time}calling  two+0x0/0x46\n" + done, size) is None

    def test_what_else_is_on_its_line_is_read(self, size: int, before: str, time: str) -> None:
        console = f"{before}{time}calling  one+0x0/0x46 @ 1[    0.256000] Kernel panic - not syncing: x\n"
        reader = Reader(Expectation())
        for at in range(0, len(console), size):
            reader.feed(console[at : at + size].encode())
        assert reader.conclude(Ending.SILENCE).title == "kernel panic: x"

    def test_after_the_decision_none_counts(self, size: int, before: str, time: str) -> None:
        console = f"{before}the job is done\n{time}calling  one+0x0/0x46 @ 1\n"
        assert culprit(console, size, Expectation(pattern="the job is done")) is None

    def test_a_piece_of_a_longer_line_is_none(self, size: int, before: str, time: str) -> None:
        console = f"{before}{time}calling  one+0x0/0x{'1' * PIECE} @ 1\n"
        assert culprit(console, size) == culprit(console, 1 << 20)

    def test_lines_between_them_are_read_where_they_say_something(self, size: int, before: str, time: str) -> None:
        pairs = [
            f"{time}calling  f{n}+0x0/0x46\n{time}initcall f{n}+0x0/0x46 returned 0 after 1 msecs\n" for n in range(9)
        ]
        pairs.insert(3, f"{time}a driver that says nothing\n")
        pairs.insert(5, f"{time}WARNING: at drivers/a.c:12 f4+0x1/0x46()\n")
        pairs.insert(7, f"{time}Freeing unused kernel memory: 196k freed\n")
        reader = Reader(Expectation())
        console = f"{before}{''.join(pairs)}{time}calling  last+0x0/0x46\n".encode()
        for at in range(0, len(console), size):
            reader.feed(console[at : at + size])
        reading = reader.conclude(Ending.SILENCE)
        assert (reading.stage, reading.culprit) == (Stage.INIT, "last")
        assert [report.title for report in reading.reports] == ["WARNING in f4"]

    def test_another_kernel_s_count_for_it_alone(self, size: int, before: str, time: str) -> None:
        console = f"{before}{time}calling  one+0x0/0x46\nSeaBIOS (version 1.16)\n{before}{time}calling  two+0x0/0x46\n"
        assert culprit(console, size) == culprit(console, 1 << 20)
