# ruff: noqa: E501 - a row of the table reads best on one or two lines
"""What a kernel says of the machine below it: hypervisors, VMI, reserved address space, memory, KASLR, command line.

Names are the fields of `model.Paravirt`. VMI was in arch/x86/kernel/vmi_32.c from 2.6.21 to 2.6.36; its ROM is looked
for in setup_arch before any console, so the lines are seen only once the log is printed again. A machine without a ROM
says nothing. `VMI: ROM from unknown manufacturer` is no refusal (check_vmi_rom goes on), and is left out.
"""

from .row import Fact

_VMI = "arch/x86/kernel/vmi_32.c "
_CLOCK = "arch/x86/kernel/vmiclock_32.c "

_VMI_ROWS = (
    Fact("vmi", "VMI: Found ", r"^VMI: (?P<value>Found .{1,120}, API version \d+\.\d+, ROM version \d+\.\d+)", _VMI + "check_vmi_rom"),
    Fact("vmi", "VMI: Found mismatched rom", r"^VMI: Found mismatched rom version", _VMI + "check_vmi_rom", "refused: mismatched ROM version", overrules=True),
    Fact("vmi", "does not contain PCI header", r"^VMI: ROM does not contain PCI header", _VMI + "check_vmi_rom", "refused: ROM without PCI header", overrules=True),
    Fact("vmi", "VMI: Non GPL license", r"^VMI: Non GPL license ", _VMI + "check_vmi_rom", "refused: licence is not the GPL", overrules=True),
    Fact("vmi", "VMI ROM failed to init", r"^VMI ROM failed to initialize", _VMI + "activate_vmi", "refused: ROM failed to initialize", overrules=True),
    Fact("vmi", "Booting paravirtualized kernel ", r"^Booting paravirtualized kernel on vmi\b", "arch/x86/kernel/paravirt.c default_banner; pv_info.name by activate_vmi", "engaged", overrules=True),
    Fact("vmi", "vmi: registering clock", r"^vmi: registering clock (?:event|source) ", _CLOCK + "vmi_time_init_clockevent, init_vmi_clocksource", "engaged", overrules=True),
    Fact("vmi_timer", "vmi: registering clock", r"^vmi: registering clock event (?P<value>[\w-]{1,32})\. mult=", _CLOCK + "vmi_time_init_clockevent"),
    Fact("vmi_timer", "vmi: registering clock", r"^vmi: registering clock source khz=(?P<value>\d+)", _CLOCK + "init_vmi_clocksource"),
)  # fmt: skip

_HYPERVISORS = (
    Fact("platform", "Booting paravirtualized kernel ", r"^Booting paravirtualized kernel (?:with PVH extensions )?on (?P<value>\S.{0,60}?) ?$", "arch/x86/kernel/paravirt.c default_banner; arch/x86/xen/enlighten*.c xen_banner"),
    Fact("platform", "Booting kernel on ", r"^Booting kernel on (?P<value>\S.{0,60}?) ?$", "arch/x86/xen/enlighten.c xen_banner; 6.1"),
    Fact("hypervisor", "ypervisor detected: ", r"^Hypervisor detected: (?P<value>\S.{0,60}?) ?$", "arch/x86/kernel/cpu/hypervisor.c detect_hypervisor_vendor, init_hypervisor_platform; 2.6.35-"),
    Fact("hypervisor", "hypervisor services detected", r"^(?:smccc: )?KVM: hypervisor services detected", "drivers/firmware/smccc/kvm_guest.c kvm_init_hyp_services; 5.12-", "KVM"),
    Fact("hypervisor", "Linux is running ", r"^(?:setup: )?Linux is running (?:under|as a) (?P<value>KVM|z/VM)\b", "arch/s390/kernel/setup.c setup_arch; 2.6.30-"),
    Fact("xen", "Xen version: ", r"^Xen version: (?P<value>\S.{0,60}?) ?$", "arch/x86/xen/enlighten*.c xen_banner"),
    Fact("xen", "Xen version ", r"^Xen version (?P<value>\d+\.\d+)\.", "arch/x86/xen/enlighten*.c init_hvm_pv_info; 2.6.36-"),
    Fact("kvm_clock", "kvm-clock: ", r"^kvm-clock: Using msrs (?P<value>[0-9a-f]+ and [0-9a-f]+)", "arch/x86/kernel/kvmclock.c kvmclock_init; 2.6.35-"),
    Fact("kvm_clock", "kvm-clock: ", r"^kvm-clock: cpu \d+, msr (?P<value>[0-9a-f:]+), ", "arch/x86/kernel/kvmclock.c kvm_register_clock; 2.6.26-"),
    Fact("vmware", "TSC freq read from hyp", r"^(?:vmware: )?TSC freq read from hypervisor ?: (?P<value>[\d.]+ MHz)", "arch/x86/kernel/cpu/vmware.c vmware_get_tsc_khz, vmware_platform_setup; 2.6.29-"),
    Fact("vmware", "Failed to get TSC freq", r"^(?:vmware: )?Failed to get TSC freq from the hypervisor", "arch/x86/kernel/cpu/vmware.c vmware_platform_setup; 2.6.31-", "TSC frequency not given"),
)  # fmt: skip

_MACHINE = (
    Fact("reserved_top", "Reserving virtual address", r"^Reserving virtual address space above (?P<value>0x[0-9a-f]+)", "arch/x86/mm/pgtable*.c reserve_top_address; later kernels add the rounded address"),
    Fact("highmem", "MB HIGHMEM avail", r"^(?P<value>\d+MB) HIGHMEM available", "arch/x86/mm/init_32.c, numa_32.c, setup_32.c"),
    Fact("lowmem", "MB LOWMEM avail", r"^(?P<value>\d+MB) LOWMEM available", "arch/x86/mm/init_32.c, numa_32.c, setup_32.c"),
    Fact("kernel_offset", "Kernel Offset: ", r"^Kernel Offset: (?P<value>0x[0-9a-f]+ from 0x[0-9a-f]+|disabled)", "arch/{x86,arm64,powerpc} setup.c dump_kernel_offset, on a panic; 3.14-"),
    Fact("command_line", "Kernel command line: ", r"^Kernel command line: (?P<value>.{0,4096})", "init/main.c start_kernel"),
)  # fmt: skip

FACTS: tuple[Fact, ...] = (*_VMI_ROWS, *_HYPERVISORS, *_MACHINE)
