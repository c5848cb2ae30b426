"""Console bytes on the lab's own disk: what was written is read back, in any pieces, also by the next worker."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.runner import Spool

CHUNKS = st.lists(st.tuples(st.floats(0, 1e5), st.binary(min_size=1, max_size=50)), max_size=20)
DEVICES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,30}", fullmatch=True)


@contextmanager
def spool(name: str = "5@box.log") -> Iterator[Spool]:
    with tempfile.TemporaryDirectory() as folder:
        opened = Spool(Path(folder) / name)
        yield opened
        opened.close()


def read_all(spool: Spool, limit: int, start: int = 0) -> bytes:
    data = b""
    while start + len(data) < spool.size:
        piece, _ = spool.read(start + len(data), limit)
        assert 0 < len(piece) <= limit
        data += piece
    return data


@given(chunks=CHUNKS, limit=st.integers(1, 100))
def test_what_was_written_is_read_back_in_any_pieces(chunks: list[tuple[float, bytes]], limit: int) -> None:
    with spool() as one:
        for at, data in chunks:
            one.write(at, data)
        whole = b"".join(data for _, data in chunks)
        assert one.size == len(whole)
        assert read_all(one, limit) == whole


@given(chunks=CHUNKS, offset=st.integers(0, 1000))
def test_a_piece_has_the_time_of_its_first_byte(chunks: list[tuple[float, bytes]], offset: int) -> None:
    with spool() as one:
        times: list[float] = []
        for at, data in chunks:
            one.write(at, data)
            times += [at] * len(data)
        piece, at = one.read(offset, 10)
        if offset < len(times):
            assert at == times[offset]
        else:
            assert piece == b""


@given(before=CHUNKS, after=CHUNKS, limit=st.integers(1, 100))
def test_the_next_worker_goes_on_where_the_last_one_was_killed(
    before: list[tuple[float, bytes]], after: list[tuple[float, bytes]], limit: int
) -> None:
    with spool() as one:
        for at, data in before:
            one.write(at, data)
        again = Spool(one.path)  # the first one was never closed
        assert again.size == one.size
        assert again.read(0, 10)[1] == 0.0  # when it came is not known any more
        for at, data in after:
            again.write(at, data)
        assert read_all(again, limit) == b"".join(data for _, data in (*before, *after))
        again.close()


@given(boot=st.integers(1, 2**31), device=DEVICES)
def test_the_name_tells_the_boot_and_the_device(boot: int, device: str) -> None:
    assert Spool.owner(Path("/lab/spool") / Spool.name(boot, device)) == (boot, device)


@pytest.mark.parametrize("name", ["notes.log", "x@box.log", "@box.log", ""])
def test_another_file_is_no_spool(name: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Spool.owner(Path("/lab/spool") / name)


def test_bytes_are_on_disk_at_once(tmp_path: Path) -> None:
    one = Spool(tmp_path / "5@box.log")
    one.write(0.0, b"hello")
    assert one.path.read_bytes() == b"hello"
    one.close()


def test_a_spool_that_is_done_is_gone(tmp_path: Path) -> None:
    one = Spool(tmp_path / "5@box.log")
    one.remove()
    assert list(tmp_path.iterdir()) == []
    one.remove()
