"""Console bytes in storage: kept once and in order, whatever is sent twice, late or with a gap."""

import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from farm.core.errors import ConflictError
from farm.core.storage import Storage


def test_bytes_are_appended_as_they_are(storage: Storage) -> None:
    data = bytes(range(256)) + b"\r\n\x1b[31m\xff\xfe"
    assert storage.append_console(7, 0, 0.5, data) == len(data)
    assert storage.append_console(7, len(data), 1.0, b"more") == len(data) + 4
    assert storage.read_console(7) == data + b"more"
    assert storage.console_size(7) == len(data) + 4


def test_the_same_bytes_twice_are_kept_once(storage: Storage) -> None:
    storage.append_console(7, 0, 0.5, b"hello")
    assert storage.append_console(7, 0, 0.5, b"hello") == 5
    assert storage.append_console(7, 2, 0.7, b"l") == 5
    assert storage.read_console(7) == b"hello"
    assert storage.console_times(7) == [(0, 0.5)]


def test_of_overlapping_bytes_the_new_ones_are_kept(storage: Storage) -> None:
    storage.append_console(7, 0, 0.5, b"hello")
    assert storage.append_console(7, 3, 0.75, b"lo world") == 11
    assert storage.read_console(7) == b"hello world"
    assert storage.console_times(7) == [(0, 0.5), (5, 0.75)]


def test_a_gap_is_refused_with_the_size_to_begin_from(storage: Storage) -> None:
    storage.append_console(7, 0, 0.5, b"hello")
    with pytest.raises(ConflictError, match="console of boot 7 has 5 bytes, yours begin at 6"):
        storage.append_console(7, 6, 0.5, b"x")
    assert storage.read_console(7) == b"hello"


def test_nothing_appended_is_no_stretch(storage: Storage) -> None:
    assert storage.append_console(7, 0, 0.5, b"") == 0
    assert storage.console_times(7) == []


def test_a_console_that_is_not_there_is_empty(storage: Storage) -> None:
    assert storage.console_size(7) == 0
    assert storage.read_console(7) == b""
    assert storage.read_console(7, 5, 10) == b""
    assert storage.console_times(7) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (3, 5, b"34"), (0, 99, b"0123456789"), (10, None, b""),
     (99, 100, b""), (5, 5, b""), (5, 3, b"")],
)  # fmt: skip
def test_a_part_is_read_by_offsets(storage: Storage, start: int, end: int | None, expected: bytes) -> None:
    storage.append_console(7, 0, 0.0, b"0123456789")
    assert storage.read_console(7, start, end) == expected


def test_consoles_of_many_boots_lie_in_several_folders(storage: Storage) -> None:
    for boot in (1, 999, 1000, 123456):
        storage.append_console(boot, 0, 0.0, str(boot).encode())
    assert [storage.read_console(boot) for boot in (1, 999, 1000, 123456)] == [b"1", b"999", b"1000", b"123456"]
    assert sorted(path.name for path in (storage.root / "consoles").iterdir()) == ["0", "1", "123"]


def test_the_same_bytes_sent_by_several_requests_at_once_are_kept_once(storage: Storage) -> None:
    """A worker that lost the line sends again while its first request is still at work."""
    piece = b"0123456789" * 1000
    for round_ in range(20):
        together = threading.Barrier(4)

        def send(offset: int = round_ * len(piece), together: threading.Barrier = together) -> None:
            together.wait(30)
            storage.append_console(7, offset, 0.0, piece)

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert storage.read_console(7) == piece * 20
    assert [offset for offset, _ in storage.console_times(7)] == [round_ * len(piece) for round_ in range(20)]


class Consoles(RuleBasedStateMachine):
    """Against the simplest model there is: the bytes that the machine said, cut anywhere, sent in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.storage = Storage(Path(self.folder.name))
        self.said = b""
        self.kept = 0

    @rule(data=st.binary(max_size=40), at=st.floats(0, 1e6))
    def goes_on(self, data: bytes, at: float) -> None:
        self.said += data
        assert self.storage.append_console(1, self.kept, at, self.said[self.kept :]) == len(self.said)
        self.kept = len(self.said)

    @rule(data=st.data())
    def sends_again(self, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, self.kept))
        end = data.draw(st.integers(start, len(self.said)))
        assert self.storage.append_console(1, start, 0.0, self.said[start:end]) == max(self.kept, end)
        self.kept = max(self.kept, end)

    @rule(data=st.binary(min_size=1, max_size=10), gap=st.integers(1, 100))
    def leaves_a_gap(self, data: bytes, gap: int) -> None:
        with pytest.raises(ConflictError):
            self.storage.append_console(1, self.kept + gap, 0.0, data)

    @rule(start=st.integers(0, 200), length=st.integers(0, 200))
    def is_read(self, start: int, length: int) -> None:
        assert self.storage.read_console(1, start, start + length) == self.said[: self.kept][start : start + length]

    @invariant()
    def is_what_was_said(self) -> None:
        assert self.storage.read_console(1) == self.said[: self.kept]
        assert self.storage.console_size(1) == self.kept
        offsets = [offset for offset, _ in self.storage.console_times(1)]
        assert offsets == sorted(set(offsets))
        assert all(offset < self.kept for offset in offsets)

    def teardown(self) -> None:
        self.folder.cleanup()


def test_any_order_of_sending_keeps_what_was_said() -> None:
    run_state_machine_as_test(Consoles, settings=settings(max_examples=60, stateful_step_count=20, deadline=None))


@given(at=st.floats(0, 1e9))
def test_times_come_back_to_the_millisecond(at: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(Path(folder))
        storage.append_console(1, 0, at, b"x")
        ((offset, found),) = storage.console_times(1)
    assert offset == 0
    assert abs(found - at) <= 0.001
