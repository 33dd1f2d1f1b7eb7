/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: makes system calls that a confined container must not make, and prints "name errno" for each; 0 is success. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *name, long result)
{
    printf("%s %d\n", name, result < 0 ? errno : 0);
    errno = 0;
}

static long in_child(long (*call)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(call() < 0 ? errno : 0);
    waitpid(child, &status, 0);
    errno = WEXITSTATUS(status);
    return errno ? -1 : 0;
}

static long unshare_user(void) { return unshare(CLONE_NEWUSER); }
static long unshare_mount(void) { return unshare(CLONE_NEWNS); }
static long change_root(void) { return chroot("/"); }

static long clone_user(void)
{
    long pid = syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid;
}

static long clone3_plain(void)
{
    struct clone_args args = {.exit_signal = 17};
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0)
        _exit(0);
    return pid;
}

static void sockets(void)
{
    report("socket_inet", socket(AF_INET, SOCK_STREAM, 0));
    report("socket_unix", socket(AF_UNIX, SOCK_STREAM, 0));
    report("socket_alg", socket(38, SOCK_SEQPACKET, 0));
    report("socket_vsock", socket(40, SOCK_STREAM, 0));
}

static void files(void)
{
    report("mknod_disk", mknod("/tmp/disk", S_IFBLK | 0600, makedev(7, 0)));
    report("open_disk", open("/tmp/disk", O_RDWR));
    report("mknod_null", mknod("/tmp/null", S_IFCHR | 0600, makedev(1, 3)));
    report("open_null", open("/tmp/null", O_RDWR));
    report("mknod_mem", mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)));
    report("open_mem", open("/tmp/mem", O_RDONLY));
    report("mount_tmpfs", mount("none", "/tmp", "tmpfs", 0, NULL));
    report("remount_sys", mount("none", "/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
    report("umount_proc", umount("/proc"));
    report("swapon", swapon("/tmp/x", 0));
    report("open_tree", syscall(428, AT_FDCWD, "/", 1));
    report("fsopen", syscall(430, "tmpfs", 0));
    report("open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, O_RDONLY));
}

static void kernel(void)
{
    struct timeval now = {0};
    report("keyctl", syscall(SYS_keyctl, 0, -1, 0));
    report("add_key", syscall(SYS_add_key, "user", "k", "v", 1, -3));
    report("request_key", syscall(SYS_request_key, "user", "k", NULL, 0));
    report("bpf", syscall(SYS_bpf, 0, NULL, 0));
    report("perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    report("io_uring_setup", syscall(425, 1, NULL));
    report("userfaultfd", syscall(SYS_userfaultfd, 0));
    report("init_module", syscall(SYS_init_module, NULL, 0, ""));
    report("finit_module", syscall(SYS_finit_module, -1, "", 0));
    report("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
    report("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
    report("acct", syscall(SYS_acct, "/nonexistent"));
    report("syslog", klogctl(10, NULL, 0));
    report("settimeofday", settimeofday(&now, NULL));
    report("sethostname", sethostname("x", 1));
    report("setns", syscall(SYS_setns, -1, 0));
    report("pivot_root", syscall(SYS_pivot_root, "/", "/"));
    report("quotactl", syscall(SYS_quotactl, 0, NULL, 0, NULL));
    report("move_pages", syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0));
    report("mbind", syscall(SYS_mbind, 0, 0, 0, NULL, 0, 0));
    report("kcmp", syscall(SYS_kcmp, 1, 1, 0, 0, 0));
    report("nosuchcall", syscall(1000));
}

int main(void)
{
    sockets();
    kernel();
    report("personality_linux", personality(0));
    report("personality_no_randomize", personality(0x40000));
    report("unshare_user", in_child(unshare_user));
    report("unshare_mount", in_child(unshare_mount));
    report("clone_user", in_child(clone_user));
    report("clone3", in_child(clone3_plain));
    report("chroot", in_child(change_root));
    files();
    return 0;
}
