"""A file that may be appended to while it is sent: a console of a boot that runs.

Starlette's FileResponse promises the length it saw and then sends all that it finds; a line printed in between makes
more bytes than promised, and the server breaks the connection off (RFC 9110, 8.6).
"""

from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send


class GrowingFileResponse(FileResponse):
    """What the file held when it was asked for, to the byte; what is appended meanwhile waits for the next request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the whole file (200) or a range of it (206)."""
        left = 0

        async def send_promised(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                left = int(Headers(raw=message["headers"])["content-length"])
            elif message["type"] == "http.response.body":
                message = {**message, "body": message["body"][:left]}
                left -= len(message["body"])
            await send(message)

        await super().__call__(scope, receive, send_promised)
