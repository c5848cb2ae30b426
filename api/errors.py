"""Errors become problem+json (RFC 9457): one handler for our own, one for validation, one for the framework's."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from farm.core.errors import FarmError
from farm.core.wire import Problem

log = logging.getLogger(__name__)

PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}
    for code, text in {
        404: "There is no such thing here",
        409: "It has moved on since you looked",
        413: "Too large",
        422: "What was handed in cannot be used",
        507: "The farm's storage is full",
    }.items()
}


def answer(problem: Problem) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else None
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, problem.status, headers, media_type="application/problem+json")


def sentence(fault: dict[str, Any]) -> tuple[str, str]:
    """One of pydantic's errors as (where, what)."""
    where = ".".join(str(part) for part in fault["loc"] if part not in ("body", "query", "path"))
    return where, str(fault["msg"])


def invalid(faults: list[dict[str, Any]]) -> Problem:
    told = [sentence(fault) for fault in faults]
    detail = "; ".join(f"{where}: {what}" if len(told) > 1 else what for where, what in told)
    return Problem(title="This cannot be used", status=422, detail=detail, where=told[0][0] if len(told) == 1 else None)


def install(app: FastAPI) -> None:
    @app.exception_handler(FarmError)
    async def of_farm(request: Request, fault: FarmError) -> Response:
        if fault.status >= 500:
            log.error("%s %s: %s", request.method, request.url.path, fault)
        return answer(Problem(title=fault.title, status=fault.status, detail=fault.detail, where=fault.where))

    @app.exception_handler(RequestValidationError)
    async def of_request(_request: Request, fault: RequestValidationError) -> Response:
        return answer(invalid(list(fault.errors())))

    @app.exception_handler(ValidationError)
    async def of_model(_request: Request, fault: ValidationError) -> Response:
        return answer(invalid([dict(error) for error in fault.errors()]))

    @app.exception_handler(HTTPException)
    async def of_framework(request: Request, fault: HTTPException) -> Response:
        detail = str(fault.detail) if fault.status_code != 404 else f"there is nothing at {request.url.path}"
        told = answer(Problem(title="Not possible", status=fault.status_code, detail=detail))
        told.headers.update(fault.headers or {})
        return told

    @app.exception_handler(Exception)
    async def of_anything_else(_request: Request, _fault: Exception) -> Response:
        # The server has logged it with its traceback; the person gets a sentence, not our insides.
        detail = "the farm made a mistake of its own; its log has the details"
        return answer(Problem(title=FarmError.title, status=500, detail=detail))
