"""A place is written as the kernel writes it."""

from jobs.symbols.model import Place


def test_place_reads_as_the_kernel_prints_it() -> None:
    assert str(Place("early_ioremap", 5, 0x116)) == "early_ioremap+0x5/0x116"
    assert str(Place("do_one_initcall", 0, 16, "init/main.c", 3)) == "do_one_initcall+0x0/0x10"
