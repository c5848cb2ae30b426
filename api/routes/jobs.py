"""Jobs: submit, list, cancel."""

import json
import mmap
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.bell import WORK
from api.errors import PROBLEMS
from api.state import AppState, Farm, Number
from api.uploads import Form, body, receive_form
from farm.core.errors import BadInputError, TooLargeError
from farm.core.wire import JobIn, JobOut, JobPlan, PlannedBoot
from inventory import devices
from jobs.builds.image import read_image
from jobs.queue import running, submit, views, waiting
from jobs.symbols.load import load

router = APIRouter(
    prefix="/jobs", tags=["jobs"], responses={code: PROBLEMS[code] for code in (404, 409, 413, 422, 507)}
)

JSON_LIMIT = 1 << 20
LISTS = ("environments", "tags", "appends", "checks")
NAMES = {"environment": "environments", "tag": "tags", "append": "appends", "check": "checks"}


def read_form(form: Form) -> JobIn:
    """A multipart form as a job: lists are repeated fields (`append=...&append=...`), deadlines are JSON."""
    values: dict[str, Any] = {}
    for field, text in form.fields:
        name = NAMES.get(field, field)
        if name in LISTS:
            values.setdefault(name, []).append(text)
        elif name in values:
            raise BadInputError("given twice; give one", where=field)
        else:
            values[name] = _deadlines(text) if name == "deadlines" else text
    for field, stored in form.files.items():
        values[field] = stored.sha256
    if form.filenames.get("image"):
        values.setdefault("filename", form.filenames["image"])
    return JobIn.model_validate(values)


def _deadlines(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise BadInputError(f'not JSON ({fault}); write it like {{"total": 120}}', where="deadlines") from fault


async def _job(request: Request, farm: AppState) -> JobIn:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        data = bytearray()
        async for chunk in body(request):
            data += chunk
            if len(data) > JSON_LIMIT:
                raise TooLargeError(f"more than {JSON_LIMIT} bytes of JSON; a job is far smaller", where="request body")
        return JobIn.model_validate_json(data)
    settings = farm.settings
    limits = {"image": settings.image_limit, "initrd": settings.initrd_limit, "symbols": settings.symbols_limit}
    return read_form(await receive_form(request, farm.storage, limits))


def look(farm: AppState, job: JobIn) -> submit.Image:
    """Read the stored files of a job; what an earlier job read from the same image is taken from there."""
    where = job.filename or "image"
    path = farm.storage.require(job.image, where)
    if job.initrd is not None:
        farm.storage.require(job.initrd, "initrd")
    size = path.stat().st_size
    if size > farm.settings.image_limit:
        raise TooLargeError(f"{size} bytes; this farm takes images of up to {farm.settings.image_limit}", where=where)
    with farm.db.read() as session:
        facts = submit.facts_of(session, job.image)
    if facts is None:
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                facts = read_image(data)
        except BadInputError as fault:
            raise BadInputError(fault.detail, where=where) from fault
        except ValueError as fault:  # mmap of nothing
            raise BadInputError("empty: 0 bytes", where=where) from fault
    image = submit.Image(job.image, size, facts)
    if job.symbols is not None:
        _check_symbols(farm, job.symbols, image.release)
    return image


def _check_symbols(farm: AppState, sha256: str, release: str) -> None:
    """Refuse a stored file that has no symbols in it, or has another build's. A System.map does not say whose it is."""
    path = farm.storage.require(sha256, "symbols")
    size, most = path.stat().st_size, farm.settings.symbols_limit
    if size > most:
        raise TooLargeError(f"{size} bytes; this farm takes symbols of up to {most}", where="symbols")
    try:
        theirs = load(path).release
    except BadInputError as fault:
        raise BadInputError(fault.detail, where="symbols") from fault
    if theirs and release and theirs != release:
        raise BadInputError(f"these are the symbols of {theirs}, and the image is {release}", where="symbols")


def _plan(farm: AppState, job: JobIn) -> JobPlan:
    image = look(farm, job)
    with farm.db.read() as session:
        submit.check(session, job, image)
        inventory = devices.listing(session)
    needs = set(submit.needed(job, image))
    boots = [
        PlannedBoot(
            environment=environment,
            append=append,
            repeat=number,
            waiting=waiting.reason(inventory, environment, needs, ahead=0),
        )
        for environment in dict.fromkeys(job.environments)
        for append in dict.fromkeys(job.appends)
        for number in range(1, job.repeat + 1)
    ]
    return JobPlan(
        release=image.release,
        version=image.version,
        branch=job.branch or image.branch,
        facts=image.facts.to_json(),
        boots=boots,
    )


def _enqueue(farm: AppState, job: JobIn) -> JobOut:
    image = look(farm, job)
    with farm.db.write() as session:
        submit.check(session, job, image)
        number = submit.enqueue(session, job, image).id
    farm.bell.ring(WORK)
    with farm.db.read() as session:
        return views.job(session, farm.storage, number)


@router.post(
    "",
    summary="Submit a job",
    status_code=201,
    response_model=JobOut | JobPlan,
    openapi_extra={
        "requestBody": {
            "content": {
                "application/json": {"schema": JobIn.model_json_schema(ref_template="#/components/schemas/{model}")},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["image", "environment"],
                        "properties": {
                            "image": {"type": "string", "format": "binary", "description": "bzImage"},
                            "initrd": {"type": "string", "format": "binary"},
                            "symbols": {"type": "string", "format": "binary", "description": "System.map, vmlinux"},
                            "environment": {"type": "array", "items": {"type": "string"}, "example": ["qemu-i386"]},
                            "append": {"type": "array", "items": {"type": "string"}, "example": ["mem=12M"]},
                        },
                    }
                },
            }
        }
    },
)
async def post(request: Request, response: Response, farm: Farm, dry_run: bool = False) -> JobOut | JobPlan:
    """Submit a job: JSON that names stored files, or a multipart form that brings them along.

    With `dry_run` nothing is queued: the answer (200) says what would be, and what it would wait for.
    """
    job = await _job(request, farm)
    if dry_run:
        response.status_code = 200
        return await run_in_threadpool(_plan, farm, job)
    return await run_in_threadpool(_enqueue, farm, job)


@router.get("", summary="List jobs")
def listing(
    farm: Farm,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(ge=0, lt=1 << 31)] = None,
) -> list[JobOut]:
    """Jobs, newest first."""
    with farm.db.read() as session:
        return views.jobs(session, farm.storage, limit, before)


@router.get("/{number}", summary="One job with its boots")
def get(number: Number, farm: Farm) -> JobOut:
    """One job with its boots."""
    with farm.db.read() as session:
        return views.job(session, farm.storage, number)


@router.post("/{number}/cancel", summary="Cancel a job")
def cancel(number: Number, farm: Farm) -> JobOut:
    """Take back every boot of the job that has not ended. A running one is powered off within seconds."""
    with farm.db.write() as session:
        running.cancel_job(session, number)
    with farm.db.read() as session:
        return views.job(session, farm.storage, number)
