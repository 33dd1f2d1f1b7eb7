/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"
#include "shim.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#define ERROR_TEXT_SIZE 8192
#define ARGUMENTS_BESIDE_CONFIGURED 16
#define COLLECT_MS 200
#define UNIFIED_CGROUP "/sys/fs/cgroup/unified"

static pid_t runtime_pid;
static struct stdio stdio;
static int console = -1, master = -1;
/* An absolute name in our directory, for the runtime. */
static char log_name[PATH_MAX], pid_name[PATH_MAX];

/*
 * The shim is the last that should fall to the OOM killer, if hoyd's rights suffice for that; the container starts with
 * the value that hoyd had.
 */
static char oom_score_before[16];

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, size - 1) : -1;
	if (fd >= 0) close(fd);
	text[length > 0 ? length : 0] = '\0';
}

static bool write_oom_score(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) > 0;
	if (fd >= 0) close(fd);
	return written;
}

static void protect_from_oom_killer(void)
{
	read_file("/proc/self/oom_score_adj", oom_score_before, sizeof(oom_score_before));
	if (!write_oom_score("-999")) oom_score_before[0] = '\0';
}

static const char **runtime_arguments(void)
{
	const char **arguments = must_allocate((options.runtime_argument_count + ARGUMENTS_BESIDE_CONFIGURED) * sizeof(*arguments));
	const char **next = arguments;
	*next++ = options.runtime;
	for (size_t i = 0; i < options.runtime_argument_count; i++) *next++ = options.runtime_arguments[i];
	*next++ = "--root", *next++ = options.runtime_root;
	*next++ = "--log", *next++ = log_name;
	*next++ = options.bundle ? "run" : "exec";
	*next++ = "--detach";
	*next++ = "--pid-file", *next++ = pid_name;
	if (options.tty) *next++ = "--console-socket", *next++ = console_path();
	*next++ = options.bundle ? "--bundle" : "--process";
	*next++ = options.bundle ? options.bundle : options.process_file;
	*next = options.container_id;
	return arguments;
}

static void child_fails(const char *what)
{
	dprintf(2, "%s: %s", what, strerror(errno));
	_exit(127);
}

static void reset_signals(void)
{
	/* The kernel's own form of the call: the C library keeps two signals to itself, which a parent may have ignored. */
	static const unsigned long default_action[4];
	sigset_t none;
	for (int signal = 1; signal < NSIG; signal++) syscall(SYS_rt_sigaction, signal, default_action, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The runtime sees nothing but its three standard streams, and so does the container (CVE-2024-21626). */
static void arrange_descriptors(void)
{
	for (int i = 0; i < 3; i++) {
		if (stdio.process[i] >= 0 && dup2(stdio.process[i], i) < 0) child_fails("cannot set standard streams");
	}
	if (options.tty) dup2(2, 1);
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
	for (int fd = 3, last = (int)sysconf(_SC_OPEN_MAX); fd < last; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/*
 * In a mount namespace of the runtime's own, so that the host keeps its hierarchy. Covered, not unmounted: a runtime that
 * takes the host for a v1 one makes directories there, and these must go with the namespace.
 */
static void hide_unified_cgroup(void)
{
	if (unshare(CLONE_NEWNS) != 0) child_fails("cannot make a mount namespace");
	if (mount("none", "/sys/fs/cgroup", "none", MS_REC | MS_PRIVATE, NULL) != 0) child_fails("cannot make /sys/fs/cgroup private");
	if (mount("none", UNIFIED_CGROUP, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,mode=755") != 0 && errno != ENOENT)
		child_fails("cannot hide " UNIFIED_CGROUP);
}

static void become_runtime(const char **arguments)
{
	reset_signals();
	if (oom_score_before[0]) write_oom_score(oom_score_before);
	arrange_descriptors();
	if (options.hide_unified_cgroup) hide_unified_cgroup();
	/* The copy is gone when hoyd is: then the runtime itself does as well. */
	if (options.program) execv(options.program, (char **)arguments);
	execv(options.runtime, (char **)arguments);
	child_fails(options.runtime);
}

static bool prepare(void)
{
	snprintf(log_name, sizeof(log_name), "%s/" RUNTIME_LOG_NAME, options.directory);
	snprintf(pid_name, sizeof(pid_name), "%s/" PID_NAME, options.directory);
	if (!stdio_make(&stdio)) return false;
	if (options.tty && (console = console_listen()) < 0) return false;
	return true;
}

void runtime_start(void)
{
	if (!prepare()) return process_failed(strerror(errno));
	exit_prepare();
	protect_from_oom_killer();
	const char **arguments = runtime_arguments();
	runtime_pid = fork();
	if (runtime_pid == 0) become_runtime(arguments);
	free(arguments);
	if (runtime_pid < 0) return process_failed(strerror(errno));
	stdio_close_process_side(&stdio);
	output_open(stdio.ours[1], stdio.ours[2]);
	if (stdio.ours[0] >= 0) input_open(stdio.ours[0], true);
}

static pid_t read_pid(void)
{
	char text[32];
	int fd = openat(directory_fd, PID_NAME, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (fd >= 0) close(fd);
	text[length > 0 ? length : 0] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

static size_t read_runtime_log(char *text, size_t size)
{
	int fd = openat(directory_fd, RUNTIME_LOG_NAME, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd >= 0 ? read(fd, text, size) : -1;
	if (fd >= 0) close(fd);
	return length > 0 ? (size_t)length : 0;
}

static void runtime_failed(int status)
{
	char text[ERROR_TEXT_SIZE];
	size_t length = output_take_error(text, sizeof(text) - 1);
	if (length == 0) length = read_runtime_log(text, sizeof(text) - 1);
	while (length > 0 && text[length - 1] == '\n') length--;
	text[length] = '\0';
	if (length == 0 && WIFSIGNALED(status)) snprintf(text, sizeof(text), "%s was ended by signal %d", options.runtime, WTERMSIG(status));
	else if (length == 0) snprintf(text, sizeof(text), "%s ended with status %d and no message", options.runtime, WEXITSTATUS(status));
	process_failed(text);
}

static void receive_console(void *subject, short events)
{
	(void)subject;
	(void)events;
	if (console < 0) return;
	master = console_receive(console);
	console = -1;
	if (master >= 0) console_resize(master, options.rows, options.columns);
}

/* As soon as it comes, because the process may ask for its size at once. */
void runtime_watch(void)
{
	if (phase == PHASE_STARTING && console >= 0) watch(console, POLLIN, receive_console, NULL);
}

/* From here on output and input are the terminal's; the pipe was only for the runtime's errors. */
static bool take_console(void)
{
	receive_console(NULL, 0);
	output_discard();
	output_open(master, -1);
	if (master >= 0 && options.stdin_mode != STDIN_CLOSED) input_open(fcntl(master, F_DUPFD_CLOEXEC, 3), false);
	return master >= 0;
}

static void runtime_ended(int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return runtime_failed(status);
	pid_t pid = read_pid();
	if (pid <= 0) return process_failed("the runtime wrote no pid file");
	if (options.tty && !take_console()) {
		kill(pid, SIGKILL);
		return process_failed("the runtime sent no terminal");
	}
	unlinkat(directory_fd, RUNTIME_LOG_NAME, 0);
	process_started(pid);
}

static struct exit_status status_of(pid_t pid, int status)
{
	if (WIFSIGNALED(status)) return (struct exit_status){ pid, 128 + WTERMSIG(status), WTERMSIG(status) };
	return (struct exit_status){ pid, WEXITSTATUS(status), 0 };
}

void runtime_reap(void)
{
	int status;
	/* Until the runtime has said which process is the one, all others stay zombies, so that no status is lost. */
	if (phase == PHASE_STARTING && waitpid(runtime_pid, &status, WNOHANG) == runtime_pid) runtime_ended(status);
	if (phase == PHASE_STARTING || phase == PHASE_FAILED) return;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == process_pid && phase == PHASE_RUNNING) process_ended(status_of(pid, status));
	}
}

/*
 * What a runtime that failed leaves behind ends in a moment. Left to the host's init it could stay a zombie for long, and
 * count against the container's limit of processes.
 */
void runtime_collect(void)
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	pid_t pid = 0;
	for (int waited = 0; waited < COLLECT_MS && pid >= 0; waited += pid == 0) {
		pid = waitpid(-1, NULL, WNOHANG);
		if (pid == 0) nanosleep(&pause, NULL);
	}
}
