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

OOM_LINE: dict[str, Any] = {
    "line": 335,
    "offset": 21484,
    "text": "[    1.234340] swapper/0 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
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
    "outcome": "panic",
    "reason": "out of memory, then kernel panic: System is deadlocked on memory",
    "stage": "initcalls",
    "title": "out of memory",
    "type": "oom",
    "function": None,
    "signature": "01f1662530956ecb",
    "evidence": [
        OOM_LINE,
        {
            "line": 398,
            "offset": 25541,
            "text": "[    1.248869] Kernel panic - not syncing: System is deadlocked on memory",
        },
    ],
    "warnings": [],
    "alternates": [],
    "frames": [
        "dump_stack_lvl+0x34/0x44",
        "dump_stack+0xd/0x10",
        "dump_header+0x42/0x1fb",
        "out_of_memory.cold+0x9/0x6e",
        "__alloc_pages+0xd80/0xf40",
        "allocate_slab+0x2a8/0x430",
        "___slab_alloc+0x332/0x980",
        "kmem_cache_alloc+0x39f/0x3e0",
        "__kernfs_new_node+0x49/0x1a0",
        "kernfs_new_node+0x51/0x80",
        "__kernfs_create_file+0x23/0xc0",
        "sysfs_add_file_mode_ns+0x62/0x110",
        "internal_create_group+0x11e/0x380",
        "sysfs_create_group+0x11/0x20",
        "sysfs_slab_add+0x198/0x210",
        "slab_sysfs_init+0x6b/0xcd",
        "do_one_initcall+0x4b/0x1f0",
        "kernel_init_freeable+0x1a5/0x1e5",
        "kernel_init+0x17/0x100",
        "ret_from_fork+0x1c/0x28",
    ],
    "corrupted": False,
    "culprit": None,
    "paravirt": {"platform": "bare hardware", "highmem": "0MB", "lowmem": "32MB", "kernel_offset": "disabled"},
    "reports": [
        {
            "title": "out of memory",
            "type": "oom",
            "severity": "fatal",
            "function": None,
            "signature": "01f1662530956ecb",
            "evidence": OOM_LINE,
        }
    ],
    "stage_times": {
        "firmware": 0.093,
        "netboot": 0.108,
        "loader": 0.128,
        "decompress": 6.617,
        "banner": 9.733,
        "setup_arch": 9.733,
        "start_kernel": 9.869,
        "initcalls": 10.716,
    },
    "booted": "6.1.0-50-686",
    "device": "qemu1",
    "lab": "desk",
    "cmdline": "console=ttyS0,115200 earlyprintk=ttyS0,115200 farm.token=3fb327276628a5b8 mem=10M",
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
    "console_size": 27347,
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
