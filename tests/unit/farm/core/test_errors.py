"""Every error a person sees has a status, a title and a place."""

import pytest

from farm.core import errors
from farm.core.errors import BadInputError, FarmError, NotFoundError, TooLargeError

STATUS = {
    "FarmError": 500,
    "BadInputError": 422,
    "TooLargeError": 413,
    "NotFoundError": 404,
    "ConflictError": 409,
    "UnauthorizedError": 401,
    "StorageFullError": 507,
    "SetupError": 500,
}


def classes() -> list[type[FarmError]]:
    return [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, FarmError)]


def test_each_class_has_the_status_that_the_module_promises() -> None:
    assert {item.__name__: item.status for item in classes()} == STATUS
    assert errors.__doc__ is not None
    for name, status in STATUS.items():
        assert name in errors.__doc__
        assert name == "FarmError" or str(status) in errors.__doc__


def test_titles_tell_them_apart() -> None:
    titles = [item.title for item in classes()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("kind", classes())
def test_the_sentence_names_the_place_where_there_is_one(kind: type[FarmError]) -> None:
    assert str(kind("empty: 0 bytes")) == "empty: 0 bytes"
    told = kind("empty: 0 bytes", where="vmlinuz")
    assert (str(told), told.detail, told.where) == ("vmlinuz: empty: 0 bytes", "empty: 0 bytes", "vmlinuz")


def test_too_large_is_bad_input() -> None:
    assert issubclass(TooLargeError, BadInputError)
    assert not issubclass(NotFoundError, BadInputError)
