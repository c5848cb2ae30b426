"""Exit codes: what scripts and `git bisect run` read. Knows verdicts and errors, nothing of a terminal."""

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING

from farm.core.errors import FarmError
from farm.core.words import BootState, Verdict

if TYPE_CHECKING:
    from farm.core.wire import BootOut


class ExitCode(IntEnum):
    """What `farm` ends with."""

    PASS = 0  # every boot passed, or the command did what it was asked
    FAIL = 1  # a kernel failed, and its console shows it
    INFRA = 2  # the farm's trouble, or boots that do not answer the question
    USAGE = 3  # what was asked or handed in cannot be used
    SKIP = 125  # `git bisect run`: this commit cannot be tested (git-bisect(1))
    ABORT = 128  # `git bisect run`: anything above 127 stops the bisection
    INTERRUPTED = 130  # Ctrl-C, as shells number it: 128 + SIGINT
    PIPE = 141  # the reader of our output went away: 128 + SIGPIPE


def final(boots: Iterable["BootOut"]) -> list["BootOut"]:
    """The boots that count: those that were not tried again."""
    boots = list(boots)
    retried = {boot.retry_of for boot in boots}
    return [boot for boot in boots if boot.id not in retried]


def of_boots(boots: Iterable["BootOut"]) -> ExitCode:
    """Fail beats infra, inconclusive and cancelled, which beat pass. No boot at all proves nothing: INFRA."""
    verdicts = [boot.verdict if boot.state is BootState.FINISHED else None for boot in final(boots)]
    if Verdict.FAIL in verdicts:
        return ExitCode.FAIL
    if verdicts and all(verdict is Verdict.PASS for verdict in verdicts):
        return ExitCode.PASS
    return ExitCode.INFRA


def of_error(fault: FarmError) -> ExitCode:
    """USAGE for what the person can put right in the command, INFRA for trouble of the farm's own."""
    from farm.client import ServerError  # late: it loads the HTTP client, which an error may have nothing to do with

    status = fault.problem.status if isinstance(fault, ServerError) else fault.status
    return ExitCode.USAGE if status < 500 else ExitCode.INFRA


def for_bisect(code: ExitCode) -> ExitCode:
    """As `git bisect run` must see it: the farm's trouble skips a commit, a wrong command stops the bisection.

    Without this a mistyped option (3) or a lost lab (2) would be taken for a bad kernel: git reads 1 ... 127 so,
    except 125.
    """
    return {ExitCode.INFRA: ExitCode.SKIP, ExitCode.USAGE: ExitCode.ABORT}.get(code, code)
