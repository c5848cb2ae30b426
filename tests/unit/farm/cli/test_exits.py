"""Exit codes from verdicts and errors."""

from typing import Any

import pytest

from farm.cli.exits import ExitCode, final, for_bisect, of_boots, of_error
from farm.client import NoServerError, ServerError
from farm.core.errors import (
    BadInputError,
    ConflictError,
    FarmError,
    NotFoundError,
    SetupError,
    StorageFullError,
    TooLargeError,
    UnauthorizedError,
)
from farm.core.wire import Problem
from farm.core.words import BootState, Verdict

PASS, FAIL, INFRA, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.INFRA, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([PASS], 0),
        ([PASS, PASS, PASS], 0),
        ([FAIL], 1),
        ([PASS, FAIL], 1),
        ([FAIL, PASS], 1),
        ([INFRA], 2),
        ([UNCLEAR], 2),
        ([PASS, INFRA], 2),
        ([PASS, UNCLEAR], 2),
        ([FAIL, INFRA], 1),
        ([INFRA, UNCLEAR, FAIL, PASS], 1),
        ([], 2),
    ],
)
def test_fail_beats_no_answer_beats_pass(make: Any, verdicts: list[Verdict], code: int) -> None:
    assert of_boots([make.boot(number, verdict) for number, verdict in enumerate(verdicts)]) == code


def test_a_boot_that_was_tried_again_does_not_count(make: Any) -> None:
    first, second = make.boot(1, INFRA), make.boot(2, PASS, retry_of=1, attempt=2)
    assert of_boots([first, second]) is ExitCode.PASS
    assert final([first, second]) == [second]


def test_the_order_of_boots_does_not_matter_for_retries(make: Any) -> None:
    first, second, third = make.boot(1, INFRA), make.boot(2, INFRA, retry_of=1), make.boot(3, FAIL, retry_of=2)
    assert final([third, second, first]) == [third]
    assert of_boots([third, second, first]) is ExitCode.FAIL


def test_infra_that_stayed_infra_counts(make: Any) -> None:
    assert of_boots([make.boot(1, INFRA), make.boot(2, INFRA, retry_of=1)]) is ExitCode.INFRA


def test_a_cancelled_boot_is_no_answer(make: Any) -> None:
    cancelled = make.boot(2, None, state=BootState.CANCELLED)
    assert of_boots([make.boot(1, PASS), cancelled]) is ExitCode.INFRA
    assert of_boots([make.boot(1, FAIL), cancelled]) is ExitCode.FAIL


def test_a_boot_that_still_runs_is_no_pass(make: Any) -> None:
    assert of_boots([make.boot(1, PASS), make.boot(2, None, state=BootState.RUNNING)]) is ExitCode.INFRA


@pytest.mark.parametrize("fault", [BadInputError, NotFoundError, ConflictError, UnauthorizedError, TooLargeError])
def test_what_the_person_can_put_right_is_usage(fault: type[FarmError]) -> None:
    assert of_error(fault("no")) is ExitCode.USAGE


@pytest.mark.parametrize("fault", [FarmError, SetupError, StorageFullError, NoServerError])
def test_the_farms_trouble_is_infra(fault: type[FarmError]) -> None:
    assert of_error(fault("no")) is ExitCode.INFRA


@pytest.mark.parametrize(("status", "code"), [(401, 3), (404, 3), (409, 3), (413, 3), (422, 3), (500, 2), (507, 2)])
def test_a_servers_problem_by_its_status(status: int, code: int) -> None:
    assert of_error(ServerError(Problem(title="No", status=status, detail="no"))) == code


@pytest.mark.parametrize(("code", "seen"), [(0, 0), (1, 1), (2, 125), (3, 128), (125, 125), (130, 130), (141, 141)])
def test_bisect_never_takes_trouble_for_a_bad_kernel(code: int, seen: int) -> None:
    """git-bisect(1): 1-127 except 125 is bad, 125 skips, above 127 stops."""
    assert for_bisect(ExitCode(code)) == seen
