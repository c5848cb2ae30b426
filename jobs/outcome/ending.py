"""How the boot ended, in one word, and what it was that ended it. Facts only: whose fault it is, verdict.py says."""

from collections.abc import Iterable
from dataclasses import dataclass

from farm.core.words import Outcome, Stage
from jobs.outcome.block import Block
from jobs.outcome.formats.row import Severity, Type
from jobs.outcome.model import Ending
from jobs.outcome.seen import Seen

_LOOP = 3  # kernels that began to talk and did not end, one after the other

_NOT_THE_KERNELS = {Type.USERSPACE, Type.LOADER}

# The word for a boot that a report of this class ended, where the row has none of its own.
_BY_TYPE = {
    Type.NO_ROOT: Outcome.NO_ROOT,
    Type.INIT_DIED: Outcome.INIT_DIED,
    Type.EARLY_EXCEPTION: Outcome.EARLY_EXCEPTION,
    Type.WRONG_CPU: Outcome.WRONG_CPU,
    Type.DECOMPRESSOR: Outcome.DECOMPRESSOR,
    Type.HANG: Outcome.HANG,
    Type.PANIC: Outcome.PANIC,
    Type.OOM: Outcome.PANIC,
    Type.MCE: Outcome.PANIC,
}


@dataclass(frozen=True, slots=True)
class Found:
    """The word, and the report it rests on."""

    outcome: Outcome
    block: Block | None = None


def gravest(seen: Seen) -> Block | None:
    """The report of the kernel under test that a reader wants to see first.

    The first that rules out a clean pass, or that ended the kernel; else the first stall or warning.
    """
    return _gravest(block for block in seen.reports.blocks if block.life == 1)


def _gravest(blocks: Iterable[Block]) -> Block | None:
    blocks = list(blocks)
    for wanted in ({Severity.OOPS, Severity.FATAL}, {Severity.STALL, Severity.WARNING}):
        found = next((block for block in blocks if block.severity in wanted), None)
        if found is not None:
            return found
    return None


def headline(seen: Seen) -> Block | None:
    """The report that a console is known by: what led to the gravest one, if one came close upon the other.

    Lockdep's warning and then the fault in the same function, a WARNING and then the BUG it warned of: the first
    decides the title, as it does within a report. A panic whose text is its identity has a title of its own.
    """
    blocks = [block for block in seen.reports.blocks if block.life == 1 and block.row.type not in _NOT_THE_KERNELS]
    block = _gravest(blocks)
    if block is None:
        return None
    at = blocks.index(block)
    while at > 0 and _led_to(seen, blocks[at - 1], blocks[at]):
        at -= 1
    return blocks[at]


def _led_to(seen: Seen, old: Block, new: Block) -> bool:
    """One close upon the other, and in the same function as far as can be told."""
    if not new.follows_upon(old):
        return False
    before, after = seen.report(old), seen.report(new)
    return before.corrupted or after.corrupted or (before.function is not None and before.function == after.function)


def find(seen: Seen, ending: Ending, *, image_fetched: bool | None) -> Found:
    """The outcome of a console."""
    first, last = seen.first, seen.life
    if seen.wrong_kernel:
        return Found(Outcome.WRONG_KERNEL)
    block = gravest(seen)
    grave = block if block is not None and block.severity in {Severity.OOPS, Severity.FATAL} else None
    fell_back = seen.lives.count > 1 and last.release not in {None, seen.wanted or first.release}
    if fell_back and first.end is None:  # to what a machine has on its disk: it says nothing of the kernel under test
        return Found(Outcome.WRONG_KERNEL) if grave is None else _reported(seen, grave)
    started_over = seen.lives.count > 1 or seen.lives.doubt is not None
    if started_over and first.end is None:
        return _started_over(seen, grave)
    if grave is not None:
        return _reported(seen, grave)
    if first.end is not None:
        if seen.early_resets:
            return Found(Outcome.BOOTED_AFTER_RESET)
        return Found(Outcome.BOOTED_WITH_WARNINGS if block or seen.spoiled else Outcome.BOOTED, block)
    if first.stage.rank >= Stage.DECOMPRESS.rank:
        return _stopped(seen, ending, block)
    return _never_started(seen, ending, image_fetched=image_fetched)


def _started_over(seen: Seen, grave: Block | None) -> Found:
    if seen.life.end is not None:
        return Found(Outcome.BOOTED_AFTER_RESET, grave)
    if seen.lives.count >= _LOOP or grave is None:
        return Found(Outcome.REBOOT_LOOP, grave)
    return _reported(seen, grave)


def _reported(seen: Seen, block: Block) -> Found:
    if seen.first.end is not None and block.severity is not Severity.FATAL:
        return Found(Outcome.BOOTED_WITH_OOPS, block)
    row = block.row
    if any(later.type is Type.EARLY_EXCEPTION for later, _, _ in block.followers):
        return Found(Outcome.EARLY_EXCEPTION, block)
    if row.outcome is not None:
        return Found(row.outcome, block)
    if row.severity in {Severity.WARNING, Severity.STALL}:  # panic_on_warn, hung_task_panic: it was told to
        return Found(Outcome.PANIC, block)
    if row.type in _BY_TYPE:
        return Found(_BY_TYPE[row.type], block)
    return Found(Outcome.OOPS, block)


def _stopped(seen: Seen, ending: Ending, block: Block | None) -> Found:
    """The image ran, and neither died aloud nor reached its end."""
    powered_down = ending is Ending.POWER_LOST and seen.first.orderly is not None
    if ending is Ending.CONSOLE_LOST:
        return Found(Outcome.CONSOLE_LOST)
    if ending is Ending.POWER_LOST and not powered_down:
        return Found(Outcome.POWER_LOST)
    if block is not None and block.severity is Severity.STALL:
        return Found(Outcome.HANG, block)
    if seen.given_up is not None:
        return Found(seen.given_up.row.outcome or Outcome.UNFINISHED, seen.given_up)
    if seen.first.orderly == "System halted":
        return Found(Outcome.HALTED)
    if powered_down or ending in {Ending.TOTAL, Ending.FLOOD}:
        return Found(Outcome.UNFINISHED)
    broken = next((old for old, _ in seen.context if old.row.outcome is not None), None)
    if broken is not None:
        return Found(broken.row.outcome or Outcome.UNFINISHED, broken)
    if not seen.first.running:
        return Found(Outcome.REBOOT_LOOP if seen.image_starts >= _LOOP else Outcome.SILENT)
    return Found(Outcome.HANG)


def _never_started(seen: Seen, ending: Ending, *, image_fetched: bool | None) -> Found:
    """Not one line of the image."""
    if seen.loader:
        return Found(Outcome.LOADER_FAILED, seen.loader[0])
    if seen.given_up is not None:
        return Found(seen.given_up.row.outcome or Outcome.UNFINISHED, seen.given_up)
    if ending is Ending.CONSOLE_LOST:
        return Found(Outcome.CONSOLE_LOST)
    if ending is Ending.POWER_LOST:
        return Found(Outcome.POWER_LOST)
    if image_fetched and seen.firmware_starts >= _LOOP:
        return Found(Outcome.REBOOT_LOOP)
    if seen.first.stage is Stage.NOTHING and not image_fetched:
        return Found(Outcome.NO_OUTPUT)
    return Found(Outcome.SILENT)


def culprit(seen: Seen) -> str | None:
    """What a boot that hangs was doing: the initcall that did not return, with initcall_debug."""
    return seen.first.calling
