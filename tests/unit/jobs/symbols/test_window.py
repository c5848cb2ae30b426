"""A window is a stream over a part of some bytes, and stops a reader that never ends."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.symbols.window import Budget, TooMuchWorkError, Window

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 12)),
        st.tuples(st.just("seek"), st.integers(0, 20)),
        st.tuples(st.just("end"), st.integers(-4, 4)),
    )
)


@given(st.binary(max_size=16), st.integers(0, 20), st.integers(0, 20), STEPS)
def test_a_window_is_what_bytesio_is(data: bytes, start: int, size: int, steps: list[tuple[str, int]]) -> None:
    window, model = Window(data, Budget(1000), start, size), io.BytesIO(data[start : start + size])
    for step, number in steps:
        if step == "read":
            assert window.read(number) == model.read(number)
        elif step == "seek":
            assert window.seek(number) == model.seek(number)
        elif len(model.getvalue()) + number >= 0:
            assert window.seek(number, io.SEEK_END) == model.seek(number, io.SEEK_END)
        assert window.tell() == model.tell()


def test_without_a_size_it_reaches_to_the_end() -> None:
    window = Window(b"abcdef", Budget(9), 2)
    assert window.read(1) + window.read() == b"cdef"
    assert window.seek(-1, io.SEEK_CUR) == 3
    assert window.readable()
    assert window.seekable()


def test_a_seek_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="seek to -1"):
        Window(b"abc", Budget(9)).seek(-1)


def test_the_budget_is_shared_and_ends() -> None:
    budget = Budget(3)
    one, two = Window(b"abc", budget), Window(b"abc", budget)
    assert one.read(1) + two.read(1) + one.read(1) == b"aab"
    with pytest.raises(TooMuchWorkError):
        two.read(1)
