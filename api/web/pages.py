"""Templates into responses: Jinja2 with autoescape, headers that keep a page from doing anything but show.

Knows no SQL. Every text that a template puts out goes through `console_text.plain`, so that no control or direction
character of a machine reaches a browser, wherever on the page it stands.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from api.web import views
from api.web.console_text import plain
from farm import __version__
from farm.core.database import now
from farm.core.words import Stage

_HERE = Path(__file__).parent
MEDIA = {"farm.css": "text/css", "farm.js": "text/javascript", "farm.svg": "image/svg+xml"}
HEADERS = {
    # Nothing inline, nothing from elsewhere, no frame around it.
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def _finalize(value: Any) -> Any:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _asset(name: str) -> tuple[bytes, str]:
    data = (_HERE / "static" / name).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]


def _asset_url(name: str) -> str:
    return f"/static/{name}?v={_asset(name)[1]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "asset": _asset_url,
        "version": __version__,
        "stages": list(Stage),
        "headline": views.headline,
        "took": views.took,
        "sentence": views.verdict_sentence,
        "traced": views.traced,
        "also_reported": views.also_reported,
        "also_warned": views.also_warned,
        "machine": views.machine,
    }
    environment.filters |= {"size": views.size, "message": views.message, "duration": views.duration, "ago": views.ago}
    return environment


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page, with the moment it was made as `now`."""
    html = _environment().get_template(template).render(now=now(), **values)
    return HTMLResponse(html, status, HEADERS)


def not_found(sentence: str) -> Response:
    return page("error.html", status=404, sentence=sentence, refresh=None)


def static(name: str, shown_version: str | None) -> Response | None:
    """A static file, or None. With its version in the address a browser need never ask again."""
    if name not in MEDIA:
        return None
    data, version = _asset(name)
    kept = "public, max-age=31536000, immutable" if shown_version == version else "no-cache"
    return Response(data, media_type=MEDIA[name], headers={**HEADERS, "Cache-Control": kept})
