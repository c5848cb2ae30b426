"""Templates into responses: nothing inline, nothing from elsewhere, nothing of a machine that could act."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web import console_window, pages

HERE = Path(pages.__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.html"))


def lines(data: bytes) -> str:
    """The part of a page that shows these console bytes."""
    window = console_window.window(lambda start, end: data[start:end], len(data))
    return bytes(pages.page("lines.html", window=window, evidence=set()).body).decode()


def skeleton(html: str) -> list[str]:
    """The tags, without what stands between them and in their attributes."""
    return re.findall(r"</?[a-z]+", html)


@given(
    st.lists(st.sampled_from([b"<", b">", b"&", b'"', b"'", b"script", b"/", b"=", b" ", b"\x1b[", b"-->", b"\xff"]))
)
def test_html_in_a_console_is_inert(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    assert skeleton(lines(b"x" + data)) == skeleton(lines(b"x"))


@given(st.binary(max_size=200))
def test_no_raw_control_character_reaches_the_page(data: bytes) -> None:
    html = lines(data)
    bad = {char for char in html if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"}}
    assert bad <= {"\n"}


def test_text_besides_the_console_is_made_harmless_too() -> None:
    html = bytes(pages.not_found("no \x1b[31m \u202e <b>boot</b>").body).decode()
    assert "no ␛[31m ‹U+202E› &lt;b&gt;boot&lt;/b&gt;" in html


def test_every_page_forbids_what_it_does_not_need() -> None:
    headers = pages.not_found("x").headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_nothing_inline_and_nothing_from_elsewhere(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:|\| *safe|autoescape false", text)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", text))


def test_the_stylesheet_and_the_script_ask_nothing_of_other_hosts() -> None:
    for name in ("farm.css", "farm.js"):
        assert not re.search(r"https?://|@import|url\(", (HERE / "static" / name).read_text())


def test_the_script_makes_no_html_from_text() -> None:
    script = (HERE / "static" / "farm.js").read_text()
    assert not re.search(r"\.(?:innerHTML|outerHTML) *=(?!=)|insertAdjacentHTML|document\.write|\beval\b", script)


@pytest.mark.parametrize("name", list(pages.MEDIA))
def test_a_static_file_may_be_kept_for_ever_under_its_version(name: str) -> None:
    version = pages._asset_url(name).partition("v=")[2]
    kept, asked, wrong = (pages.static(name, shown) for shown in (version, None, "other"))
    assert kept
    assert asked
    assert wrong
    assert "immutable" in kept.headers["cache-control"]
    assert asked.headers["cache-control"] == wrong.headers["cache-control"] == "no-cache"
    assert kept.headers["content-type"].startswith(pages.MEDIA[name])


@pytest.mark.parametrize("name", ["../pages.py", "pages.py", "", "farm.css/"])
def test_no_other_file_is_served(name: str) -> None:
    assert pages.static(name, None) is None


# Contrast (WCAG 2.2, 1.4.3): AA is 4.5 for text of this size, 3 for the large.


def colours(scheme: str) -> dict[str, str]:
    css = (HERE / "static" / "farm.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\n\s*\}", css, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "quiet", "link", "fail-text") for ground in ("bg", "surface")),
        *((f"{state}-ink", state) for state in ("pass", "fail", "mixed", "unclear", "infra", "running")),
        ("ink", "mark"), ("ink", "evidence"), ("quiet", "evidence"), ("ink", "line"),
    ],
)  # fmt: skip
def test_text_can_be_read_on_its_ground(scheme: str, ink: str, ground: str) -> None:
    palette = colours(scheme)
    assert contrast(palette[ink], palette[ground]) >= 4.5
