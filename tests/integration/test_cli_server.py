"""The command line against the real server and a real worker on stand-in boxes; `git bisect run` included."""

import json
import os
import pty
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.standin.farm import BANNER, FARM, HANG, PASS, Farm, Steps, standin_farm, until
from tests.standin.image import tiny_image

PANIC: Steps = [BANNER, ["say", "Kernel panic - not syncing: VFS: Unable to mount root fs\n"], ["hang"]]
ANOTHER: Steps = [["say", "Linux version 5.10.0-32-686 (debian@lists) (gcc-12) #1 SMP Debian 5.10.223-1\n"], *PASS[1:]]
NOISY: Steps = [BANNER, ["hex", "1b5d303b6f776e656407ff000a"], *PASS[1:]]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """Boxes that pass, panic, boot some other kernel, never end, and play with the terminal."""
    boxes: dict[str, Sequence[Steps]] = {
        "good": [PASS],
        "bad": [PANIC],
        "another": [ANOTHER],
        "endless": [HANG],
        "noisy": [NOISY],
    }
    folder = tmp_path_factory.mktemp("farm")
    with standin_farm(folder, boxes, attempts=1) as (farm, _boxes):
        farm.start()
        yield farm


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "bzImage"
    path.write_bytes(tiny_image())
    return path


def environment(farm: Farm) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FARM_", "GIT_"))}
    return own | {"FARM_SERVER": farm.url}


@pytest.fixture
def run(farm: Farm) -> Run:
    def invoke(*args: object) -> subprocess.CompletedProcess[str]:
        command = [*FARM, *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(farm), check=False)

    return invoke


@pytest.mark.parametrize(
    ("device", "code", "bisect", "told"),
    [
        ("good", 0, 0, "1 pass"),
        ("bad", 1, 1, "Kernel panic - not syncing: VFS: Unable to mount root fs"),
        ("another", 2, 125, "5.10.0-32-686"),
    ],
)
def test_the_verdict_is_the_exit_code(run: Run, image: Path, *, device: str, code: int, bisect: int, told: str) -> None:
    waited = run("submit", image, "--device", device, "--wait")
    assert (waited.returncode, waited.stderr) == (code, "")
    assert told in waited.stdout
    assert run("submit", image, "--device", device, "--bisect").returncode == bisect


def test_a_matrix_of_boots_is_filed_and_shown(run: Run, image: Path) -> None:
    matrix = ["--append", "", "--append", "mem=12M", "--repeat", 2]
    filed = run("submit", image, "--device", "good", *matrix, "--wait", "--json")
    assert filed.returncode == 0
    job = json.loads(filed.stdout)
    assert len(job["boots"]) == 4
    assert {boot["append"] for boot in job["boots"]} == {"", "mem=12M"}
    assert f"{job['id']} " in run("jobs").stdout
    assert "4 pass" in run("job", job["id"]).stdout
    assert "standin mem=12M" in run("results").stdout
    shown = run("results", "--append", "mem=12M", "--verdict", "pass", "--json")
    assert {boot["append"] for boot in json.loads(shown.stdout)} == {"mem=12M"}


def test_a_dry_run_queues_nothing(run: Run, farm: Farm, image: Path) -> None:
    before = len(farm.client.jobs())
    done = run("submit", image, "--device", "good", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing has been queued" in done.stdout
    assert len(farm.client.jobs()) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--on", "nowhere"], "nowhere"),
        (["--on", "standin", "--initrd", "IMAGE", "--pattern", ".*"], "pattern: "),
    ],
)
def test_the_servers_refusals_are_sentences(run: Run, image: Path, options: list[str], told: str) -> None:
    done = run("submit", image, *(str(image) if option == "IMAGE" else option for option in options))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("farm: ")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_boot_and_its_console(run: Run, farm: Farm, image: Path) -> None:
    run("submit", image, "--device", "bad", "--wait")
    boot = farm.client.boots(limit=1)[0]
    assert "Kernel panic" in run("boot", boot.id).stdout
    assert run("logs", boot.id).stdout.encode() == farm.client.console(boot.id)
    assert run("logs", boot.id, "-f").stdout == run("logs", boot.id).stdout
    assert run("logs", boot.id, "-n", 1).stdout.startswith("Kernel panic")
    assert "bad " in run("devices").stdout


def on_terminal(farm: Farm, *args: object) -> bytes:
    here, there = pty.openpty()
    process = subprocess.Popen([*FARM, *map(str, args)], stdout=there, stderr=there, env=environment(farm))
    os.close(there)
    wrote = b""
    with suppress(OSError):  # EIO: the process has closed the terminal
        while data := os.read(here, 65536):
            wrote += data
    os.close(here)
    assert process.wait(60) == 0
    return wrote


def test_a_machine_cannot_play_with_the_terminal(run: Run, farm: Farm, image: Path) -> None:
    run("submit", image, "--device", "noisy", "--wait")
    boot = farm.client.boots(limit=1)[0]
    assert b"\x1b]0;owned\x07\xff\x00" in farm.client.console(boot.id)
    for shown in (on_terminal(farm, "logs", boot.id), on_terminal(farm, "logs", boot.id, "-f")):
        assert b"^[]0;owned^G\\xff^@" in shown
        assert b"\x1b]" not in shown


def test_ctrl_c_leaves_the_job_and_cancel_ends_it(run: Run, farm: Farm, image: Path) -> None:
    command = [*FARM, "submit", str(image), "--device", "endless", "--wait"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(farm))
    assert process.stdout is not None
    for line in process.stdout:
        if b": kernel" in line:
            break
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    job = farm.client.jobs(limit=1)[0]
    assert process.returncode == 130
    assert f"job {job.id} goes on".encode() in told
    assert not job.done
    assert run("cancel", job.id).returncode == 0
    until("it is over", lambda: farm.client.job(job.id).done)
    assert run("watch", job.id).returncode == 2


def git(folder: Path, *args: str, env: dict[str, str] | None = None, check: bool = True) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false", *args]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env, timeout=300)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done.stdout


def _history(folder: Path, devices: list[str]) -> list[str]:
    """A repository with a commit for each of `devices`, where its kernel is to boot; none: it does not build."""
    git(folder, "init", "-q")
    commits = []
    for number, device in enumerate(devices):
        (folder / "device").write_text(device)
        (folder / "bzImage").write_bytes(tiny_image(fill=bytes([number])) if device else b"make: *** Error 2\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"commit {number}")
        commits.append(git(folder, "rev-parse", "HEAD").strip())
    return commits


def _bisect(folder: Path, farm: Farm, commits: list[str], *options: str) -> str:
    git(folder, "bisect", "start", commits[-1], commits[0])
    command = shlex.join([*FARM, "submit", "--bisect", "bzImage", *options]) + ' --device "$(cat device)"'
    return git(folder, "bisect", "run", "sh", "-c", command, env=environment(farm), check=False)


def test_git_bisect_run_names_the_first_bad_commit(farm: Farm, tmp_path: Path) -> None:
    commits = _history(tmp_path, ["good", "good", "good", "good", "", "bad", "bad", "bad", "bad"])
    said = _bisect(tmp_path, farm, commits)
    # Commit 4 does not build, so it can only be narrowed down to 4 or 5; nothing before is accused.
    assert "only 'skip'ped commits left" in said
    possible = said.partition("could be any of:")[2]
    assert commits[4] in possible
    assert commits[5] in possible
    assert not [commit for commit in commits[:4] + commits[6:] if commit in possible]


def test_git_bisect_run_without_gaps(farm: Farm, tmp_path: Path) -> None:
    commits = _history(tmp_path, ["good", "good", "good", "bad", "bad", "bad"])
    assert f"{commits[3]} is the first bad commit" in _bisect(tmp_path, farm, commits)


def test_git_bisect_run_stops_at_a_wrong_command(farm: Farm, tmp_path: Path) -> None:
    commits = _history(tmp_path, ["good", "good", "good", "bad"])
    said = _bisect(tmp_path, farm, commits, "--on", "mistyped")
    assert "is the first bad commit" not in said
    assert not git(tmp_path, "bisect", "log").count("git bisect bad") > 1
