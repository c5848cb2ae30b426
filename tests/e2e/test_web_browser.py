"""The pages in headless Chromium, from the whole application under a real server on loopback.

What only a browser can tell: that a hostile console does nothing, that lines light up, that a console grows while it
comes, and that no page breaks its own content security policy.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.bell import console_bell
from farm.core.database import now
from farm.core.words import BootState, Stage, Verdict
from inventory import devices
from jobs.models import BootRow
from tests.support.serving import Served
from tests.unit.api.web.seed import console, fill_farm

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = (
    b"<script>document.title='owned'</script>\n"
    b"<img src=x onerror=\"document.title='owned'\">\n"
    b"\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x00 \xff \xe2\x80\xaegpj.exe\n"
    b"</code></div></main><style>body{display:none}</style>\n"
    b"\x1b[8mhidden\x1b[0m\r\n"
)
# Where pictures of the pages go; nothing is kept unless it is set.
SHOTS = os.environ.get("WEB_SHOTS")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: chromium)")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def named(served: Served) -> dict[str, int]:
    return fill_farm(served.farm)


class Window:
    """A page that remembers what went wrong on it."""

    def __init__(self, chromium: Any, url: str, **options: Any) -> None:
        self.context = chromium.new_context(base_url=url, viewport={"width": 1600, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda fault: self.complaints.append(f"error: {fault}"))
        self.page.on("requestfailed", self._on_failed)
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self._on_request(request, url))

    def _on_console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _on_failed(self, request: Any) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # leaving a page ends its live console
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _on_request(self, request: Any, url: str) -> None:
        if not request.url.startswith(url):
            self.complaints.append(f"asked another host: {request.url}")

    def go(self, address: str) -> Any:
        self.page.goto(address)
        return self.page


@pytest.fixture
def window(chromium: Any, served: Served) -> Iterator[Window]:
    opened = Window(chromium, served.url)
    yield opened
    opened.context.close()
    assert opened.complaints == []


@pytest.fixture
def plain_window(chromium: Any, served: Served) -> Iterator[Window]:
    """Without JavaScript."""
    opened = Window(chromium, served.url, java_script_enabled=False)
    yield opened
    opened.context.close()
    assert opened.complaints == []


def text_of(page: Any, selector: str) -> str:
    return str(page.locator(selector).inner_text())


def shown_lines(page: Any) -> list[str]:
    return list(page.locator("#log .lines > div > code").all_text_contents())


def background(page: Any, selector: str) -> str:
    return str(page.locator(selector).evaluate("element => getComputedStyle(element).backgroundColor"))


def test_the_matrix_turns_red_where_the_track_turns(window: Window, named: dict[str, int]) -> None:
    page = window.go("/")
    row = page.locator("table.matrix tr", has=page.locator("th code", has_text="mem=12M")).nth(1)
    assert [text.split("\n")[0] for text in row.locator("td").all_inner_texts()] == [
        "pass",
        "pass",
        "fail",
        "fail",
        "·",
    ]
    assert "first bad" in row.locator("td").nth(2).inner_text()
    assert background(page, "td.regression >> nth=0") != background(page, "td.pass >> nth=0")
    page.locator("a.change.regression").click()
    page.wait_for_url("**/boots/*#L*")
    assert "fail" in text_of(page, "h1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1600, 390])
def test_no_page_is_wider_than_its_window(
    chromium: Any, served: Served, named: dict[str, int], scheme: str, width: int
) -> None:
    opened = Window(chromium, served.url, color_scheme=scheme)
    page = opened.page
    page.set_viewport_size({"width": width, "height": 900})
    boots = [f"/boots/{named[name]}" for name in ("6.1.170 mem=12M qemu-i386", "running", "queued", "lost")]
    for address in ("/", "/?branch=6.1.y", "/jobs", "/jobs/5", "/builds/4", "/devices", "/queue", *boots):
        opened.go(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        if SHOTS:
            name = address.strip("/").replace("/", "-") or "front"
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    opened.context.close()
    assert opened.complaints == []


def test_an_empty_farm_says_how_to_begin(window: Window) -> None:
    assert "Nothing has been booted yet" in text_of(window.go("/"), "main")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_hostile_console_does_nothing(
    window: Window, plain_window: Window, served: Served, named: dict[str, int], script: bool
) -> None:
    served.farm.storage.append_console(named["flaky"], 0, 1.0, HOSTILE)
    page = (window if script else plain_window).go(f"/boots/{named['flaky']}")
    assert "owned" not in page.title()
    assert page.locator("#log img, #log style, #log script").count() == 0
    assert page.locator("footer.foot").is_visible()
    assert shown_lines(page) == [
        "<script>document.title='owned'</script>",
        "<img src=x onerror=\"document.title='owned'\">",
        "␛]0;owned␇red ␀ � ‹U+202E›gpj.exe",
        "</code></div></main><style>body{display:none}</style>",
        "hidden",
    ]


def test_a_line_is_marked_without_javascript(plain_window: Window, named: dict[str, int]) -> None:
    page = plain_window.go(f"/boots/{named['6.1.170 mem=12M qemu-i386']}#L3")
    assert background(page, "#L3") != background(page, "#L4")
    page.locator(".evidence a >> nth=1").click()
    assert page.url.endswith("#L15")
    assert background(page, "#L15") != background(page, "#L3") == background(page, "#L4")


def test_a_range_is_marked_and_shift_click_makes_one(window: Window, named: dict[str, int]) -> None:
    page = window.go(f"/boots/{named['6.1.170 mem=12M qemu-i386']}#L3-L5")
    picked = page.locator("#log .picked .n")
    assert picked.all_inner_texts() == ["3", "4", "5"]
    assert background(page, "#L4") != background(page, "#L6")
    page.locator("#L10 .n").click()
    page.locator("#L8 .n").click(modifiers=["Shift"])
    assert page.url.endswith("#L8-L10")
    assert picked.all_inner_texts() == ["8", "9", "10"]


def test_a_permalink_into_a_long_console_finds_its_line(window: Window, served: Served, named: dict[str, int]) -> None:
    number = named["flaky"]
    data = b"".join(b"line %d\n" % number for number in range(1, 20_001))
    served.farm.storage.append_console(number, 0, 1.0, data)
    page = window.go(f"/boots/{number}#L7000-L7002")
    page.wait_for_url("**?from=7000#L7000-L7002")
    sync_api.expect(page.locator("#log .picked .n")).to_have_text(["7000", "7001", "7002"])
    assert page.locator("#log .lines > div").count() == 2000


def test_the_console_grows_while_it_comes(window: Window, served: Served, named: dict[str, int]) -> None:
    number, farm = named["running"], served.farm

    def append(data: bytes) -> None:
        farm.storage.append_console(number, farm.storage.console_size(number), 1.0, data)
        farm.bell.ring(console_bell(number))

    page = window.go(f"/boots/{number}")
    sync_api.expect(page.locator("#live")).to_have_text("live")
    append(b"Decompressing Linux... do")
    sync_api.expect(page.locator("#L1 code")).to_have_text("Decompressing Linux... do")
    append(b"ne.\r\nBooting the kernel.\r\n" + HOSTILE + b"[    0.000000] Linux ver")
    sync_api.expect(page.locator("#L1 code")).to_have_text("Decompressing Linux... done.")
    sync_api.expect(page.locator("#L8 code")).to_have_text("[    0.000000] Linux ver")
    append(b"sion 7.2.0-rc3\n" + b"".join(b"flood %d\n" % n for n in range(5000)))
    sync_api.expect(page.locator("#log .lines > div").last.locator("code")).to_have_text("flood 4999")
    assert "owned" not in page.title()
    assert at_the_end(page)
    live = shown_lines(page)
    with farm.db.write() as session:
        row = session.get_one(BootRow, number)
        row.state, row.verdict, row.finished_at = BootState.FINISHED, Verdict.PASS, now()
        row.stage, row.reason = Stage.DONE, "farm-init's end marker was seen"
        devices.release(session, number)
    farm.bell.ring(console_bell(number))
    # The verdict appears by itself, and a fresh page shows the same lines.
    sync_api.expect(page.locator("h1 .chip")).to_have_text("pass")
    fresh = shown_lines(window.go(f"/boots/{number}"))
    assert live[-len(fresh) :] == fresh
    assert len(fresh) == 2000


def at_the_end(page: Any) -> bool:
    """The newest line is in view of the console's own window."""
    script = (
        "log => log.getBoundingClientRect().bottom + 1 >= log.querySelector('.lines').getBoundingClientRect().bottom"
    )
    return bool(page.locator("#log").evaluate(script))


def test_a_running_boot_without_javascript_is_a_page_with_a_link(
    plain_window: Window, served: Served, named: dict[str, int]
) -> None:
    number = named["running"]
    served.farm.storage.append_console(number, 0, 1.0, console(filler=200))
    page = plain_window.go(f"/boots/{number}")
    assert len(shown_lines(page)) == 213
    assert at_the_end(page)
    served.farm.storage.append_console(number, served.farm.storage.console_size(number), 2.0, b"one more\n")
    page.get_by_role("link", name="load what is new").click()
    assert shown_lines(page)[-1] == "one more"


def test_a_queued_boot_turns_live_when_it_starts(window: Window, served: Served, named: dict[str, int]) -> None:
    page = window.go(f"/boots/{named['queued']}")
    assert "next in line" in text_of(page, ".says")
    with served.farm.db.write() as session:
        row = session.get_one(BootRow, named["queued"])
        row.state, row.started_at = BootState.RUNNING, now()
    sync_api.expect(page.locator("#live")).to_have_text("live", timeout=20_000)


def test_everything_can_be_reached_by_keyboard(window: Window, named: dict[str, int]) -> None:
    page = window.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_a_page_says_when_the_farm_is_away(window: Window, served: Served, named: dict[str, int]) -> None:
    page = window.go("/")
    # The front page looks every 15 seconds; here sooner.
    page.evaluate("document.getElementById('main').dataset.refresh = 0.2")
    assert not page.locator(".away").is_visible()
    page.evaluate("keepFresh()")
    served.stop()
    sync_api.expect(page.locator(".away")).to_be_visible(timeout=20_000)
    assert "first bad" in text_of(page, "main")  # what was known stays
    window.complaints.clear()  # a browser reports that nobody answered
