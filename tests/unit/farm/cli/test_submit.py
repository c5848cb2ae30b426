"""`farm submit`: what is checked here, what is sent, what is printed, what it exits with."""

import hashlib
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from farm.cli import submit
from farm.core.errors import BadInputError
from farm.core.words import BootState, Deadline, Phase, Verdict
from tests.support.images import bzimage
from tests.support.symbols import SYSTEM_MAP, vmlinux


@pytest.fixture(autouse=True)
def _one_environment(farm: Any, make: Any) -> None:
    farm.devices = [make.device()]
    farm.job = [make.job(make.boot(12, None, state=BootState.QUEUED, started_at=None, finished_at=None))]


def _job(make: Any, *verdicts: Verdict) -> Any:
    return make.job(*(make.boot(number, verdict) for number, verdict in enumerate(verdicts, 12)))


def test_an_image_is_stored_and_a_job_filed(run: Any, farm: Any, image: Path) -> None:
    result = run("submit", image)
    assert result.exit_code == 0
    assert result.stdout == "job 5: 6.1.0-50-686: 1 queued; `farm watch 5` follows it\n"
    (job,) = farm.submitted
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    assert (job.image, job.filename, job.environments, job.appends) == (digest, "bzImage", ["qemu-i386"], [""])
    assert "@" in job.submitter
    assert farm.files == {digest: image.read_bytes()}


def test_the_same_image_travels_once(run: Any, farm: Any, image: Path) -> None:
    run("submit", image)
    run("submit", image)
    assert len([line for line in farm.asked if line.startswith("PUT")]) == 1


def test_every_option_arrives(run: Any, farm: Any, image: Path, tmp_path: Path) -> None:
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"cpio")
    symbols = tmp_path / "System.map"
    symbols.write_bytes(SYSTEM_MAP)
    result = run(
        "submit", image, "--on", "qemu-i386/pae/smp", "--on", "other/smp/pae", "--append", "mem=12M", "--append", "",
        "--append", "mem=12M", "--repeat", 3, "--initrd", initrd, "--pattern", "^done$", "--check", "rtc",
        "--device", "box1", "--tree", "stable", "--branch", "6.1.y", "--commit", "ABCdef12", "--patch", "take 2",
        "--deadline", "total=30", "--deadline", "silence=5.5", "--priority", 70, "--submitter", "ada", "--force",
        "--symbols", symbols,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    (job,) = farm.submitted
    assert job.environments == ["qemu-i386", "other"]
    assert job.tags == ["pae", "smp"]
    assert job.appends == ["mem=12M", ""]
    assert job.initrd == hashlib.sha256(b"cpio").hexdigest()
    assert farm.files[job.initrd] == b"cpio"
    assert job.symbols == hashlib.sha256(SYSTEM_MAP).hexdigest()
    assert farm.files[job.symbols] == SYSTEM_MAP
    assert (job.repeat, job.pattern, job.checks, job.device) == (3, "^done$", ["rtc"], "box1")
    assert (job.tree, job.branch, job.commit, job.patch) == ("stable", "6.1.y", "abcdef12", "take 2")
    assert job.deadlines == {Deadline.TOTAL: 30, Deadline.SILENCE: 5.5}
    assert (job.priority, job.submitter, job.force) == (70, "ada", True)


def test_without_on_and_several_environments_they_are_named(run: Any, farm: Any, make: Any, image: Path) -> None:
    farm.devices = [make.device(environments=["vmware-esx", "qemu-i386"])]
    result = run("submit", image)
    assert result.exit_code == 3
    assert result.stderr == "farm: --on: say where to boot it; there is qemu-i386, vmware-esx\n"
    assert not farm.files


def test_without_any_device_it_says_what_to_do(run: Any, farm: Any, image: Path) -> None:
    farm.devices = []
    result = run("submit", image)
    assert result.exit_code == 3
    assert "start a worker" in result.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty: 0 bytes"),
        (b"hello, world\n" * 99, "text"),
        (b"\x7fELF\x01\x01\x01" + bytes(2000), "ELF"),
    ],
)
def test_what_is_no_kernel_is_refused_before_it_travels(
    run: Any, farm: Any, tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "kernel"
    if content is not None:
        path.write_bytes(content)
    result = run("submit", path)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"farm: {path}: ")
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert farm.asked == []
    assert run("submit", path, "--bisect").exit_code == 125


def test_a_truncated_image_is_refused_before_it_travels(run: Any, farm: Any, image: Path) -> None:
    image.write_bytes(image.read_bytes()[:-40])
    result = run("submit", image)
    assert (result.exit_code, farm.asked) == (3, [])
    assert "truncated" in result.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty: 0 bytes"),
        (b"hello, world\n", "This is no System.map and no ELF file. Hand in the build's System.map, vmlinux or"),
        (SYSTEM_MAP[:60], "This System.map is not a whole kernel's: it has no _etext. "),
        (bzimage(), "This is a kernel image, which has no symbols. "),
        (vmlinux("6.1.0-49-686"), "these are the symbols of 6.1.0-49-686, and the image is 6.1.0-50-686\n"),
    ],
    ids=["missing", "empty", "text", "cut", "image", "another build's"],
)
def test_what_are_no_symbols_of_the_image_is_refused_before_it_travels(
    run: Any, farm: Any, tmp_path: Path, content: bytes | None, told: str
) -> None:
    image, symbols = tmp_path / "bzImage", tmp_path / "symbols"
    image.write_bytes(bzimage("6.1.0-50-686"))
    if content is not None:
        symbols.write_bytes(content)
    result = run("submit", image, "--symbols", symbols)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"farm: {symbols}: {told}")
    assert result.stderr.count("\n") == 1
    assert farm.asked == []
    assert run("submit", image, "--symbols", symbols, "--bisect").exit_code == 125  # the build broke, as with an image


@pytest.mark.parametrize("release", ["6.1.0-50-686", None], ids=["the same", "an image that does not say"])
def test_symbols_that_may_be_the_images_travel(run: Any, farm: Any, image: Path, release: str | None) -> None:
    if release is not None:
        image.write_bytes(bzimage(release))
    symbols = image.with_name("vmlinux")
    symbols.write_bytes(vmlinux("6.1.0-50-686"))
    result = run("submit", image, "--symbols", symbols)
    assert (result.exit_code, result.stderr) == (0, "")
    assert farm.files[farm.submitted[0].symbols] == symbols.read_bytes()


def test_a_folder_is_refused(run: Any, tmp_path: Path) -> None:
    result = run("submit", tmp_path)
    assert (result.exit_code, result.stderr) == (3, f"farm: {tmp_path}: is a folder; name a file\n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--initrd", "/nowhere"], "/nowhere: cannot be read: No such file or directory"),
        (["--pattern", "("], "--pattern: not a regular expression: "),
        (["--deadline", "later=3"], "--deadline: 'later=3' is not NAME=SECONDS with a NAME of lease, power, "),
        (["--deadline", "total"], "--deadline: 'total' is not "),
        (["--deadline", "total=-1"], "--deadline: 'total=-1' is not "),
        (["--deadline", "total=nan"], "--deadline: 'total=nan' is not "),
        (["--deadline", "total=inf"], "--deadline: 'total=inf' is not "),
        (["--on", ""], "--on: '' is not ENVIRONMENT or ENVIRONMENT/TAG"),
        (["--on", "a//b"], "--on: 'a//b' is not "),
        (["--on", "a/pae", "--on", "b"], "--on: a job asks every environment for the same tags; "),
        (["--on", "a b"], "--on: "),
        (["--commit", "xyz"], "--commit: "),
        (["--append", "a\nb"], "--append: "),
        (["--check", "no way"], "--check: "),
        (["--device", "-"], "--device: "),
        (["--tree", "x" * 201], "--tree: "),
    ],
)
def test_bad_options_are_one_sentence(run: Any, farm: Any, image: Path, options: list[str], told: str) -> None:
    result = run("submit", image, *options)
    assert result.exit_code == 3
    assert result.stderr.startswith(f"farm: {told}")
    assert result.stderr.count("\n") == 1
    assert not farm.files
    assert not farm.submitted


def test_an_own_initramfs_needs_a_pattern(run: Any, image: Path) -> None:
    result = run("submit", image, "--initrd", image)
    assert result.exit_code == 3
    assert "needs --pattern" in result.stderr


def test_the_servers_refusal_is_printed_as_it_is(run: Any, farm: Any, image: Path) -> None:
    farm.refuse["/jobs"] = (422, {"detail": "no device has the environment 'x'", "where": "environments"})
    result = run("submit", image, "--on", "x")
    assert (result.exit_code, result.stderr) == (3, "farm: environments: no device has the environment 'x'\n")


@pytest.mark.parametrize(
    ("verdicts", "plain", "bisect"),
    [
        ([Verdict.PASS], 0, 0),
        ([Verdict.FAIL], 1, 1),
        ([Verdict.INFRA], 2, 125),
        ([Verdict.INCONCLUSIVE], 2, 125),
        ([Verdict.PASS, Verdict.FAIL], 1, 1),
        ([Verdict.PASS, Verdict.INFRA], 2, 125),
        ([Verdict.FAIL, Verdict.INFRA], 1, 1),
    ],
)
def test_the_exit_code_is_the_verdict(
    *, run: Any, farm: Any, make: Any, image: Path, verdicts: list[Verdict], plain: int, bisect: int
) -> None:
    farm.job = [_job(make, *verdicts)]
    assert run("submit", image, "--wait").exit_code == plain
    assert run("submit", image, "--bisect").exit_code == bisect
    assert run("submit", image, "--bisect", "--json").exit_code == bisect


def test_bisect_skips_where_the_farm_is_in_trouble(run: Any, farm: Any, image: Path) -> None:
    assert run("submit", image, "--bisect", env={"FARM_SERVER": "http://127.0.0.1:9"}).exit_code == 125
    farm.refuse["/jobs"] = (507, {"detail": "full"})
    assert run("submit", image, "--bisect").exit_code == 125


def test_bisect_stops_at_a_refusal_that_every_commit_would_meet(run: Any, farm: Any, image: Path) -> None:
    farm.refuse["/jobs"] = (422, {"detail": "no such environment", "where": "environments"})
    assert run("submit", image, "--bisect").exit_code == 128


def test_waiting_prints_a_line_a_change(run: Any, farm: Any, make: Any, image: Path) -> None:
    moving = {"verdict": None, "finished_at": None, "append": "mem=12M"}
    power = make.phase(Phase.POWER, 0.2)
    kernel = make.phase(Phase.KERNEL, 8.25, "6.1.0-50-686")
    farm.job = [
        make.job(make.boot(12, **moving | {"state": BootState.QUEUED, "started_at": None, "waiting": "busy"})),
        make.job(make.boot(12, **moving, state=BootState.RUNNING, phases=[power])),
        make.job(make.boot(12, **moving, state=BootState.RUNNING, phases=[power, kernel])),
        make.job(make.boot(12, Verdict.FAIL, append="mem=12M", phases=[power, kernel], title="panic: no memory",
                           evidence=[{"line": 120, "offset": 9000, "text": "Kernel panic \x1b[0m- not syncing"}])),
    ]  # fmt: skip
    result = run("submit", image, "--wait")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "boot 12 qemu-i386 mem=12M: queued",
        "boot 12 qemu-i386 mem=12M: power on box1 at 0.2 s",
        "boot 12 qemu-i386 mem=12M: kernel at 8.2 s: 6.1.0-50-686",
        "boot 12 qemu-i386 mem=12M: fail after 12.5 s: panic: no memory",
        "boot 12, panic: no memory (`farm logs 12` has the whole console):",
        "  L120  Kernel panic ^[[0m- not syncing",
        "job 5: 6.1.0-50-686: 1 fail",
    ]


@pytest.mark.parametrize("options", [[], ["--wait"], ["--bisect"]])
def test_json_is_one_object_and_nothing_else(run: Any, farm: Any, make: Any, image: Path, options: list[str]) -> None:
    farm.job = [_job(make, Verdict.PASS)]
    result = run("submit", image, "--json", *options)
    shown = json.loads(result.stdout)
    assert (result.exit_code, shown["id"], shown["boots"][0]["verdict"]) == (0, 5, "pass")
    assert bool(result.stderr) == bool(options)  # progress, for whoever watches


def test_dry_run_queues_nothing(run: Any, farm: Any, image: Path) -> None:
    result = run("submit", image, "--dry-run", "--append", "mem=12M")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "6.1.0-50-686: version 6.1.176, branch 6.1.y; nothing has been queued",
        "environment  command line  repeat  would wait",
        "qemu-i386    mem=12M       1       box1 is busy",
    ]
    assert "POST /jobs?dry_run=true" in farm.asked
    assert "POST /jobs" not in farm.asked


def test_dry_run_as_json_is_the_plan(run: Any, image: Path) -> None:
    plan = json.loads(run("submit", image, "--dry-run", "--json").stdout)
    assert plan["boots"] == [{"environment": "qemu-i386", "append": "", "repeat": 1, "waiting": "box1 is busy"}]


def _running(farm: Any, make: Any) -> None:
    farm.job = [make.job(make.boot(12, None, state=BootState.RUNNING, finished_at=None))]


@pytest.mark.parametrize("how", ["--wait", "--bisect"])
def test_ctrl_c_leaves_the_job_alone(start: Any, farm: Any, make: Any, image: Path, how: str) -> None:
    _running(farm, make)
    process: subprocess.Popen[bytes] = start("submit", image, how)
    assert process.stdout is not None
    assert process.stdout.readline() == b"boot 12 qemu-i386: queued\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130  # above 127, so `git bisect run` stops too
    assert told == b"job 5 goes on; `farm watch 5` follows it, `farm cancel 5` ends it\n"
    assert not [line for line in farm.asked if "cancel" in line]


def test_ctrl_c_on_a_terminal(on_terminal: Any, farm: Any, make: Any, image: Path) -> None:
    _running(farm, make)
    wrote, code = on_terminal("submit", image, "--wait", interrupt_at=b"running")
    assert code == 130
    assert b"job 5 goes on" in wrote
    assert wrote.count(b"\x1b[?25l") == wrote.count(b"\x1b[?25h")  # the cursor is back


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ([], ([], [])),
        (["a"], (["a"], [])),
        (["a/x/y"], (["a"], ["x", "y"])),
        (["a/y/x", "b/x/y/x"], (["a", "b"], ["x", "y"])),
        (["a", "a"], (["a"], [])),
    ],
)
def test_targets(on: list[str], wanted: tuple[list[str], list[str]]) -> None:
    assert submit.targets(on) == wanted


def test_targets_with_different_tags_are_refused() -> None:
    with pytest.raises(BadInputError, match="submit one job for each set"):
        submit.targets(["a/x", "b/y"])


def test_a_user_without_a_name_still_submits(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert submit._who().partition("@")[0].isdigit()
