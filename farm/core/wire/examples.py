"""Examples for OpenAPI: one true job, as the demo runs it. Tests hold them to the schemas."""

from typing import Any

SHA256 = "6333ef5a8eff51d042c33c9a0e8dd894ce512e9644e24f6b98309239589866b9"
RELEASE = {"release": "6.1.0-50-686", "version": "6.1.176", "branch": "6.1.y"}

JOB_IN: dict[str, Any] = {
    "image": SHA256,
    "filename": "vmlinuz-6.1.0-50-686",
    "environments": ["qemu-i386"],
    "appends": ["", "mem=10M"],
    "tree": "debian",
}

BUILD: dict[str, Any] = {
    **RELEASE,
    "id": 4,
    "sha256": SHA256,
    "size": 5693120,
    "filename": "vmlinuz-6.1.0-50-686",
    "tree": "debian",
    "commit": "",
    "patch": "",
    "bits": 32,
    "banner": "Linux version 6.1.0-50-686 (debian-kernel@lists.debian.org) (gcc-12 ...) #1 SMP PREEMPT_DYNAMIC ...",
    "facts": {"compression": "xz", "options": {"CONFIG_SMP": {"value": True, "source": "banner", "evidence": "SMP"}}},
    "created_at": "2026-11-24T15:48:02Z",
}

BOOT: dict[str, Any] = {
    **RELEASE,
    "id": 8,
    "job": 4,
    "build": 4,
    "environment": "qemu-i386",
    "append": "mem=10M",
    "repeat": 1,
    "attempt": 1,
    "retry_of": None,
    "state": "finished",
    "verdict": "fail",
    "reason": "kernel panic: System is deadlocked on memory",
    "stage": "initcalls",
    "title": "kernel panic: System is deadlocked on memory",
    "type": "oom",
    "function": None,
    "signature": "b53dacd4535c6bb0",
    "evidence": [
        {
            "line": 397,
            "offset": 23310,
            "text": "[    1.477213] Kernel panic - not syncing: System is deadlocked on memory",
        }
    ],
    "warnings": ["out of memory"],
    "booted": "6.1.0-50-686",
    "device": "qemu1",
    "lab": "desk",
    "cmdline": "console=ttyS0,115200 earlyprintk=ttyS0,115200 farm.token=8bb23f07f7ae2f5c mem=10M",
    "queued_at": "2026-11-24T15:48:02Z",
    "started_at": "2026-11-24T15:48:02Z",
    "finished_at": "2026-11-24T15:48:16Z",
    "phases": [
        {"phase": "prepare", "at": "2026-11-24T15:48:02Z", "note": ""},
        {"phase": "power", "at": "2026-11-24T15:48:02Z", "note": ""},
        {"phase": "load", "at": "2026-11-24T15:48:08Z", "note": "script to 127.0.0.1"},
        {"phase": "kernel", "at": "2026-11-24T15:48:12Z", "note": "6.1.0-50-686"},
        {"phase": "clean", "at": "2026-11-24T15:48:16Z", "note": ""},
    ],
    "console_size": 24331,
    "waiting": None,
}

JOB: dict[str, Any] = {
    "id": 4,
    "created_at": "2026-11-24T15:48:02Z",
    "submitter": "zach@desk",
    "build": BUILD,
    "environments": ["qemu-i386"],
    "tags": [],
    "appends": ["mem=10M"],
    "repeat": 1,
    "priority": 50,
    "done": True,
    "boots": [BOOT],
}

DEVICE: dict[str, Any] = {
    "name": "qemu1",
    "lab": "desk",
    "type": "qemu-i386",
    "arch": "i386",
    "environments": ["qemu-i386"],
    "tags": ["arch:i386", "device:qemu1", "pae"],
    "health": "good",
    "note": "",
    "boot": None,
    "lease_expires_at": None,
    "lab_seen_at": "2026-11-24T15:48:20Z",
    "online": True,
}
