"""`make fuzz`: the console reader on a million broken consoles. No exception, any split the same, no slow input."""
