"""Branches in kernel order, and which configuration a release string names."""

import pytest

from api.web.order import branch_order, flavour


@pytest.mark.parametrize(
    "names",
    [
        ["2.6.27.y", "2.6.28.y", "3.0.y", "5.10.y", "6.1.y", "6.12.y", "mainline", "next", "mine"],
        ["5.4.y", "5.15.y", "mainline", "", "topic/foo"],
        ["6.1.y", "next", "1.2.3.4.y", "99999.1.y"],
    ],
)
def test_branches_stand_in_kernel_order(names: list[str]) -> None:
    assert names == sorted({*names}, key=branch_order)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("6.1.0-50-686", "686"),
        ("6.1.0-50-686-pae", "686-pae"),
        ("6.5.0-0.deb12.4-686", "686"),
        ("5.10.0-30-686", "686"),
        ("2.6.27.57-vmi", "vmi"),
        ("6.1.176", ""),
        ("6.1.176+", ""),
        ("6.1.176-dirty", ""),
        ("6.1.176-12-gabcdef012345", ""),
        ("6.1.176-00012-gabcdef012345-dirty", ""),
        ("7.2.0-rc3", ""),
        ("next-20261120", ""),
        ("", ""),
        ("no version", ""),
    ],
)
def test_the_flavour_is_read_from_the_release(name: str, kind: str) -> None:
    assert flavour(name) == kind
