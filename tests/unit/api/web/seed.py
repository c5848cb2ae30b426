"""Rows as a farm that is in use has them: Debian's kernels on two environments, one boot running, some waiting."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.state import AppState
from farm.core.database import now
from farm.core.wire import DeviceOffer
from farm.core.words import BootState, Health, Outcome, Phase, Stage, Verdict
from inventory import devices
from inventory.models import DeviceRow
from jobs.builds.version import KernelVersion
from jobs.models import BootRow, BuildRow, JobRow

HEADER = {"format": "bzImage", "protocol": "2.15"}
OPTIONS = {
    "CONFIG_SMP": {"value": True, "source": "banner", "evidence": '"#1 SMP"'},
    "CONFIG_SERIAL_8250_CONSOLE": {"value": True, "source": "strings", "evidence": 'the string "uart8250"'},
    "CONFIG_VMI": {"value": False, "source": "strings", "evidence": 'no string "VMI: Found" in the whole kernel'},
    "CONFIG_X86_PAE": {"value": None, "source": None, "evidence": ""},
}
PANIC = "Kernel panic - not syncing: System is deadlocked on memory"
GOOD = """\
[    0.000000] Linux version 6.1.0-47-686 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP Debian 6.1.170-1 (2026-03-28)
[    0.000000] KERNEL supported cpus:
[    0.000000]   Intel GenuineIntel
[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000000ffdffff] usable
[    0.000000] printk: bootconsole [earlyser0] enabled
[    0.000000] SMBIOS 2.8 present.
[    0.000000] 159MB LOWMEM available.
[    0.241104] Kernel command line: console=ttyS0,115200 mem=12M
[    0.701822] pci 0000:00:01.1: legacy IDE quirk: reg 0x10: [io  0x01f0-0x01f7]
[    3.512290] Freeing unused kernel image (initmem) memory: 1028K
[    3.517001] Run /init as init process
"""


def console(*last: str, filler: int = 0) -> bytes:
    """A kernel's console: a real beginning, `filler` lines, then these."""
    middle = "".join(
        f"[    1.{n:06d}] pnp 00:0{n % 8}: Plug and Play ACPI device, IDs PNP0501\n" for n in range(filler)
    )
    head, _, tail = GOOD.partition("[    3.")
    return (head + middle + "[    3." + tail + "".join(f"{line}\n" for line in last)).encode()


@dataclass
class Seed:
    """Makes rows with sensible defaults; `moment` goes on a minute with every job."""

    session: Session
    moment: datetime = field(default_factory=lambda: now() - timedelta(hours=3))

    def build(self, version: str, release: str, **labels: Any) -> BuildRow:
        key = KernelVersion.parse(version)
        row = BuildRow(
            sha256=labels.pop("sha256", f"{abs(hash((version, release))):064x}"[:64]),
            size=7_811_072,
            filename=labels.pop("filename", f"vmlinuz-{release}"),
            release=release,
            version=version,
            version_key=key.sort_key,
            bits=32,
            banner=f"Linux version {release} (debian-kernel@lists.debian.org) (gcc-12) #1 SMP Debian {version}-1",
            facts={
                "header": HEADER,
                "options": OPTIONS,
                "compiler": "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40",
                "compression": "xz",
                "unpacked_size": 24_100_864,
                "build_date": "2026-03-28T00:00:00Z",
                "builder": "debian-kernel@lists.debian.org",
            },
            created_at=self.moment,
            **{"tree": "debian", "branch": key.branch, "commit": "", "patch": "", **labels},
        )
        self.session.add(row)
        self.session.flush()
        return row

    def job(self, build: BuildRow, appends: list[str], environments: list[str] | None = None, **more: Any) -> JobRow:
        self.moment += timedelta(minutes=7)
        values = {
            "created_at": self.moment,
            "submitter": "greg@stable",
            "initrd": None,
            "pattern": None,
            "tags": [],
            "checks": [],
            "deadlines": {},
            "repeat": 1,
            "priority": 50,
            **more,
        }
        row = JobRow(build_id=build.id, environments=environments or ["qemu-i386"], appends=appends, **values)
        self.session.add(row)
        self.session.flush()
        return row

    def boot(self, job: JobRow, append: str = "", environment: str = "qemu-i386", **more: Any) -> BootRow:
        """A queued boot; with `verdict` a finished one."""
        verdict = more.get("verdict")
        started = self.moment + timedelta(seconds=2)
        values: dict[str, Any] = {"repeat": 1, "priority": 50, "queued_at": self.moment, "phases": [], "evidence": []}
        values |= {"warnings": []}
        if verdict is not None:
            values |= {
                "state": BootState.FINISHED,
                "started_at": started,
                "finished_at": started + timedelta(seconds=13.4),
                "phases": phases(started),
                "stage": Stage.DONE if verdict is Verdict.PASS else Stage.INIT,
                "reason": "farm-init's end marker was seen" if verdict is Verdict.PASS else "",
                "cmdline": f"console=ttyS0,115200 {append}".strip(),
            }
        row = BootRow(job_id=job.id, build_id=job.build_id, append=append, environment=environment, **(values | more))
        self.session.add(row)
        self.session.flush()
        return row


def phases(started: datetime, until: Phase = Phase.CLEAN) -> list[dict[str, Any]]:
    """A boot's phases as they lie in SQL, up to `until`."""
    seconds = {
        "prepare": 0.0,
        "power": 0.2,
        "firmware": 0.6,
        "load": 3.1,
        "kernel": 6.0,
        "userspace": 11.2,
        "clean": 12.9,
    }
    names = [phase.value for phase in Phase]
    return [
        {"phase": name, "at": (started + timedelta(seconds=seconds[name])).astimezone(UTC).isoformat(), "note": ""}
        for name in names[: names.index(until.value) + 1]
    ]


STARTED = {"firmware": 0.093, "netboot": 0.108, "decompress": 6.617, "banner": 9.733, "start_kernel": 9.869}
DIED: dict[str, Any] = {
    "verdict": Verdict.FAIL,
    "outcome": Outcome.PANIC,
    "reason": "System is deadlocked on memory, 4.1 s after the kernel's first line",
    "title": "kernel panic: System is deadlocked on memory",
    "type": "oom",
    "signature": "5f0c2a9d41b7e680" * 4,
    "function": None,
    "evidence": [
        {"line": 14, "offset": 1100, "text": "[    4.117312] Out of memory and no killable processes..."},
        {"line": 15, "offset": 1160, "text": f"[    4.118820] {PANIC}"},
    ],
    "booted": "6.1.0-47-686",
    "details": {
        "frames": ["panic+0xad/0x263", "out_of_memory.cold+0x9/0x6e", "? slab_sysfs_init+0x6b/0xcd"],
        "paravirt": {"platform": "bare hardware", "lowmem": "32MB", "kernel_offset": "disabled"},
        "reports": [{"title": "kernel panic: System is deadlocked on memory", "type": "oom", "severity": "fatal"}],
        "stage_times": {**STARTED, "initcalls": 10.716},
    },
}
PASSED: dict[str, Any] = {
    "verdict": Verdict.PASS,
    "outcome": Outcome.BOOTED,
    "evidence": [{"line": 16, "offset": 900, "text": "farm: end 7e11c0de"}],
}
# A boot on a VMI hypervisor that warned, then hung; what the console said of the warning is torn.
HUNG: dict[str, Any] = {
    "verdict": Verdict.FAIL,
    "outcome": Outcome.HANG,
    "stage": Stage.DRIVERS,
    "reason": "silent in the initcall i8042_init, after 'PNP: PS/2 Controller [PNP0303:KBD] at 0x60,0x64 irq 1'",
    "title": "silent, initcall i8042_init",
    "type": "silent",
    "function": "i8042_init",
    "signature": "0c" * 8,
    "evidence": [{"line": 14, "offset": 782, "text": "[    3.517001] PNP: PS/2 Controller [PNP0303:KBD]"}],
    "warnings": ["WARNING in acpi_ut_remove", "firmware started 2 times before the kernel's first line"],
    "booted": "2.6.27.6",
    "details": {
        "alternates": ["WARNING in acpi"],
        "frames": ["warn_on_slowpath+0x51/0x7a", "acpi_ut_remove+0x1/0x20 [acpi]"],
        "corrupted": True,
        "culprit": "i8042_init",
        "paravirt": {
            "platform": "vmi",
            "hypervisor": "VMware",
            "vmi": "engaged",
            "vmi_timer": "vmi-timer",
            "reserved_top": "0xf7c00000",
            "command_line": "console=ttyS0 quiet",
        },
        "reports": [
            {
                "title": "WARNING in acpi_ut_remove",
                "type": "warning",
                "severity": "warning",
                "function": "acpi_ut_remove",
                "evidence": {"line": 9, "offset": 640, "text": "[    2.1] WARNING: at drivers/acpi/utilities/utobj.c"},
            },
            {
                "title": "no link yet",
                "type": "loader",
                "severity": "loader_error",
                "evidence": {"line": 1, "offset": 0, "text": "no link yet"},
            },
        ],
        "stage_times": {**STARTED, "setup_arch": 9.733, "initcalls": 10.716, "drivers": 11.02},
    },
}


def fill(session: Session) -> dict[str, BootRow]:
    """The whole picture; some boots by name."""
    environments = ["qemu-i386", "qemu-i386-q35"]
    devices.register(
        session, "desk", "worker-1",
        [
            DeviceOffer(name="box-1", type="qemu", arch="i386", environments=environments, tags=["pae", "smp"]),
            DeviceOffer(name="box-2", type="qemu", arch="i386", environments=environments, tags=["smp"]),
            DeviceOffer(name="t40", type="thinkpad-t40", arch="i386", environments=["thinkpad-t40"], tags=["lab"]),
        ],
    )  # fmt: skip
    seed = Seed(session)
    boxes = {row.name: row for row in session.query(DeviceRow)}
    named: dict[str, BootRow] = {}
    for version, release in [
        ("5.10.218", "5.10.0-30-686"), ("5.10.223", "5.10.0-32-686"),
        ("6.1.170", "6.1.0-47-686"), ("6.1.176", "6.1.0-50-686"),
    ]:  # fmt: skip
        build = seed.build(version, release)
        appends = ["", "mem=12M", "vmalloc=256M"]
        job = seed.job(build, appends, environments)
        for environment in environments:
            for append in appends:
                dies = append == "mem=12M" and version.startswith("6.")
                result = {**(DIED if dies else PASSED), "device_id": boxes["box-1"].id}
                named[f"{version} {append} {environment}"] = seed.boot(job, append, environment, **result)
    _besides(seed, boxes, named)
    return named


def _besides(seed: Seed, boxes: dict[str, DeviceRow], named: dict[str, BootRow]) -> None:
    """A flaky track, a lost worker with its second attempt, mainline with one boot running and two waiting."""
    build = seed.session.get_one(BuildRow, named["6.1.176  qemu-i386"].build_id)
    again = seed.job(build, ["vmalloc=256M"], repeat=3)
    seed.boot(again, "vmalloc=256M", **PASSED)
    reset: dict[str, Any] = {
        "verdict": Verdict.FAIL,
        "title": "reboot loop",
        "type": "reboot-loop",
        "signature": "77" * 32,
    }
    why = "the machine reset by itself after 'random: crng init done' and booted the same kernel again"
    named["flaky"] = seed.boot(again, "vmalloc=256M", repeat=2, reason=why, **reset)
    lost = seed.boot(again, "vmalloc=256M", repeat=3, verdict=Verdict.INFRA, reason="its worker went away")
    named["lost"] = lost
    named["retry"] = seed.boot(again, "vmalloc=256M", repeat=3, attempt=2, retry_of=lost.id, **PASSED)
    mainline = seed.build("7.2-rc3", "7.2.0-rc3", tree="mainline", commit="4f1c9b8e2a7d", filename="bzImage")
    job = seed.job(mainline, ["", "mem=12M", "vmalloc=256M"], submitter="")
    started = now() - timedelta(seconds=9)
    running = seed.boot(
        job, "", state=BootState.RUNNING, started_at=started, phases=phases(started, Phase.KERNEL),
        device_id=boxes["box-2"].id, cmdline="console=ttyS0,115200",
    )  # fmt: skip
    devices.take(boxes["box-2"], running.id, "worker-1", now() + timedelta(seconds=60))
    named["running"] = running
    named["queued"] = seed.boot(job, "mem=12M")
    seed.boot(job, "vmalloc=256M", "thinkpad-t40")
    boxes["t40"].health, boxes["t40"].note = Health.MAINTENANCE, "new disk on its way"
    seed.session.flush()


def fill_farm(farm: AppState) -> dict[str, int]:
    """A farm in use, one console of a boot that died with it; its boots' numbers by name."""
    with farm.db.write() as session:
        numbers = {name: row.id for name, row in fill(session).items()}
    died = numbers["6.1.170 mem=12M qemu-i386"]
    text = console("[    4.117312] Out of memory and no killable processes...", f"[    4.118820] {PANIC}")
    farm.storage.append_console(died, 0, 1.0, text)
    return numbers
