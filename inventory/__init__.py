"""What the lab owns: the lab file, devices and leases, and the drivers for power, console and boot."""
