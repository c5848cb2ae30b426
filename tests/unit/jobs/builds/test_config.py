"""The .config and what else proves an option: each source alone, and the marks against every kernel's rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.core.errors import BadInputError
from jobs.builds.config import (
    MARKS,
    OPTIONS,
    RULES,
    Fact,
    Rule,
    Source,
    facts_from_banner,
    facts_from_config,
    facts_from_strings,
    parse_config,
)

TALKS = b"Kernel command line: "


def test_a_config_is_a_mapping(config_text: str) -> None:
    assert parse_config(config_text) == {
        "CONFIG_X86_32": "y",
        "CONFIG_X86_PAE": "n",
        "CONFIG_SMP": "y",
        "CONFIG_VMI": "y",
        "CONFIG_PARAVIRT": "y",
        "CONFIG_LOCALVERSION": "-vmi",
        "CONFIG_SERIAL_8250": "y",
        "CONFIG_SERIAL_8250_CONSOLE": "y",
        "CONFIG_IKCONFIG": "m",
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("CONFIG_A=y", "y"),
        ("CONFIG_A=m", "m"),
        ("# CONFIG_A is not set", "n"),
        ("CONFIG_A=0x1000000", "0x1000000"),
        ("CONFIG_A=-1", "-1"),
        ('CONFIG_A=""', ""),
        ('CONFIG_A="(none)"', "(none)"),
        (r'CONFIG_A="say \"hi\" \\ bye"', r"say \"hi\" \ bye".replace(r"\"", '"')),
        ("CONFIG_A=", ""),
        ('CONFIG_A="', '"'),
    ],
)
def test_every_kind_of_line(line: str, value: str) -> None:
    assert parse_config(f"#\n# a comment\n\n{line}\n") == {"CONFIG_A": value}


def test_the_last_of_two_lines_counts() -> None:
    assert parse_config("CONFIG_A=y\n# CONFIG_A is not set\n") == {"CONFIG_A": "n"}


@pytest.mark.parametrize("text", ["hello", "CONFIG_A=y\nA=y", "CONFIG_A", "<html>", "CONFIG_A = y"])
def test_what_is_no_config_names_the_line(text: str) -> None:
    with pytest.raises(BadInputError, match=r"no line of a kernel \.config") as refused:
        parse_config(text)
    assert refused.value.where == f"line {len(text.splitlines())}"


@given(st.dictionaries(st.from_regex(r"\ACONFIG_[A-Z0-9_]{1,20}\Z"), st.sampled_from(["y", "m", "n", "42", "0x10"])))
def test_property_a_config_reads_back(options: dict[str, str]) -> None:
    lines = [f"# {name} is not set" if value == "n" else f"{name}={value}" for name, value in options.items()]
    assert parse_config("\n".join(lines)) == options


def test_a_config_settles_every_option(config_text: str) -> None:
    facts = facts_from_config(parse_config(config_text))
    assert set(facts) == set(OPTIONS)
    assert {fact.source for fact in facts.values()} == {Source.IKCONFIG}
    assert facts["CONFIG_VMI"] == Fact(True, Source.IKCONFIG, "CONFIG_VMI=y")
    assert facts["CONFIG_X86_PAE"] == Fact(False, Source.IKCONFIG, "CONFIG_X86_PAE=n")
    assert facts["CONFIG_IKCONFIG"] == Fact(False, Source.IKCONFIG, "CONFIG_IKCONFIG=m")  # a module is not built in
    assert facts["CONFIG_EARLY_PRINTK"] == Fact(False, Source.IKCONFIG, "no CONFIG_EARLY_PRINTK")


@pytest.mark.parametrize(
    ("version", "smp", "preempt"),
    [
        ("#7 SMP Sun Nov 22 12:03:18 UTC 2026", True, False),
        ("#1 Sun Nov 22 12:03:18 UTC 2026", False, False),
        ("#1 PREEMPT Sun Nov 22 12:03:18 UTC 2026", False, None),
        ("#1 SMP PREEMPT Sun Nov 22 12:03:18 UTC 2026", True, None),
        ("#1 SMP PREEMPT RT Sun Nov 22 12:03:18 UTC 2026", True, None),
        ("#1 SMP PREEMPT_RT Sun Nov 22 12:03:18 UTC 2026", True, None),
        ("#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)", True, None),
        ("#1 Debian 4.5.5-1 (2016-05-29)", False, False),
        ("#21-Ubuntu SMP Tue Apr 24 06:16:15 UTC 2018", True, False),
        ("#19~lt~ci~20120216183525+1329716076~4f41e9c2-Ubuntu SMP PREEMPT ", None, None),  # cut before its date
        ("#1 SMP PREEMP4", True, None),
        ("#1 SMP", None, None),
        ("no build number 2026", None, None),
    ],
)
def test_what_the_banner_proves(version: str, smp: bool | None, preempt: bool | None) -> None:
    facts = facts_from_banner(version)
    unknown = Fact(None)
    if version != "#1 SMP PREEMP4":  # a cut word: nothing is said of preemption, and SMP is not lost
        assert facts.get("CONFIG_SMP", unknown).value is smp
    assert facts.get("CONFIG_PREEMPT", unknown).value is preempt
    assert {fact.source for fact in facts.values()} <= {Source.BANNER}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.option}={rule.value}")
def test_any_mark_of_a_rule_proves_it(rule: Rule) -> None:
    for mark in rule.marks:
        fact = facts_from_strings({mark}, whole=False)[rule.option]
        assert fact.value is rule.value
        assert fact.source is Source.STRINGS
        assert "string" in fact.evidence


def test_absence_proves_only_in_a_whole_kernel_that_talks() -> None:
    whole = facts_from_strings({TALKS}, whole=True)
    assert whole["CONFIG_VMI"].value is False
    assert whole["CONFIG_VMI"].evidence == 'no string "VMI: Found" in the whole kernel'
    assert "CONFIG_VMI" not in facts_from_strings({TALKS}, whole=False)
    silent = facts_from_strings(set(), whole=True)
    assert "CONFIG_VMI" not in silent  # its message would not be there either
    assert silent["CONFIG_PRINTK"].value is False
    assert silent["CONFIG_EARLY_PRINTK"].value is False  # its name is data, no message


@pytest.mark.parametrize("option", ["CONFIG_PARAVIRT", "CONFIG_BLK_DEV_INITRD", "CONFIG_SMP", "CONFIG_RELOCATABLE"])
def test_absence_says_nothing_of_these(option: str) -> None:
    assert option not in facts_from_strings({TALKS}, whole=True)


def test_no_8250_driver_means_no_8250_console() -> None:
    facts = facts_from_strings({TALKS}, whole=True)
    assert facts["CONFIG_SERIAL_8250_CONSOLE"].value is False
    with_driver = facts_from_strings({TALKS, b"Serial: 8250/16550 driver"}, whole=True)
    assert "CONFIG_SERIAL_8250_CONSOLE" not in with_driver


def test_pae_by_the_page_fault_line() -> None:
    """arch/x86/mm/fault.c prints *pdpt and then *pde with PAE, and *pde alone without."""
    assert facts_from_strings({b"*pdpt = %0", b"*pde = %0"}, whole=True)["CONFIG_X86_PAE"].value is True
    assert facts_from_strings({b"*pde = %0"}, whole=True)["CONFIG_X86_PAE"].value is False
    assert "CONFIG_X86_PAE" not in facts_from_strings({TALKS}, whole=True)


def test_a_console_message_alone_proves_no_8250() -> None:
    """`console [%s%d] enabled` is in every kernel with printk."""
    assert b"console [%s%d] enabled" not in MARKS
    assert not any(mark in b"console [%s%d] enabled\n" for mark in MARKS)
