"""Starting and ending the demo's farm: ports, one at a time, and a reason when it does not come up."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.demo import server
from deploy.demo.server import HOST, DemoError, farm_serve, free_port, only_demo, running_server
from farm.client import Client


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert port < free_port(port) < port + server.PORTS_TRIED


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with socket.create_server((HOST, 0)) as taken, pytest.raises(DemoError, match="are all taken; give another"):
        free_port(taken.getsockname()[1])


def test_a_second_demo_is_told_where_the_first_is(tmp_path: Path) -> None:
    with only_demo(tmp_path / "state") as hold:
        hold.say("http://127.0.0.1:1234", 77)
        told = pytest.raises(DemoError, match=r"still up at http://127\.0\.0\.1:1234 \(process 77\)")
        with told, only_demo(tmp_path / "state"):
            pass
    with only_demo(tmp_path / "state"):
        pass


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def wait_for_output(log: Path) -> None:
    for _ in range(3000):
        if log.read_bytes():
            return
        time.sleep(0.02)
    pytest.fail("the process said nothing")


def test_the_farm_is_ended_in_order_on_every_way_out(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = (
        "import pathlib, signal, sys, time\n"
        f"def end(*_): pathlib.Path({str(told)!r}).write_text('powered off'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    log = tmp_path / "log" / "serve.log"

    def interrupted() -> None:
        with only_demo(tmp_path) as hold, running_server(python(code), "http://x", log, hold):
            wait_for_output(log)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert told.read_text() == "powered off"


def test_a_farm_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STOP_SECONDS", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    log = tmp_path / "log"
    with only_demo(tmp_path) as hold, running_server(python(code), "http://x", log, hold) as farm:
        wait_for_output(log)
    with pytest.raises(DemoError, match=f"ended with code -{signal.SIGKILL.value} "):
        farm.check_alive()


def test_a_farm_that_ends_by_itself_is_said_with_its_last_words(tmp_path: Path) -> None:
    code = "import sys; print('lab.yaml:3:1: no such type'); sys.exit(4)"
    with (
        only_demo(tmp_path) as hold,
        running_server(python(code), "http://127.0.0.1:9", tmp_path / "log", hold) as farm,
        Client(farm.url) as client,
        pytest.raises(DemoError, match=r"code 4 .*\n.*no such type"),
    ):
        farm.wait_ready(client, 1)


def test_a_farm_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "START_SECONDS", 0.1)
    code = "import time; time.sleep(60)"
    with (
        only_demo(tmp_path) as hold,
        running_server(python(code), "http://127.0.0.1:9", tmp_path / "log", hold) as farm,
        Client(farm.url) as client,
        pytest.raises(DemoError, match="did not come up within"),
    ):
        farm.wait_ready(client, 1)


def test_the_folder_stays_held_while_an_orphaned_farm_lives(tmp_path: Path) -> None:
    """The demo itself was killed; its farm lives on and still owns the machines."""
    root = Path(__file__).parents[4]
    code = (
        "import os, pathlib, sys\n"
        "from deploy.demo.server import only_demo, running_server\n"
        "state = pathlib.Path(sys.argv[1])\n"
        "with only_demo(state) as hold:\n"
        "    sleep = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "    with running_server(sleep, 'http://x', state / 'log', hold) as farm:\n"
        "        print(farm.pid, flush=True)\n"
        "        os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=root, text=True, capture_output=True, check=False
    )
    pid = int(killed.stdout)
    try:
        with pytest.raises(DemoError, match=rf"still up at http://x \(process {pid}\)"), only_demo(tmp_path):
            pass
    finally:
        os.kill(pid, signal.SIGKILL)


def test_the_settings_of_another_farm_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_DATABASE_URL", "postgresql://elsewhere")
    log = tmp_path / "log"
    code = "import os; print([key for key in os.environ if key.startswith('FARM_')], flush=True)"
    with only_demo(tmp_path) as hold, running_server(python(code), "http://x", log, hold):
        wait_for_output(log)
    assert log.read_text() == "[]\n"


def test_the_farm_of_this_virtualenv_is_started(tmp_path: Path) -> None:
    command = farm_serve(tmp_path / "lab.yaml", tmp_path, 8001)
    assert Path(command[0]).parent == Path(sys.executable).parent
    assert command[1:2] + command[-2:] == ["serve", "--listen", "127.0.0.1:8001"]
