"""A job in: checked, then builds and boots."""

import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.core.errors import BadInputError
from farm.core.wire import JobIn
from farm.core.words import BootState
from jobs.outcome.pattern import compile_pattern
from jobs.queue import submit
from jobs.queue.submit import MOST_BOOTS, check
from tests.support.queueing import Queue, image, states
from tests.support.serving import offer


def test_a_job_is_a_matrix(queue: Queue) -> None:
    queue.register(offer("a", "pc", "pc-vmi"))
    job = queue.submit(environments=["pc", "pc-vmi"], appends=["", "mem=12M"], repeat=2, priority=70, submitter="me")
    assert [(boot.environment, boot.append, boot.repeat) for boot in job.boots] == [
        (environment, append, number)
        for environment in ("pc", "pc-vmi")
        for append in ("", "mem=12M")
        for number in (1, 2)
    ]
    assert set(states(job.boots)) == {BootState.QUEUED}
    assert {(boot.attempt, boot.retry_of, boot.verdict) for boot in job.boots} == {(1, None, None)}
    assert (job.priority, job.submitter, job.repeat, job.done) == (70, "me", 2, False)


def test_what_is_named_twice_is_booted_once(queue: Queue) -> None:
    queue.register(offer("a", "pc", tags=("smp",)))
    job = queue.submit(environments=["pc", "pc"], appends=["a", "a"], tags=["smp", "smp", "device:a"], device="a")
    assert (job.environments, job.appends, len(job.boots)) == (["pc"], ["a"], 1)
    assert queue.must_claim("a").device == "a"


def test_the_same_image_under_the_same_label_is_one_build(queue: Queue) -> None:
    queue.register(offer("a"))
    first, again = queue.submit(tree="stable"), queue.submit(tree="stable")
    other = queue.submit(tree="stable", commit="abc123")
    assert first.build.id == again.build.id != other.build.id
    assert first.id != again.id


def test_a_build_knows_its_image(queue: Queue) -> None:
    queue.register(offer("a"))
    build = queue.submit(filename="vmlinuz", tree="stable", commit="abc", patch="take 2").build
    assert (build.release, build.version, build.branch) == ("6.1.0-50-686", "6.1-50-686", "mainline")
    assert (build.sha256, build.size, build.bits) == (image().sha256, image().size, 32)
    assert (build.filename, build.tree, build.commit, build.patch) == ("vmlinuz", "stable", "abc", "take 2")
    assert build.banner.startswith("Linux version 6.1.0-50-686 (farm@lab) (gcc")
    assert build.facts["compression"] == "gzip"


def test_a_branch_that_is_given_wins_over_the_version(queue: Queue) -> None:
    queue.register(offer("a"))
    assert queue.submit(branch="my-topic").build.branch == "my-topic"


def test_a_release_that_has_no_place_in_the_order_is_taken_as_it_is(queue: Queue) -> None:
    queue.register(offer("a"))
    build = queue.submit(image("custom-build")).build
    assert (build.release, build.version, build.branch) == ("custom-build", "custom-build", "")


def test_no_lab_at_all(queue: Queue) -> None:
    with pytest.raises(BadInputError, match=r"no lab has offered 'box', or any other.*start a worker") as told:
        queue.submit()
    assert told.value.where == "environments"


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("qemu-i38", "; did you mean 'qemu-i386'\\?$"), ("sparc", "; there is i386-pc, qemu-i386$")],
)
def test_an_unknown_environment(queue: Queue, asked: str, hint: str) -> None:
    queue.register(offer("a", "qemu-i386"), offer("b", "i386-pc"))
    with pytest.raises(BadInputError, match=f"no device has the environment '{asked}'{hint}"):
        queue.submit(environments=["i386-pc", asked])


def test_an_environment_of_a_retired_device_is_unknown(queue: Queue) -> None:
    queue.register(offer("a", "old"), offer("b", "new"))
    queue.register(offer("b", "new"))
    with pytest.raises(BadInputError, match="no device has the environment 'old'"):
        queue.submit(environments=["old"])


def test_a_64_bit_kernel_is_refused_by_a_32_bit_machine(queue: Queue) -> None:
    queue.register(offer("a", "pc"))
    with pytest.raises(BadInputError, match="is a 64-bit kernel and an i386 machine has a 32-bit CPU"):
        queue.submit(image(bits=64), environments=["pc"])


def test_unless_it_is_forced(queue: Queue) -> None:
    queue.register(offer("a", "pc"))
    queue.submit(image(bits=64), environments=["pc"], force=True)
    assert queue.must_claim("a").device == "a"


def test_a_64_bit_kernel_goes_to_the_64_bit_box_of_a_mixed_environment(queue: Queue) -> None:
    queue.register(offer("a", "pc"), offer("b", "pc", arch="x86_64"))
    queue.submit(image(bits=64), environments=["pc"], tags=["arch:x86_64"])
    assert queue.claim("a") is None
    assert queue.must_claim("a", "b").device == "b"


def test_a_32_bit_kernel_runs_on_either(queue: Queue) -> None:
    queue.register(offer("b", "pc", arch="x86_64"))
    queue.submit(environments=["pc"])
    assert queue.must_claim("b").device == "b"


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(", "not a regular expression .RE2 syntax.: missing \\)"),
        ("a{1001}", "not a regular expression"),
        ("(" * 5000 + ")" * 5000, "matches an empty line"),
        ("login:|", "matches an empty line, so every boot would pass"),
        (".*", "matches an empty line"),
        ("", "matches an empty line"),
    ],
    ids=["unbalanced", "overflow", "too deep", "empty branch", "anything", "nothing"],
)
def test_a_pattern_that_cannot_be_used(pattern: str, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence) as told:
        compile_pattern(pattern)
    assert told.value.where == "pattern"


def test_a_job_with_a_bad_pattern_is_refused(queue: Queue) -> None:
    queue.register(offer("a"))
    with pytest.raises(BadInputError, match="not a regular expression"):
        queue.submit(pattern="(")


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(st.text(alphabet="ab()[]{}|*+?.^$\\0123456789,-:=!<>P", max_size=30))
def test_any_pattern_is_taken_or_refused_with_a_sentence(pattern: str) -> None:
    with suppress(BadInputError):
        compile_pattern(pattern)


def test_an_own_initramfs_needs_an_own_pattern(queue: Queue) -> None:
    queue.register(offer("a"))
    with pytest.raises(BadInputError, match="an own initramfs needs the console line that means success: give a pat"):
        queue.submit(initrd="0" * 64)
    assert queue.submit(initrd="0" * 64, pattern="login:").boots


def test_a_job_is_not_larger_than_its_limit(queue: Queue) -> None:
    queue.register(offer("a"))
    appends = [f"a={number}" for number in range(MOST_BOOTS // 100)]

    def ask(appends: list[str]) -> None:
        job = JobIn(image=image().sha256, environments=["box"], appends=appends, repeat=100)
        with queue.db.read() as session:
            check(session, job, image())

    ask(appends)
    with pytest.raises(BadInputError, match=r"1 environments x 11 command lines x 100 is more than 1000 boots; split"):
        ask([*appends, "one=more"])


def test_a_refused_job_leaves_nothing(queue: Queue) -> None:
    queue.register(offer("a"))
    with pytest.raises(BadInputError):
        queue.submit(environments=["box", "nowhere"])
    assert queue.claim("a") is None


def test_one_new_image_submitted_by_several_at_once_is_one_build(queue: Queue) -> None:
    queue.register(offer("a"))
    together, builds, faults = threading.Barrier(4), [], []

    def send() -> None:
        together.wait(30)
        try:
            builds.append(queue.submit(tree="stable").build.id)
        except Exception as fault:  # noqa: BLE001  (handed to the test's own thread)
            faults.append(fault)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert len(builds) == 4
    assert len(set(builds)) == 1


def test_a_command_line_that_the_loader_would_cut_off(queue: Queue) -> None:
    queue.register(offer("a"))
    short = submit.Image("1" * 64, 1, replace(image().facts, header=replace(image().facts.header, cmdline_size=255)))
    with pytest.raises(
        BadInputError, match=r"96 bytes are too many: this image takes 255 bytes of command line"
    ) as told:
        queue.submit(short, appends=["x" * 95, "y" * 96])
    assert told.value.where == "append"
    queue.submit(short, appends=["y" * 96], force=True)
    queue.submit(short, appends=["x" * 95])
