"""The pages as a browser without JavaScript gets them, from the whole application."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.support.serving import Served
from tests.unit.api.web.seed import DIED, HUNG, PANIC, PASSED, Seed, console, fill_farm

HOSTILE = (
    b"<script>document.title='owned'</script>\n"
    b"<img src=x onerror=alert(1)>\n"
    b"\x1b[2J\x1b[1;1Hmoved \x1b]0;title\x07 \x00\x7f\n"
    b"\xff\xfe not utf-8 \xe2\x80\xaeoverride\n"
    b"</code></div></main><h1>out</h1>\n" + b"y" * 10_000 + b"\n"
)


@pytest.fixture
def named(served: Served) -> dict[str, int]:
    return fill_farm(served.farm)


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url) as client:
        yield client


def get(browser: httpx.Client, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    return answer.text


def text(html: str) -> str:
    """What a person reads."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.partition("<main")[2]))


def test_an_empty_farm_says_how_to_begin(browser: httpx.Client) -> None:
    html = get(browser, "/")
    assert "Nothing has been booted yet" in html
    assert "farm serve --lab lab.yaml" in html
    assert "farm submit arch/x86/boot/bzImage" in html


@pytest.mark.parametrize("address", ["/queue", "/devices", "/jobs"])
def test_every_list_can_be_empty(browser: httpx.Client, address: str) -> None:
    assert 'class="quiet"' in get(browser, address)


def test_the_matrix_with_what_changed(browser: httpx.Client, named: dict[str, int]) -> None:
    html = get(browser, "/")
    shown = text(html)
    assert "regression good 5.10.223 → bad 6.1.170 (5.10.y to 6.1.y) mem=12M on qemu-i386, qemu-i386-q35" in shown
    assert PANIC in shown
    assert f'href="/boots/{named["6.1.170 mem=12M qemu-i386"]}"' in html
    assert "6.1.170 on qemu-i386, mem=12M: fail, first bad" in html
    assert shown.count("first bad") == 2
    assert "1 of 4 fail" in shown
    assert "1 running 2 queued" in shown


def test_tables_name_their_rows_and_columns(browser: httpx.Client, named: dict[str, int]) -> None:
    for address in ("/", "/devices", "/queue", "/jobs", "/jobs/5", "/builds/4", f"/boots/{named['flaky']}"):
        html = get(browser, address)
        assert "<table" in html
        assert all('scope="' in head for head in re.findall(r"<th\b[^>]*>", html)), address


def test_a_branch_for_itself(browser: httpx.Client, named: dict[str, int]) -> None:
    html = get(browser, "/?branch=6.1.y")
    assert "5.10.223" not in html.partition("Recent jobs")[0]
    assert "<h1>6.1.y</h1>" in html


def test_a_failed_boot(browser: httpx.Client, named: dict[str, int]) -> None:
    number = named["6.1.170 mem=12M qemu-i386"]
    html = get(browser, f"/boots/{number}")
    shown = text(html)
    assert "System is deadlocked on memory, 4.1 s after" in shown
    assert "signature 5f0c2a9d41b7e680" in shown
    assert 'href="#L15"' in html
    assert '<div id="L15" class="ev">' in html
    assert "farm submit vmlinuz-6.1.0-47-686 --on qemu-i386 --append mem=12M --tree debian" in shown
    assert f'href="/api/v1/boots/{number}/console"' in html
    assert "How far it came: init" in html
    assert "SERIAL_8250_CONSOLE yes" in shown
    assert "X86_PAE" not in shown  # nothing is known of it
    assert "http-equiv" not in html  # it is over: nothing to refresh


def test_a_boot_shows_how_it_ended_and_its_trace(browser: httpx.Client, named: dict[str, int]) -> None:
    html = get(browser, f"/boots/{named['6.1.170 mem=12M qemu-i386']}")
    shown = text(html)
    assert '<span class="outcome">panic</span>' in html
    assert "Trace 3 frames panic+0xad/0x263 out_of_memory.cold+0x9/0x6e ? slab_sysfs_init+0x6b/0xcd" in shown
    assert '<details class="trace"><summary>' in html  # closed: the evidence is what counts
    assert "Platform bare hardware" in shown
    assert "initcalls 11 s drivers root init" in shown
    assert "banner 9.7 s setup_arch start_kernel 9.9 s" in shown
    for absent in ("torn", "other report", "Also known", "LOWMEM", "32MB", "hung in"):
        assert absent not in shown.partition("Console")[0], absent


@pytest.fixture
def hung(served: Served) -> int:
    """A boot with all that a console can tell, on a farm of its own."""
    with served.farm.db.write() as session:
        seed = Seed(session)
        job = seed.job(seed.build("2.6.27.6", "2.6.27.6"), ["vmalloc=256M"])
        number = seed.boot(job, "vmalloc=256M", **HUNG).id
    served.farm.storage.append_console(number, 0, 1.0, console("[    3.517001] PNP: PS/2 Controller [PNP0303:KBD]"))
    return number


def test_a_boot_that_hung_shows_where_on_what_and_what_else_was_reported(browser: httpx.Client, hung: int) -> None:
    html = get(browser, f"/boots/{hung}")
    shown = text(html)
    assert "It hung in i8042_init" in shown
    assert "torn The report is not whole" in shown
    assert "Trace of WARNING in acpi_ut_remove 2 frames warn_on_slowpath+0x51/0x7a" in shown
    assert "Also known as WARNING in acpi" in shown
    assert "2 other reports on the console:" in shown
    assert "loader error no link yet line 1 warning WARNING in acpi_ut_remove line 9" in shown
    assert '<a href="#L9"><code>WARNING in acpi_ut_remove</code>' in html
    assert "1 warning on the way: firmware started 2 times before the kernel&#39;s first line" in shown
    assert "Platform vmi Hypervisor VMware VMI engaged VMI timer vmi-timer Reserved from 0xf7c00000" in shown
    assert "quiet" not in re.sub(r'class="[^"]*"', "", html)  # the kernel's own command line is the farm's


def test_a_report_outside_the_window_leads_to_its_stretch_of_the_console(
    browser: httpx.Client, served: Served, hung: int
) -> None:
    served.farm.storage.append_console(hung, served.farm.storage.console_size(hung), 2.0, b"x\n" * 5000)
    html = get(browser, f"/boots/{hung}?from=5000")
    assert '<a href="?from=9#L9"><code>WARNING in acpi_ut_remove</code>' in html
    assert '<a href="?from=14#L14"><span class="n">14</span>' in html


def test_a_boot_filed_before_readings_were_shows_what_there_is(browser: httpx.Client, served: Served) -> None:
    with served.farm.db.write() as session:
        seed = Seed(session)
        job = seed.job(seed.build("6.1.1", "6.1.1"), [""])
        old = {name: value for name, value in DIED.items() if name not in {"outcome", "details"}}
        number = seed.boot(job, warnings=["WARNING in foo"], **old).id
    html = get(browser, f"/boots/{number}")
    assert "1 warning on the way: WARNING in foo" in text(html)
    assert 'class="outcome"' not in html
    assert "<details" not in html


def test_a_running_boot_refreshes_itself_without_javascript(browser: httpx.Client, named: dict[str, int]) -> None:
    html = get(browser, f"/boots/{named['running']}")
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in html
    assert f'data-live="/api/v1/boots/{named["running"]}/console/live"' in html
    assert "load what is new" in html
    assert "Not one byte yet." in html


def test_a_queued_boot_says_why_it_waits(browser: httpx.Client, named: dict[str, int]) -> None:
    assert "next in line for box-1" in text(get(browser, f"/boots/{named['queued']}"))


def test_attempts_lead_to_each_other(browser: httpx.Client, named: dict[str, int]) -> None:
    html = get(browser, f"/boots/{named['retry']}")
    assert f'<a href="/boots/{named["lost"]}">1: infra</a>' in html


def test_a_hostile_console_is_only_text(browser: httpx.Client, served: Served, named: dict[str, int]) -> None:
    number = named["flaky"]
    served.farm.storage.append_console(number, 0, 1.0, HOSTILE)
    for address in (f"/boots/{number}", f"/boots/{number}/lines?line=1&offset=0"):
        html = get(browser, address)
        assert "&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;" in html
        assert len(re.findall("<script", html)) <= 1
        assert "<img" not in html
        assert "<h1>out" not in html
        assert "moved ␛]0;title␇ ␀␡" in html
        assert "�� not utf-8 ‹U+202E›override" in html
        assert "5.8 KiB more in this line" in html


def test_a_hostile_title_is_only_text(browser: httpx.Client, served: Served) -> None:
    evil = '"><script>x</script>\x1b[31m\u202e'
    with served.farm.db.write() as session:
        seed = Seed(session)
        build = seed.build("6.1.1", "6.1.1", branch=evil, patch=evil, tree=evil)
        job = seed.job(build, [evil], submitter=evil)
        result = {**DIED, "title": evil, "reason": evil, "function": evil, "warnings": [evil], "booted": evil}
        line = {"line": 1, "offset": 0, "text": evil}
        report = {"title": evil, "type": evil, "severity": evil, "evidence": line}
        details = {
            "frames": [evil], "alternates": [evil], "culprit": evil, "paravirt": {"platform": evil, "vmi": evil},
            "reports": [{**report, "title": f"first {evil}"}, report],
        }  # fmt: skip
        seed.boot(job, evil, **(result | {"evidence": [line], "details": details}))
    for address in ("/", "/jobs", "/jobs/1", "/builds/1", "/boots/1", "/queue"):
        html = get(browser, address)
        assert "<script>x" not in html, address
        assert "\x1b" not in html, address
        assert "\u202e" not in html, address


def test_a_long_console_opens_at_its_evidence_and_is_paged(
    browser: httpx.Client, served: Served, named: dict[str, int]
) -> None:
    data = b"".join(b"line %d\n" % number for number in range(1, 10_001))
    with served.farm.db.write() as session:
        seed = Seed(session)
        job = seed.job(seed.build("6.1.9", "6.1.9"), [""])
        evidence = [{"line": 5000, "offset": 0, "text": "line 5000"}]
        number = seed.boot(job, **(DIED | {"evidence": evidence})).id
        plain = seed.boot(job, **(PASSED | {"evidence": []})).id
    for boot in (number, plain):
        served.farm.storage.append_console(boot, 0, 1.0, data)
    first = get(browser, f"/boots/{number}")
    assert "Lines 4,000 to 5,999 of 10,000" in first
    assert "Lines 8,001 to 10,000 of 10,000" in get(browser, f"/boots/{plain}")
    assert "Lines 1 to 2,000 of 10,000" in get(browser, f"/boots/{plain}?from=1")
    away = get(browser, f"/boots/{number}?from=9999")
    assert 'href="?from=5000#L5000"' in away  # the evidence is on another stretch


def test_the_rest_of_a_console_is_a_part_of_a_page(
    browser: httpx.Client, served: Served, named: dict[str, int]
) -> None:
    number = named["running"]
    served.farm.storage.append_console(number, 0, 1.0, b"one\ntwo\nthr")
    html = get(browser, f"/boots/{number}/lines?line=2&offset=4")
    assert re.findall(r'id="L(\d+)"', html) == ["2", "3"]
    assert 'data-line="3" data-offset="8" data-total="3"' in html


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/boots/999", "There is no boot 999."),
        ("/jobs/999", "There is no job 999."),
        ("/builds/999", "There is no build 999."),
        ("/boots/x", "There is no page at /boots/x."),
        ("/boots/0", "There is no page at /boots/0."),
        ("/boots/99999999999999999999999", "There is no page at /boots/99999999999999999999999."),
        ("/boots/999/lines", "There is no page at /boots/999/lines."),
        ("/?branch=4.4.y", "Nothing of branch 4.4.y was booted here."),
        ("/?branch=%00", "There is no page at /."),
        ("/no/such/page", "There is no page at /no/such/page."),
        ("/<b>", "There is no page at /&lt;b&gt;."),
        ("/apiary", "There is no page at /apiary."),
        ("/static/../pages.py", "There is no page at /pages.py."),
        ("/static/pages.py", "There is no file /static/pages.py."),
    ],
)
def test_what_is_not_there_gets_a_page_with_a_sentence(browser: httpx.Client, address: str, sentence: str) -> None:
    assert sentence in get(browser, address, status=404)


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api", "/api/"])
def test_the_api_keeps_its_own_not_found(browser: httpx.Client, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_links_on_the_pages_lead_somewhere(browser: httpx.Client, named: dict[str, int]) -> None:
    """Every address of ours that a page names is there; walked from the front page."""
    seen: set[str] = set()
    waiting = ["/"]
    for _ in range(200):
        if not waiting:
            break
        address = waiting.pop()
        html = get(browser, address)
        for found in re.findall(r'(?:href|src)="([^"]*)"', html):
            link = str(httpx.URL(address).join(found.replace("&amp;", "&")).copy_with(fragment=None))
            if link not in seen and not link.startswith("/api/v1/files/"):
                seen.add(link)
                if link.startswith(("/api/", "/static/")):
                    assert browser.get(link).status_code == 200, link
                else:
                    waiting.append(link)
    assert waiting == []
    assert len(seen) > 40


def test_pages_are_no_part_of_the_api_description(browser: httpx.Client) -> None:
    assert all(path.startswith("/api/") for path in browser.get("/api/openapi.json").json()["paths"])
