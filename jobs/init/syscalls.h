/* System calls of farm-init: int 0x80, i386 numbers, nothing newer than 2.6.24.
 *
 * Numbers: arch/x86/include/asm/unistd_32.h (2.6.24: include/asm-i386/unistd.h). The one exception is the pair of
 * 64-bit time calls (5.1+), used only where the old ones answer ENOSYS: an x86-64 kernel built without
 * CONFIG_COMPAT_32BIT_TIME. A call returns its value, or -errno.
 */
#ifndef FARM_INIT_SYSCALLS_H
#define FARM_INIT_SYSCALLS_H

enum {
	NR_exit = 1, NR_fork = 2, NR_read = 3, NR_write = 4, NR_open = 5, NR_close = 6, NR_waitpid = 7, NR_mknod = 14,
	NR_getpid = 20, NR_mount = 21, NR_pause = 29, NR_sync = 36, NR_mkdir = 39, NR_ioctl = 54, NR_fcntl = 55,
	NR_dup2 = 63, NR_reboot = 88, NR_mmap = 90, NR_syslog = 103, NR_uname = 122, NR_nanosleep = 162,
	NR_poll = 168, NR_clock_gettime = 265, NR_clock_gettime64 = 403, NR_clock_nanosleep64 = 407,
};

enum { EINTR = 4, ENOSYS = 38 };
enum { O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2 };
enum { F_GETFD = 1, S_IFCHR = 0020000, CLOCK_MONOTONIC = 1 };
enum { TCSBRK = 0x5409 };                            /* with a non-zero argument: tcdrain() */
enum { SYSLOG_READ_ALL = 3 };
enum { PROT_READ_WRITE = 3, MAP_PRIVATE_ANONYMOUS = 0x22 };

#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_RESTART 0x01234567u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu

struct utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
struct timespec32 { int sec, nsec; };
struct timespec64 { long long sec, nsec; };
struct mmap_args { unsigned addr, len, prot, flags, fd, offset; };

static int call4(int nr, unsigned a, unsigned b, unsigned c, unsigned d)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
	return ret;
}

static int call5(int nr, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return ret;
}

#define P(pointer) ((unsigned)(pointer))
#define call0(nr) call4(nr, 0, 0, 0, 0)
#define call1(nr, a) call4(nr, a, 0, 0, 0)
#define call2(nr, a, b) call4(nr, a, b, 0, 0)
#define call3(nr, a, b, c) call4(nr, a, b, c, 0)

#endif
