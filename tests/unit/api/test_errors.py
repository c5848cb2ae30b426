"""Every error becomes problem+json (RFC 9457), whatever raised it."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api import errors
from farm.core import errors as kinds
from farm.core.errors import FarmError
from farm.core.wire import Problem
from tests.support.talking import problem

CLASSES = [kind for kind in vars(kinds).values() if isinstance(kind, type) and issubclass(kind, FarmError)]


class Model(BaseModel):
    number: int


def ask(method: str, path: str, **more: object) -> httpx.Response:
    app = FastAPI()
    errors.install(app)

    @app.get("/raise/{name}")
    def fail(name: str) -> None:
        raise getattr(kinds, name)("what is wrong", where="a place")

    @app.get("/mistake")
    def mistake() -> None:
        raise ZeroDivisionError("an inside of ours")

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418, "short and stout", headers={"X-Kind": "tea"})

    @app.get("/model")
    def model() -> None:
        Model.model_validate({"number": "x"})

    @app.post("/body")
    def body(one: Model) -> int:
        return one.number

    async def body_() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://farm") as client:
            return await client.request(method, path, **more)  # type: ignore[arg-type]

    return asyncio.run(body_())


@pytest.mark.parametrize("kind", CLASSES)
def test_each_of_our_errors(kind: type[FarmError]) -> None:
    answer = ask("GET", f"/raise/{kind.__name__}")
    assert problem(answer, kind.status) == {
        "type": "about:blank",
        "title": kind.title,
        "status": kind.status,
        "detail": "what is wrong",
        "where": "a place",
    }
    assert ("www-authenticate" in answer.headers) == (kind.status == 401)
    assert Problem.model_validate_json(answer.content).detail == "what is wrong"


def test_a_body_that_does_not_fit() -> None:
    assert problem(ask("POST", "/body", json={"number": "x"}), 422)["where"] == "number"
    problem(ask("POST", "/body", content=b"{"), 422)


def test_a_model_that_does_not_fit() -> None:
    assert problem(ask("GET", "/model"), 422)["where"] == "number"


def test_what_the_framework_refuses() -> None:
    assert problem(ask("GET", "/nowhere"), 404)["detail"] == "there is nothing at /nowhere"
    answer = ask("DELETE", "/teapot")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET"
    answer = ask("GET", "/teapot")
    assert problem(answer, 418)["detail"] == "short and stout"
    assert answer.headers["x-kind"] == "tea"


def test_a_mistake_of_ours_shows_nothing_of_our_insides() -> None:
    told = problem(ask("GET", "/mistake"), 500)
    assert "inside" not in str(told)
    assert told["detail"] == "the farm made a mistake of its own; its log has the details"
