"""Stored files, each under its sha256: kernel images, initramfs and symbols."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import FileResponse

from api.state import Farm
from api.uploads import receive
from farm.core.wire import FileOut

router = APIRouter(prefix="/files", tags=["files"])

Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="sha256 of the file, in hexadecimal")]


@router.put(
    "/{sha256}",
    summary="Store a file",
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def put(sha256: Digest, request: Request, farm: Farm) -> FileOut:
    """Store a file. The body is the file itself; it is kept only if its sha256 is the one in the address."""
    limit = max(farm.settings.image_limit, farm.settings.initrd_limit, farm.settings.symbols_limit)
    stored = await receive(request, farm.storage, limit=limit, what="upload", expect=sha256)
    return FileOut(sha256=stored.sha256, size=stored.size)


@router.head("/{sha256}", summary="Whether a file is stored")
@router.get("/{sha256}", summary="Fetch a file", response_class=FileResponse)
def get(sha256: Digest, farm: Farm) -> Response:
    """The file itself, or 404. Byte ranges work."""
    path = farm.storage.require(sha256, "sha256")
    return FileResponse(path, media_type="application/octet-stream", headers={"ETag": f'"{sha256}"'})
