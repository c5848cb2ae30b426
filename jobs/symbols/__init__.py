"""From a kernel's addresses to its functions and source lines. Pure: bytes or a file of the build in, values out.

    symbols = load.load(Path("System.map"))     # or vmlinux, or a .debug file; BadInputError with one sentence
    place = symbols.find(0xC034C57E)            # model.Place, or None: no address of this kernel's text
    str(place)                                  # early_ioremap+0x5/0x116, as the kernel prints it
    place.file, place.line, place.inlined       # where the file has DWARF
    symbols.relocated(0x1E000000).find(...)     # `Kernel Offset: 0x1e000000 from 0xc1000000`

Import from the modules: who only passes `model.Symbols` on need not load the ELF and DWARF readers.
"""
