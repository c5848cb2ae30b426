"""Files come in: streamed to disk, hashed on the way, bounded. Raw bodies, and multipart forms with several files.

A form is parsed as it arrives (RFC 7578), so that a 1 GiB initramfs is written once and never held in memory.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from farm.core.errors import BadInputError, TooLargeError
from farm.core.storage import Storage, Stored, Upload

FIELD_LIMIT = 64 << 10
MOST_FIELDS = 1000


async def body(request: Request) -> AsyncIterator[bytes]:
    """The request's body; one that ends before its Content-Length is an error, and whatever came is thrown away."""
    promised = request.headers.get("content-length")
    came = 0
    try:
        async for chunk in request.stream():
            came += len(chunk)
            yield chunk
    except ClientDisconnect as fault:
        detail = f"the connection ended after {came} of {promised or 'unknown many'} bytes; nothing of it was kept"
        raise BadInputError(detail, where="request body") from fault


async def receive(request: Request, storage: Storage, *, limit: int, what: str, expect: str | None) -> Stored:
    """Store a raw body; BadInputError if its sha256 is not `expect`."""
    with storage.receive(limit=limit, what=what, expect=expect) as upload:
        async for chunk in body(request):
            upload.write(chunk)
    return Stored(upload.sha256, upload.size)


@dataclass
class Form:
    """What a multipart form held: plain fields in order, and files by field name."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, Stored] = field(default_factory=dict)
    filenames: dict[str, str] = field(default_factory=dict)


class _Parts:
    """Call-backs of the parser: one part after another goes to a field buffer or to storage."""

    def __init__(self, storage: Storage, limits: dict[str, int]) -> None:
        self.form = Form()
        self.finished = False
        self._storage = storage
        self._limits = limits
        self._header = ["", ""]
        self._disposition: dict[bytes, bytes] = {}
        self._name = ""
        self._buffer = bytearray()
        self._receiving: AbstractContextManager[Upload] | None = None
        self._upload: Upload | None = None

    def on_part_begin(self) -> None:
        self._header, self._disposition, self._buffer = ["", ""], {}, bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end].decode("latin-1")

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end].decode("latin-1")

    def on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == "content-disposition":
            self._disposition = parse_options_header(value)[1]
        self._header = ["", ""]

    def on_headers_finished(self) -> None:
        self._name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
        if not self._name:
            raise BadInputError("a part of the form has no name", where="multipart form")
        if self._name in self._limits:
            if self._name in self.form.files:
                raise BadInputError("given twice; give one", where=self._name)
            filename = self._disposition.get(b"filename", b"").decode("utf-8", "replace")
            self.form.filenames[self._name] = filename
            self._receiving = self._storage.receive(limit=self._limits[self._name], what=filename or self._name)
            self._upload = self._receiving.__enter__()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is not None:
            self._upload.write(memoryview(data)[start:end])
            return
        self._buffer += data[start:end]
        if len(self._buffer) > FIELD_LIMIT:
            raise TooLargeError(
                f"a form field of more than {FIELD_LIMIT} bytes; files are {_all(self._limits)}", where=self._name
            )

    def on_part_end(self) -> None:
        if self._upload is not None and self._receiving is not None:
            upload, receiving = self._upload, self._receiving
            self._upload = self._receiving = None
            receiving.__exit__(None, None, None)
            self.form.files[self._name] = Stored(upload.sha256, upload.size)
        elif len(self.form.fields) >= MOST_FIELDS:
            raise TooLargeError(f"more than {MOST_FIELDS} fields", where="multipart form")
        else:
            self.form.fields.append((self._name, self._buffer.decode("utf-8", "replace")))

    def on_end(self) -> None:
        self.finished = True

    def abandon(self, fault: BaseException) -> None:
        """Throw away the file that was on its way."""
        if self._receiving is not None:
            receiving, self._receiving = self._receiving, None
            try:
                receiving.__exit__(type(fault), fault, fault.__traceback__)
            except BaseException as again:
                if again is not fault:
                    raise


def _all(names: dict[str, int]) -> str:
    return ", ".join(sorted(names))


async def receive_form(request: Request, storage: Storage, limits: dict[str, int]) -> Form:
    """Parse a multipart form; parts named in `limits` (name -> bytes) are stored as files, the others are fields."""
    boundary = parse_options_header(request.headers.get("content-type", ""))[1].get(b"boundary")
    if not boundary:
        raise BadInputError("a multipart form without a boundary", where="Content-Type")
    parts = _Parts(storage, limits)
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": parts.on_part_begin,
            "on_header_field": parts.on_header_field,
            "on_header_value": parts.on_header_value,
            "on_header_end": parts.on_header_end,
            "on_headers_finished": parts.on_headers_finished,
            "on_part_data": parts.on_part_data,
            "on_part_end": parts.on_part_end,
            "on_end": parts.on_end,
        },
    )
    try:
        async for chunk in body(request):
            parser.write(chunk)
        if not parts.finished:
            raise BadInputError("the form ends in the middle; nothing of it was kept", where="multipart form")
    except MultipartParseError as fault:
        parts.abandon(fault)
        raise BadInputError(f"not a multipart form: {fault}", where="multipart form") from fault
    except BaseException as fault:
        parts.abandon(fault)
        raise
    return parts.form
