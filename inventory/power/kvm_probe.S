# The boot sector of the KVM probe: what a 32-bit kernel does first, then "K32" on the debug port.
#
#   as --32 -o p.o kvm_probe.S && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o kvm_probe.bin p.o
#
# Real mode, a GDT, protected mode, a page directory with one 4 MiB page, CPUID, RDRAND where CPUID offers it, the FPU.
# A software back end that starts 32-bit guests but cannot run them fails in one of these.

	.code16
	.globl _start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al			# CR0.PE
	movl	%eax, %cr0
	ljmpl	$0x08, $protected

	.code32
protected:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
	movl	$0x10000, %edi		# page directory, 4 KiB at 64 KiB
	movl	$1024, %ecx
	xorl	%eax, %eax
	rep stosl
	movl	$0x83, 0x10000		# 0..4 MiB onto itself: present, writable, 4 MiB page
	movl	%cr4, %eax
	orl	$0x10, %eax		# CR4.PSE
	movl	%eax, %cr4
	movl	$0x10000, %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$0x80000000, %eax	# CR0.PG
	movl	%eax, %cr0
	jmp	paged
paged:
	movl	$1, %eax
	cpuid
	btl	$30, %ecx		# RDRAND
	jnc	fpu
	.byte	0x0f, 0xc7, 0xf0	# rdrand %eax; the value does not matter, that it executes does
fpu:
	movl	%cr0, %eax
	andl	$0xfffffff3, %eax	# CR0.EM and CR0.TS off
	movl	%eax, %cr0
	fninit
	fld1
	fistpl	0x8000
	cmpl	$1, 0x8000
	jne	stop
	movl	$word, %esi
	movl	$4, %ecx
	movw	$0xe9, %dx
	rep outsb
stop:
	hlt
	jmp	stop

	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9a000000ffff	# 0x08: flat code
	.quad	0x00cf92000000ffff	# 0x10: flat data
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
word:
	.ascii	"K32\n"
	.org	510
	.word	0xaa55
