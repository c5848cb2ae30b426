"""The whole way on real kernels: `farm submit` -> REST -> SQL -> worker -> PXE -> console -> verdict -> page.

Debian's 5.10 kernels boot with mem=10M and its 6.1 kernels panic: a true difference between real releases.
"""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.setup.kernels import Kernel, read_manifest
from farm.core.wire import BootOut, JobOut
from farm.core.words import Phase, Stage, Verdict
from tests.standin.farm import FARM, ROOT, Farm, until

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("qemu-system-i386") is None, reason="qemu-system-i386 is not installed"),
]
FETCHED = ROOT / ".demo" / "kernels"
SMALL = "mem=10M"


def kernel(branch: str) -> Kernel:
    found = [each for each in read_manifest(FETCHED) if each.branch == branch]
    if not found:
        pytest.skip(f"no {branch} kernel in .demo/kernels; `make kernels` fetches them")
    return found[-1]


def box(number: int) -> dict[str, Any]:
    return {
        "name": f"qemu{number}",
        "type": "qemu-i386",
        "mac": f"52:54:00:fa:12:{number:02x}",
        "power": {"kind": "qemu", "memory": 256},
        "console": {"kind": "qemu"},
        "boot": {"kind": "pxe"},
    }


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    lab = {"lab": "desk", "types": {"qemu-i386": {}}, "devices": [box(1), box(2)]}
    with contextlib.closing(Farm(tmp_path, lab)) as found:
        found.serve(with_worker=True)
        until("the worker says hello", found.client.devices)
        yield found


def submit(farm: Farm, image: Path, *words: str) -> subprocess.Popen[str]:
    command = [*FARM, "submit", str(image), "--server", farm.url, "--wait", "--json", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result(process: subprocess.Popen[str]) -> tuple[int, JobOut]:
    out, _ = process.communicate(timeout=500)
    return process.returncode, JobOut.model_validate(json.loads(out))


def processes_of(farm: Farm) -> list[str]:
    """Command lines of processes that name this farm's folder, other than the farm's own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(farm.folder) in words and "qemu" in words.split(" ")[0]:
                found.append(words)
    return found


def check_evidence(farm: Farm, boot: BootOut) -> None:
    """Every line of evidence stands where it says it does."""
    console = farm.client.console(boot.id)
    lines = console.split(b"\n")
    assert boot.evidence
    for line in boot.evidence:
        assert console[line.offset :].startswith(lines[line.line - 1])
        assert line.text.split("]")[-1].strip().encode() in lines[line.line - 1]


def test_a_difference_between_real_releases_is_found_from_the_terminal(farm: Farm) -> None:
    old, new = kernel("5.10"), kernel("6.1")
    running = [submit(farm, FETCHED / each.image, "--append", "", "--append", SMALL) for each in (old, new)]
    (old_code, old_job), (new_code, new_job) = [result(process) for process in running]

    verdicts = {(boot.version, boot.append): boot.verdict for job in (old_job, new_job) for boot in job.boots}
    assert verdicts == {
        (old_job.build.version, ""): Verdict.PASS,
        (old_job.build.version, SMALL): Verdict.PASS,
        (new_job.build.version, ""): Verdict.PASS,
        (new_job.build.version, SMALL): Verdict.FAIL,
    }
    assert (old_code, new_code) == (0, 1)
    assert [job.build.branch for job in (old_job, new_job)] == ["5.10.y", "6.1.y"]

    bad = next(boot for boot in new_job.boots if boot.verdict is Verdict.FAIL)
    assert any("System is deadlocked on memory" in line.text for line in bad.evidence)
    good = next(boot for boot in new_job.boots if boot.verdict is Verdict.PASS)
    assert good.stage is Stage.DONE
    assert good.booted == new_job.build.release
    assert [entry.phase for entry in good.phases] == list(Phase)
    for boot in (bad, good):
        check_evidence(farm, boot)

    page = httpx.get(farm.url).text
    assert SMALL in page
    assert f"/boots/{bad.id}" in page
    assert f'id="L{bad.evidence[0].line}"' in httpx.get(f"{farm.url}/boots/{bad.id}").text
    assert processes_of(farm) == []


def test_a_dead_kernel_fails_and_a_text_file_is_refused(farm: Farm, tmp_path: Path) -> None:
    """A kernel that dies at once is the kernel's fault; what is no kernel is refused before any power."""
    image = bytearray((FETCHED / kernel("6.1").image).read_bytes())
    setup = (image[0x1F1] + 1) * 512
    image[setup : setup + 2] = b"\xeb\xfe"  # the 32-bit entry jumps to itself: silence at full power
    dead = tmp_path / "dead"
    dead.write_bytes(image)
    code, job = result(submit(farm, dead, "--deadline", "silence=15"))
    boot = job.boots[0]
    assert (code, boot.verdict, boot.type) == (1, Verdict.FAIL, "silent")
    assert len(job.boots) == 1

    text = tmp_path / "notes.txt"
    text.write_text("not a kernel\n")
    refused = subprocess.run(
        [*FARM, "submit", str(text), "--server", farm.url], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 3
    assert "notes.txt" in refused.stderr
    assert "text" in refused.stderr
