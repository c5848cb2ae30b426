"""Runs a peer's own code over consoles, inside the peer's environment: SQUAD's log parser, or LAVA's kernel messages.

    PEER_PYTHON tests/bench/peer.py squad|lava INDEX [--seconds S]

INDEX has a line a console: {"id": ..., "file": ...}. Prints one JSON object: `bytes` read in `seconds` of processor
time, going over all consoles until S seconds are full, and `answers`: {"id": ..., "out": what the peer saw}. Standard
library only, and nothing of the farm: it is started by its path, with another Python.
"""

import argparse
import contextlib
import importlib
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Answer = dict[str, Any]
Classify = Callable[[bytes], Answer]
LAVA_READS = 4092  # bytes; lava_dispatcher's default of the constant spawn_maxread
LAVA_WINDOW = 4000  # lava_dispatcher/shell.py ShellCommand
_LONG = 3600.0  # seconds; nothing here waits


def squad() -> Classify:
    """squad.plugins.linux_log_parser.Plugin.postprocess_testrun without a database, as its own command line calls it.

    It looks only at lines with a printk time; a console without any gets them, or it would find nothing.
    """
    os.environ["SQUAD_GIT_BUILD"] = "1"  # do without celery
    parser = importlib.import_module("squad.plugins.linux_log_parser")
    stamp = re.compile(importlib.import_module("squad.plugins.lib.base_log_parser").tstamp)

    class Recording(parser.Plugin):  # type: ignore[misc, name-defined]
        def create_squad_tests(
            self, testrun: Any, suite: Any, test_name: str, lines: list[str], *args: Any, **keys: Any
        ) -> None:
            testrun.found += [(test_name, line, args[0]) for line in lines]
            super().create_squad_tests(testrun, suite, test_name, lines, *args, **keys)

    plugin = Recording()
    suites = SimpleNamespace(get_or_create=lambda slug: (SimpleNamespace(slug=slug), True))
    build = SimpleNamespace(project=SimpleNamespace(suites=suites))

    def classify(data: bytes) -> Answer:
        log = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if not stamp.search(log):
            log = "".join(f"[    0.000000] {line}\n" for line in log.split("\n"))
        testrun = SimpleNamespace(log_file=log, build=build, found=[])
        plugin.postprocess_testrun(testrun, squad=False)
        if not testrun.found:
            return {"report": False}
        first = min(testrun.found, key=lambda found: log.find(found[1][:200]) % (1 << 62))
        title = first[2].search(first[1])
        panicked = any(name.startswith("panic") for name, _, _ in testrun.found)
        return {
            "report": True,
            "title": title[0].strip() if title else first[1][:100],
            "type": first[0],
            "outcome": "panic" if panicked else "",
        }

    return classify


def lava() -> Classify:
    """lava_dispatcher.utils.messages.LinuxKernelMessages.parse_failures on pexpect, read as LAVA's shell reads.

    The console comes from a file instead of a terminal, with the terminal's line ends, which its patterns want. A
    message whose beginning it saw counts, even where it goes on to wait for an end that never comes.
    """
    messages = importlib.import_module("lava_dispatcher.utils.messages")
    stop = importlib.import_module("lava_common.exceptions").JobError
    fdpexpect = importlib.import_module("pexpect.fdpexpect")
    quiet = logging.getLogger("peer")
    quiet.disabled = True
    action = SimpleNamespace(name="kernel", logger=quiet, force_prompt=False, errors=None, parameters={}, level="1")

    def classify(data: bytes) -> Answer:
        with tempfile.TemporaryFile() as file:
            file.write(re.sub(rb"\r?\n", b"\r\n", data))
            file.seek(0)
            spawn = fdpexpect.fdspawn(
                file, encoding="utf-8", codec_errors="replace", maxread=LAVA_READS, searchwindowsize=LAVA_WINDOW
            )
            connection = _Connection(spawn, messages.LinuxKernelMessages.get_init_prompts())
            with contextlib.suppress(stop):  # a panic ends the job
                messages.LinuxKernelMessages.parse_failures(
                    connection, action, time.monotonic() + _LONG, None, auto_login=True
                )
        if not connection.seen:
            return {"report": False}
        kinds = [messages.KERNEL_MESSAGES[index]["kind"] or "warning" for index, _ in connection.seen]
        panicked = "panic" if "panic" in kinds else ""
        return {"report": True, "title": connection.seen[0][1][-200:], "type": kinds[0], "outcome": panicked}

    return classify


class _Connection:
    """What parse_failures uses of lava_dispatcher's ShellSession; notes which message began."""

    def __init__(self, spawn: Any, prompts: list[str]) -> None:
        self.raw_connection = spawn
        self.prompt_str = self._begins = prompts
        self.seen: list[tuple[int, str]] = []

    def wait(self, _until: float, *, max_searchwindowsize: bool = False) -> int:
        spawn, window = self.raw_connection, None if max_searchwindowsize else LAVA_WINDOW
        index = int(spawn.expect(self.prompt_str, timeout=_LONG, searchwindowsize=window))
        if self.prompt_str == self._begins:
            self.seen.append((index, spawn.before.rpartition("\n")[2] + spawn.after))
        return index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=("squad", "lava"))
    parser.add_argument("index", type=Path)
    parser.add_argument("--seconds", type=float, default=0.0)
    options = parser.parse_args()
    classify = squad() if options.peer == "squad" else lava()
    rows = [json.loads(line) for line in options.index.read_text().splitlines()]
    consoles = [(row["id"], Path(row["file"]).read_bytes()) for row in rows]
    size, answers, begin = 0, [], time.process_time()
    while not size or time.process_time() - begin < options.seconds:
        answers = [{"id": name, "out": classify(data)} for name, data in consoles]
        size += sum(len(data) for _, data in consoles)
    json.dump({"bytes": size, "seconds": time.process_time() - begin, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
