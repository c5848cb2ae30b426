"""Taking banners apart: the kernel's and the image header's, of 2.4 to 6.x."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.builds.banner import Banner, parse_banner

DEBIAN_GCC = "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40"


@pytest.mark.parametrize(
    ("text", "banner"),
    [
        (
            "Linux version 2.6.27.4 (farm@lab) (gcc version 12.2.0 (Debian 12.2.0-14+deb12u1) ) "
            "#2 Sun Nov 22 12:04:33 UTC 2026",
            Banner(
                "2.6.27.4",
                "farm@lab",
                "gcc version 12.2.0 (Debian 12.2.0-14+deb12u1)",
                "#2 Sun Nov 22 12:04:33 UTC 2026",
                2,
                datetime(2026, 11, 22, 12, 4, 33, tzinfo=UTC),
            ),
        ),
        (
            f"Linux version 6.1.0-50-686 (debian-kernel@lists.debian.org) ({DEBIAN_GCC}) "
            "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
            Banner(
                "6.1.0-50-686",
                "debian-kernel@lists.debian.org",
                DEBIAN_GCC,
                "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)",
                1,
                datetime(2026, 7, 2, tzinfo=UTC),
            ),
        ),
        (
            "2.6.28-rc8 (root@(none)) #54 Tue Nov  8 01:02:03 UTC 2008",
            Banner(
                "2.6.28-rc8",
                "root@(none)",
                None,
                "#54 Tue Nov  8 01:02:03 UTC 2008",
                54,
                datetime(2008, 11, 8, 1, 2, 3, tzinfo=UTC),
            ),
        ),
        (
            "Linux version 2.6.26-2-686 (Debian 2.6.26-29) (dannf@debian.org) (gcc version 4.1.3) "
            "#1 SMP Sun Jun 19 05:15:57 UTC 2011",
            Banner(
                "2.6.26-2-686",
                "dannf@debian.org",
                "gcc version 4.1.3",
                "#1 SMP Sun Jun 19 05:15:57 UTC 2011",
                1,
                datetime(2011, 6, 19, 5, 15, 57, tzinfo=UTC),
            ),
        ),
    ],
)
def test_a_banner_taken_apart(text: str, banner: Banner) -> None:
    assert parse_banner(text) == banner
    assert parse_banner(f"  {text}\n") == banner


@pytest.mark.parametrize(
    ("version", "date"),
    [
        ("#1 SMP Tue Nov 12 16:19:27 EST 2013", None),  # a zone that is only a name
        ("#1 SMP Tue Nov 12 16:19:27 GMT 2013", datetime(2013, 11, 12, 16, 19, 27, tzinfo=UTC)),
        ("#1 SMP Tue Nov 12 04:19:27 PM UTC 2013", datetime(2013, 11, 12, 16, 19, 27, tzinfo=UTC)),
        ("#1 SMP PREEMPT @1666238585", None),
        ("#1 SMP Tue Nov 12 16:19:27 UTC", None),  # cut
        ("#1 SMP Tue Feb 31 16:19:27 UTC 2013", None),
        ("#1 SMP Tue Feb 12 25:19:27 UTC 2013", None),
        ("#1 Debian 6.1.176-1 (2026-13-02)", None),
        ("#21-Ubuntu SMP Tue Apr 24 06:16:15 UTC 2018", datetime(2018, 4, 24, 6, 16, 15, tzinfo=UTC)),
    ],
)
def test_the_date_of_a_build(version: str, date: datetime | None) -> None:
    banner = parse_banner(f"Linux version 6.1.0 (a@b) (gcc) {version}")
    assert banner is not None
    assert banner.date == date


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Linux version",
        "Linux version 6.1.0",
        "Linux version 6.1.0-47-686 (a@b) (gcc) # SMP PREEMPT_DYNAMIC Debian 6.1.170-3 (2026-05-08)",  # an early link
        "Linux version %s (%s)",
        "6.1.0 (no builder) #1",
    ],
)
def test_what_is_no_banner(text: str) -> None:
    assert parse_banner(text) is None


def test_a_build_number_of_many_digits_stays_a_number() -> None:
    banner = parse_banner(f"6.1.0 (a@b) #{'9' * 5000} x")
    assert banner is not None
    assert banner.number == int("9" * 18)


@given(st.text(max_size=200))
def test_property_any_text_is_taken_apart_or_not(text: str) -> None:
    banner = parse_banner(text)
    assert banner is None or text.strip().endswith(banner.version)


@given(st.datetimes(datetime(1991, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  (given its zone below)
def test_property_every_date_of_a_build_is_read(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    banner = parse_banner(f"6.1.0 (a@b) #1 SMP {moment:%a %b %e %H:%M:%S} UTC {moment.year}")
    assert banner is not None
    assert banner.date == moment
