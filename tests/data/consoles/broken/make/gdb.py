"""A client of QEMU's gdb stub, as small as an injection needs: break at an address, write bytes there, let go.

Protocol: "The GDB Remote Serial Protocol", appendix of the GDB manual; QEMU's side: gdbstub.c. A hardware breakpoint,
since the kernel is not in memory yet when it is set. Knows nothing of kernels.
"""

import socket
import time
from pathlib import Path
from types import TracebackType

_SECONDS = 60


class Gdb:
    """A connection to a stub on a Unix socket; the guest is stopped when it opens."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_SECONDS)
        for attempt in range(50):
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if attempt == 49:
                    raise
                time.sleep(0.1)
        self._bytes = self._socket.makefile("rb")

    def __enter__(self) -> "Gdb":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bytes.close()
        self._socket.close()

    def ask(self, packet: str) -> str:
        """Send one packet and give the stub's next one. TimeoutError after a minute."""
        self._socket.sendall(b"$%s#%02x" % (packet.encode(), sum(packet.encode()) % 256))
        return self._answer()

    def _answer(self) -> str:
        while self._bytes.read(1) != b"$":  # acknowledgements
            pass
        body = bytearray()
        while (byte := self._bytes.read(1)) != b"#":
            if not byte:
                raise ConnectionError("the gdb stub went away")
            body += byte
        self._bytes.read(2)
        self._socket.sendall(b"+")
        return body.decode()

    def _do(self, packet: str) -> None:
        if (answer := self.ask(packet)) != "OK":
            raise RuntimeError(f"the gdb stub answered {answer!r} to {packet!r}")

    def inject(self, address: int, code: bytes) -> None:
        """Run to `address`, put `code` there, and let the guest run on without us."""
        self._do(f"Z1,{address:x},1")
        stopped = self.ask("c")
        if not stopped.startswith(("T05", "S05")):
            raise RuntimeError(f"the guest stopped with {stopped!r}, not at the breakpoint")
        self._do(f"z1,{address:x},1")
        self._do(f"M{address:x},{len(code):x}:{code.hex()}")
        self._do("D")
