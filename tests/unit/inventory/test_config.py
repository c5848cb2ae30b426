"""MAC addresses in every spelling people use, and the frozen base of the lab file's parts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from inventory.config import Config, DriverConfig, Name, Word, normalise_mac


@pytest.mark.parametrize(
    "text",
    ["52:54:00:AB:cd:ef", "52-54-00-ab-cd-ef", "5254.00ab.cdef", "525400abcdef", " 52:54:00:ab:cd:ef "],
)
def test_every_usual_spelling_is_one_address(text: str) -> None:
    assert normalise_mac(text) == "52:54:00:ab:cd:ef"


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=(1 << 48) - 1))
def test_normalising_is_stable(number: int) -> None:
    number &= ~(1 << 40)  # the group bit
    if not number:
        return
    mac = normalise_mac(f"{number:012x}")
    assert normalise_mac(mac) == mac
    assert int(mac.replace(":", ""), 16) == number


@pytest.mark.parametrize("text", ["", "52:54:00:12:34", "52:54:00:12:34:5g", "52:54:00:12:34:56:78", "${net0/mac}"])
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no MAC address; write it like"):
        normalise_mac(text)


@pytest.mark.parametrize("text", ["ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00"])
def test_addresses_of_no_single_machine_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the address of one machine"):
        normalise_mac(text)


@pytest.mark.parametrize("text", ["box1", "vmware-esx", "a.b_c", "1"])
def test_names(text: str) -> None:
    assert TypeAdapter(Name).validate_python(text) == text


@pytest.mark.parametrize("text", ["", "-a", "a b", "../x", "a/b", "x" * 65, "ä"])
def test_names_become_paths_so_they_are_plain(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(text)


def test_words_may_be_tags_with_a_colon() -> None:
    assert TypeAdapter(Word).validate_python("cpu:pentium-m") == "cpu:pentium-m"


def test_config_is_frozen_and_closed() -> None:
    class Part(Config):
        size: int = 1

    part = Part()
    with pytest.raises(ValidationError, match="frozen"):
        part.size = 2  # type: ignore[misc]  # what is tested
    with pytest.raises(ValidationError, match="Extra inputs"):
        Part.model_validate({"syze": 1})


def test_a_driver_claims_nothing_unless_it_says_so() -> None:
    assert DriverConfig().claims() == ()
