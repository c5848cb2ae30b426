"""What a build is, read from its bytes and its name. Pure: no I/O at all, bytes and strings in, values out.

    image.read_image(data)              # ImageFacts, or BadInputError with one sentence
    image.check_fits(facts, "i386")     # BadInputError for a 64-bit kernel
    image.read_config(data)             # the embedded .config as text, or None
    facts.version                       # version.KernelVersion: ordered, with branch and baseline
    facts.options["CONFIG_VMI"].value   # True, False or None (not known), with where it came from

Import from the modules: who only wants the order of versions, or a look at the header, need not load the decompressors.
"""
