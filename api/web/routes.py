"""The pages' addresses. Each asks PageSource once and renders one template; knows no SQL."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from api.state import Farm
from api.web import console_window, pages, views
from api.web.console_window import Window
from api.web.source import BootPage, PageSource
from farm.core.database import now
from farm.core.errors import NotFoundError
from farm.core.wire import BootOut
from farm.core.words import BootState

FRONT_REFRESH = 15  # seconds; nothing on the front page is as urgent as a calm screen
BOOT_REFRESH = 3


class PageRoute(APIRoute):
    """A route whose 404 is a page: for what is not there, and for an address that cannot be one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await answer(request)
            except NotFoundError as fault:
                return pages.not_found(f"{fault.detail[:1].upper()}{fault.detail[1:]}.")
            except RequestValidationError:
                return pages.not_found(f"There is no page at {request.url.path}.")

        return handler


class _OutsideApi(Convertor[str]):
    """Any path but the API's, whose own 404 is for programs."""

    regex = "(?!api(?:/|$)).*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("outside_api", _OutsideApi())


def _source(farm: Farm) -> PageSource:
    return PageSource(farm)


Source = Annotated[PageSource, Depends(_source)]
Number = Annotated[int, Path(ge=1, lt=2**31)]
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/")
def front(
    source: Source, branch: Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]+$")] = None
) -> Response:
    return pages.page("front.html", front=source.front(branch), branch=branch, refresh=FRONT_REFRESH)


@router.get("/queue")
def queue(source: Source) -> Response:
    running, queued, length = source.queue()
    return pages.page("queue.html", running=running, queued=queued, length=length, refresh=FRONT_REFRESH)


@router.get("/devices")
def devices(source: Source) -> Response:
    return pages.page("devices.html", devices=source.devices(), refresh=FRONT_REFRESH)


@router.get("/jobs")
def jobs(source: Source, before: Annotated[int | None, Query(ge=1, lt=2**31)] = None) -> Response:
    return pages.page("jobs.html", jobs=source.jobs(before), refresh=None)


@router.get("/jobs/{number}")
def job(number: Number, source: Source) -> Response:
    return pages.page("job.html", job=source.job(number), refresh=FRONT_REFRESH)


@router.get("/builds/{number}")
def build(number: Number, source: Source) -> Response:
    found = source.build(number)
    facts, options = views.image_facts(found.build), views.options(found.build.facts)
    return pages.page("build.html", page=found, facts=facts, options=options, refresh=None)


@router.get("/boots/{number}")
def boot(
    number: Number, source: Source, around: Annotated[int | None, Query(alias="from", ge=1, lt=2**53)] = None
) -> Response:
    """A boot. `?from=LINE` shows the console around that line."""
    found = source.boot(number)
    return pages.page(
        "boot.html",
        page=found,
        boot=found.boot,
        build=found.build,
        command=views.reproduce(found.boot, found.build, found.asked),
        bars=views.bars(found.boot, now()),
        facts=views.image_facts(found.build),
        options=views.options(found.build.facts),
        window=_window(source, found, around),
        evidence={line.line for line in found.boot.evidence},
        refresh=BOOT_REFRESH if found.boot.state in (BootState.QUEUED, BootState.RUNNING) else None,
    )


def _window(source: PageSource, found: BootPage, around: int | None) -> Window:
    """The stretch of console asked for; else the one with the verdict's line, or the newest of a running boot."""
    telling = views.headline(found.boot) if found.boot.state is BootState.FINISHED else None
    if around is None and telling is not None:
        around = telling.line
    return console_window.window(_reader(source, found.boot), found.boot.console_size, around=around)


def _reader(source: PageSource, boot: BootOut) -> console_window.Reader:
    return lambda start, end: source.read_console(boot.id, start, end)


@router.get("/boots/{number}/lines")
def lines(
    number: Number,
    source: Source,
    line: Annotated[int, Query(ge=1, lt=2**53)],
    offset: Annotated[int, Query(ge=0, lt=2**53)],
) -> Response:
    """A part of a page: the console from line `line`, which begins at `offset`, to its end now."""
    boot = source.console_of(number)
    window = console_window.tail(_reader(source, boot), boot.console_size, number=line, offset=offset)
    evidence = {shown.line for shown in boot.evidence}
    return pages.page("lines.html", window=window, evidence=evidence)


@router.get("/static/{name}")
def static(name: str, v: str | None = None) -> Response:
    found = pages.static(name, v)
    if found is None:
        raise NotFoundError(f"there is no file /static/{name}")
    return found


@router.get("/{path:outside_api}")
def nothing(path: str) -> Response:
    raise NotFoundError(f"there is no page at /{path}")
