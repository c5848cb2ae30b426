"""Kernel versions: the order kernel people give them, branches, baselines, and the key that SQL sorts by."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.core.errors import BadInputError
from jobs.builds.version import KernelVersion, from_banner

ORDER = [
    "1.2.13",
    "2.4.20-pre5",
    "2.4.20-rc1",
    "2.4.20",
    "2.6.0-test11",
    "2.6.0",
    "2.6.16.33-xenU",
    "2.6.26.8",
    "2.6.27-rc1",
    "2.6.27-rc9",
    "2.6.27-rc10",
    "2.6.27",
    "2.6.27-git3",
    "2.6.27.1",
    "2.6.27.4",
    "2.6.27.4-vmi+",
    "2.6.27.5",
    "2.6.27.9",
    "2.6.27.10-rc1",
    "2.6.27.10",
    "2.6.27.57",
    "2.6.28-rc1",
    "2.6.28-rc8",
    "2.6.28-rc8-git1",
    "2.6.28-rc8-git5",
    "2.6.28-rc8-git10",
    "2.6.28-rc9",
    "2.6.28",
    "2.6.28.1",
    "2.6.39",
    "3.0-rc1",
    "3.0",
    "3.0.1",
    "3.19",
    "4.0",
    "4.20",
    "5.0",
    "5.10.218",
    "5.10.223",
    "5.19",
    "6.0",
    "6.1-rc1-123-gabcdef0",
    "6.1-rc2",
    "6.1",
    "6.1-1-gabcdef0",
    "6.1.9",
    "6.1.10",
    "6.1.176",
    "6.1.176-686-pae",
    "6.1.176-dirty",
    "v6.1.176-9-gabc",
    "v6.1.176-12-gabc",
    "6.1.177-rc1",
    "6.1.177",
    "6.1.192-rc1",
    "6.10",
    "6.19",
    "7.0-rc1",
    "7.0",
    "next-20221020",
    "next-20261120",
    "next-20261120+",
]


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ORDER)))
def test_each_is_older_than_the_next(older: str, newer: str) -> None:
    assert KernelVersion.parse(older) < KernelVersion.parse(newer)
    assert KernelVersion.parse(newer) > KernelVersion.parse(older)
    assert KernelVersion.parse(older) != KernelVersion.parse(newer)


def test_any_shuffle_sorts_back_by_value_and_by_key() -> None:
    shuffled = [KernelVersion.parse(text) for text in ORDER]
    random.Random(27).shuffle(shuffled)  # noqa: S311  (a shuffle to sort back)
    assert [version.text for version in sorted(shuffled)] == ORDER
    assert [version.text for version in sorted(shuffled, key=lambda version: version.sort_key)] == ORDER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("v2.6.28", "2.6.28"),
        ("linux-2.6.28", "2.6.28"),
        (" 2.6.28\n", "2.6.28"),
        ("6.1.0", "6.1"),
        ("6.1.0-rc3", "v6.1-rc3"),
        ("6.1~rc3", "6.1-rc3"),
        ("6.1rc3", "6.1-rc3"),
        ("2.6.27.0", "2.6.27"),
        ("4.4.89-01529-gb29bace", "v4.4.89-1529-gb29bace"),
        ("6.1.0-rc1-next-20221020", "next-20221020"),
        ("4.15.0-rc1-next-20171128+", "next-20171128+"),
    ],
)
def test_two_ways_to_write_one_version(one: str, other: str) -> None:
    first, second = KernelVersion.parse(one), KernelVersion.parse(other)
    assert first == second
    assert hash(first) == hash(second)
    assert str(first) == str(second)
    assert first.sort_key == second.sort_key


@pytest.mark.parametrize(
    ("text", "canonical", "series", "branch", "baseline"),
    [
        ("2.6.28-rc1", "2.6.28-rc1", "2.6.28", "mainline", "2.6.27"),
        ("2.6.28-rc2", "2.6.28-rc2", "2.6.28", "mainline", "2.6.27"),
        ("2.6.28-rc8-git5", "2.6.28-rc8-git5", "2.6.28", "mainline", "2.6.27"),
        ("2.6.28", "2.6.28", "2.6.28", "mainline", "2.6.27"),
        ("2.6.28-git3", "2.6.28-git3", "2.6.28", "mainline", "2.6.28"),
        ("2.6.27.1-rc1", "2.6.27.1-rc1", "2.6.27", "2.6.27.y", "2.6.27"),
        ("2.6.27.1", "2.6.27.1", "2.6.27", "2.6.27.y", "2.6.27"),
        ("2.6.27.5-rc1", "2.6.27.5-rc1", "2.6.27", "2.6.27.y", "2.6.27.4"),
        ("2.6.27.5", "2.6.27.5", "2.6.27", "2.6.27.y", "2.6.27.4"),
        ("2.6.27.4-vmi+", "2.6.27.4-vmi+", "2.6.27", "2.6.27.y", "2.6.27.3"),
        ("3.0", "3.0", "3.0", "mainline", "2.6.39"),
        ("3.0.0-rc1", "3.0-rc1", "3.0", "mainline", "2.6.39"),
        ("4.0", "4.0", "4.0", "mainline", "3.19"),
        ("5.0", "5.0", "5.0", "mainline", "4.20"),
        ("6.0", "6.0", "6.0", "mainline", "5.19"),
        ("7.0", "7.0", "7.0", "mainline", "6.19"),
        ("8.0", "8.0", "8.0", "mainline", None),
        ("2.6.0", "2.6.0", "2.6.0", "mainline", None),
        ("6.1", "6.1", "6.1", "mainline", "6.0"),
        ("6.1.1", "6.1.1", "6.1", "6.1.y", "6.1"),
        ("6.1.192-rc1", "6.1.192-rc1", "6.1", "6.1.y", "6.1.191"),
        ("v6.1.176-12-gabc", "6.1.176-12-gabc", "6.1", "6.1.y", "6.1.176"),
        ("v6.1-rc3-12-gabc", "6.1-rc3-12-gabc", "6.1", "mainline", "6.0"),
        ("v6.1-12-gabc", "6.1-12-gabc", "6.1", "mainline", "6.1"),
        ("6.1.176-686-pae", "6.1.176-686-pae", "6.1", "6.1.y", "6.1.175"),
        ("6.1.0-50-686", "6.1-50-686", "6.1", "mainline", "6.0"),
        ("3.10.0-49.el7.x86_64", "3.10-49.el7.x86_64", "3.10", "mainline", "3.9"),
        ("next-20261120", "next-20261120", "next", "next", None),
        ("6.10.0-rc1-next-20240531", "next-20240531", "next", "next", None),
    ],
)
def test_form_branch_and_baseline(text: str, canonical: str, series: str, branch: str, baseline: str | None) -> None:
    version = KernelVersion.parse(text)
    assert version.text == text
    assert (str(version), version.series, version.branch) == (canonical, series, branch)
    before = version.baseline
    assert (str(before) if before else None) == baseline
    if before:
        assert before < version
        assert before.is_release
        assert before.text == baseline


@pytest.mark.parametrize(
    ("text", "is_release"),
    [
        ("2.6.28", True),
        ("6.1.176", True),
        ("6.1.176-686", True),
        ("2.6.28-rc1", False),
        ("2.6.28-git1", False),
        ("6.1-1-gabc", False),
        ("next-20261120", False),
    ],
)
def test_what_a_release_is(text: str, is_release: bool) -> None:
    assert KernelVersion.parse(text).is_release is is_release


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a kernel version"),
        ("   ", "not a kernel version"),
        ("hello", "does not start with numbers"),
        ("6", "does not start with numbers"),
        ("6.", "does not start with numbers"),
        ("2.6", "has three numbers"),
        ("6.1.2.3", "at most three numbers"),
        ("2.6.27.4.5", "cannot follow"),
        ("2.6.27.y", "cannot follow"),
        ("6.1.y", "cannot follow"),
        ("6.1foo", "cannot follow"),
        ("6.1 #1 SMP", "one word"),
        ("6.1-\x1b[31m", "one word"),
        ("6.1-ä", "one word"),
        ("٦.١", "one word"),
        ("6.1-" + "x" * 200, "at most 128"),
        ("9999.1", "too large"),
        ("6.1.1000000", "too large"),
        ("6.1-rc99999", "too large"),
        ("6.1-99999999-gabc", "too large"),
        ("next-20261320", "not a date"),
        ("next-monday", "does not start with numbers"),
    ],
)
def test_what_has_no_place_in_the_order(text: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says) as refused:
        KernelVersion.parse(text)
    assert refused.value.detail.endswith(".")
    assert len(refused.value.detail) < 250


def test_it_does_not_compare_with_text() -> None:
    version = KernelVersion.parse("6.1")
    assert version != "6.1"
    with pytest.raises(TypeError):
        _ = version < "6.2"


def test_it_is_a_dictionary_key() -> None:
    first_bad = {KernelVersion.parse("2.6.27.6"): "dmi_scan_machine"}
    assert first_bad[KernelVersion.parse("v2.6.27.6")] == "dmi_scan_machine"


DEBIAN = (
    "(debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)"
)


@pytest.mark.parametrize(
    ("banner", "version"),
    [
        (f"Linux version 6.1.0-50-686 {DEBIAN} #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)", "6.1.176"),
        ("6.1.0-50-686 (debian-kernel@lists.debian.org) #1 SMP Debian 6.1.176-1 (2026-07-02)", "6.1.176"),
        (f"Linux version 6.5.0-0.deb12.4-686 {DEBIAN} #1 SMP Debian 6.5.10-1~bpo12+1 (2023-11-23)", "6.5.10"),
        (f"Linux version 6.1.0-0-686 {DEBIAN} #1 SMP Debian 6.1~rc3-1~exp1 (2022-11-02)", "6.1-rc3"),
        (f"[    0.000000] Linux version 4.7.0-1-armmp {DEBIAN} #1 SMP Debian 4.7.8-1 (2016-10-19)", "4.7.8"),
        ("Linux version 2.6.26-2-686 (Debian 2.6.26-29) (dannf@debian.org) (gcc version 4.1.3) #1 SMP Sun", "2.6.26"),
        (
            "Linux version 4.15.0-20-generic (buildd@lgw) (gcc) #21-Ubuntu SMP (Ubuntu 4.15.0-20.21-generic 4.15.17)",
            "4.15.17",
        ),
        (
            "Linux version 2.6.27.4 (farm@lab) (gcc version 12.2.0 (Debian 12.2.0-14+deb12u1) ) #2 Sun Nov 22",
            "2.6.27.4",
        ),
        ("Linux version 2.6.28-rc8 (farm@lab) (gcc version 12.2.0) #1 Sun Nov 22 12:04:54 UTC 2026", "2.6.28-rc8"),
        (f"Linux version 6.2.0 {DEBIAN} #1 SMP Debian 6.1.176-1 (2026-07-02)", "6.2"),  # not of its series: a remark
        ("6.1.176", "6.1.176"),
    ],
)
def test_the_version_a_banner_stands_for(banner: str, version: str) -> None:
    assert str(from_banner(banner)) == version


@pytest.mark.parametrize("banner", ["", "Linux version ", "Linux version unknown (a@b)"])
def test_a_banner_without_a_version(banner: str) -> None:
    with pytest.raises(BadInputError):
        from_banner(banner)


# --- properties -----------------------------------------------------------------------------------------------------

small = st.integers(min_value=0, max_value=99)
locals_ = st.from_regex(r"\A([-+~_][A-Za-z0-9.+_~-]{0,30})?\Z")


@st.composite
def written(draw: st.DrawFn) -> str:
    """Version texts of every kind, plausible or not, all within the grammar."""
    local = draw(locals_)
    if draw(st.integers(0, 9)) == 0:
        day = draw(st.dates())
        return f"next-{day.year:04d}{day.month:02d}{day.day:02d}{local}"
    two = draw(st.booleans())
    base = (
        f"{draw(st.integers(1, 2))}.{draw(small)}.{draw(small)}" if two else f"{draw(st.integers(3, 9))}.{draw(small)}"
    )
    stable = draw(st.sampled_from(["", "", f".{draw(small)}"]))
    pre = draw(st.sampled_from(["", "", f"-rc{draw(small)}", f"~rc{draw(small)}", f"-pre{draw(small)}"]))
    git = draw(st.sampled_from(["", "", f"-git{draw(small)}"]))
    commits = draw(st.sampled_from(["", "", f"-{draw(small):05d}-gabc{draw(small)}", f"-{draw(small)}-gdead"]))
    return f"{draw(st.sampled_from(['', 'v', 'linux-']))}{base}{stable}{pre}{git}{commits}{local}"


@given(written())
def test_property_the_canonical_form_reads_back(text: str) -> None:
    version = KernelVersion.parse(text)
    again = KernelVersion.parse(str(version))
    assert again == version
    assert str(again) == str(version)
    assert (again.branch, again.series, again.baseline) == (version.branch, version.series, version.baseline)


@given(written(), written())
def test_property_one_order_by_value_and_by_key(one: str, other: str) -> None:
    first, second = KernelVersion.parse(one), KernelVersion.parse(other)
    assert (first < second) + (first == second) + (first > second) == 1
    assert (first < second) == (first.sort_key < second.sort_key)
    assert (first == second) == (hash(first) == hash(second)) == (str(first) == str(second))
    assert (first <= second) == (not second < first)


@given(st.lists(written(), min_size=3, max_size=3))
def test_property_the_order_is_transitive(texts: list[str]) -> None:
    low, middle, high = sorted(KernelVersion.parse(text) for text in texts)
    assert low <= middle <= high
    assert low <= high


@given(written())
def test_property_the_key_is_fixed_width_and_plain(text: str) -> None:
    key = KernelVersion.parse(text).sort_key
    assert len(key) == 73
    assert set(key) <= set("0123456789abcdef")  # sorts alike in every collation


@given(written())
def test_property_the_baseline_is_an_older_release_of_no_later_series(text: str) -> None:
    version = KernelVersion.parse(text)
    seen = 0
    while (before := version.baseline) is not None and seen < 300:
        assert before < version
        assert before.is_release
        assert not before.local
        version, seen = before, seen + 1


@given(written(), st.integers(1, 99))
def test_property_an_rc_comes_before_its_release_and_a_local_version_after(text: str, number: int) -> None:
    version = KernelVersion.parse(text)
    if version.is_release and not version.local:
        assert KernelVersion.parse(f"{version}-rc{number}") < version
        assert version < KernelVersion.parse(f"{version}-dirty") < KernelVersion.parse(f"{version}-{number}-gabc")


@given(st.text(max_size=140))
def test_property_any_text_is_a_version_or_one_sentence(text: str) -> None:
    try:
        version = KernelVersion.parse(text)
    except BadInputError as refused:
        sentence = refused.detail
    else:
        assert KernelVersion.parse(str(version)) == version
        return
    assert "\n" not in sentence
    assert sentence.endswith(".")


@given(st.integers(17, 60), st.integers(17, 60))
def test_property_long_local_versions_stay_apart(one: int, other: int) -> None:
    """The key holds 16 bytes of a local version and a hash of all of it."""
    first, second = (KernelVersion.parse(f"6.1-{'a' * count}") for count in (one, other))
    assert (first == second) == (one == other)
