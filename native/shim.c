/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "protocol.h"
#include "shim.h"

/* Those who wait until hoyd has removed the container are answered anyway when no hoyd was there for this long. */
#define ABSENCE_MS 10000

enum phase phase = PHASE_WAITING;
int directory_fd = -1;
pid_t process_pid;

static int signal_fd = -1;
static bool released;
static int64_t ended_at;

void start_requested(void)
{
	if (phase != PHASE_WAITING) return;
	phase = PHASE_STARTING;
	runtime_start();
}

void process_started(pid_t pid)
{
	char text[32];
	process_pid = pid;
	phase = PHASE_RUNNING;
	int length = snprintf(text, sizeof(text), "{\"pid\":%d}", pid);
	control_broadcast(FRAME_STARTED, text, (size_t)length);
}

void process_failed(const char *text)
{
	size_t length;
	phase = PHASE_FAILED;
	exit_record_failure(text);
	const char *record = exit_text(&length);
	control_broadcast(FRAME_FAILED, record, length);
	clients_abandon();
}

static struct exit_status ended_with;

void process_ended(struct exit_status status)
{
	ended_with = status;
	phase = PHASE_DRAINING;
	output_process_ended();
}

void output_complete(void)
{
	size_t length;
	log_finish();
	exit_record(ended_with);
	phase = PHASE_ENDED;
	ended_at = monotonic_ms();
	const char *record = exit_text(&length);
	control_broadcast(FRAME_EXITED, record, length);
	waiters_answer(released);
	clients_finish();
}

void release_requested(void)
{
	released = true;
	if (phase == PHASE_ENDED) waiters_answer(true);
}

static bool finished(void)
{
	if (phase == PHASE_FAILED) return true;
	if (phase == PHASE_WAITING) return !control_connected();
	if (phase != PHASE_ENDED || clients_exist() || waiters_exist()) return false;
	return released || !control_connected();
}

/* Milliseconds until waiting clients are answered without hoyd; -1: not now. */
static int absence_timeout(void)
{
	if (phase != PHASE_ENDED || control_connected() || !waiters_exist()) return -1;
	int64_t since = control_absent_since() > ended_at ? control_absent_since() : ended_at;
	int64_t left = since + ABSENCE_MS - monotonic_ms();
	return left > 0 ? (int)left : 0;
}

static int sooner(int a, int b) { return a < 0 ? b : b < 0 || a < b ? a : b; }

static void children_ended(void *subject, short events)
{
	struct signalfd_siginfo information;
	(void)subject;
	(void)events;
	while (read(signal_fd, &information, sizeof(information)) > 0) continue;
	runtime_reap();
}

static void run_once(void)
{
	watch_reset();
	watch(signal_fd, POLLIN, children_ended, NULL);
	control_watch();
	runtime_watch();
	output_watch();
	input_watch();
	clients_watch();
	waiters_watch();
	watch_wait(sooner(sooner(output_timeout(), clients_timeout()), absence_timeout()));
	output_tick();
	if (phase == PHASE_ENDED) {
		if (released) waiters_answer(true);
		else if (absence_timeout() == 0) waiters_answer(true);
		else waiters_answer(false);
	}
	clients_sweep();
	waiters_sweep();
	control_sweep();
}

/* Only SIGKILL ends a shim. What hoyd wants of it comes through the connection; a group's or session's signals are not for it. */
static void set_up_signals(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU };
	sigset_t blocked;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) signal(ignored[i], SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	signal_fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Descriptor 0 is the connection of the hoyd that launched us; nothing else of it may stay open. Returns its new number. */
static int take_over_descriptors(void)
{
	if (syscall(SYS_close_range, 3, ~0U, 0) != 0) {
		for (int fd = 3, last = (int)sysconf(_SC_OPEN_MAX); fd < last; fd++) close(fd);
	}
	int connection = fcntl(0, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_RDWR);
	if (connection < 0 || null < 0 || dup2(null, 0) != 0 || dup2(null, 1) != 1) {
		dprintf(2, "hoy-shim: descriptor 0 must be a connection to hoyd: %s\n", strerror(errno));
		exit(65);
	}
	if (fcntl(2, F_GETFD) < 0) dup2(null, 2); /* until all is set up, complaints go to hoyd's */
	if (null > 2) close(null);
	return connection;
}

static void open_directory(void)
{
	directory_fd = open(options.directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd >= 0 && chdir("/") == 0) return;
	dprintf(2, "hoy-shim: cannot use %s: %s\n", options.directory, strerror(errno));
	exit(65);
}

int main(int argc, char **argv)
{
	options_parse(argc, argv);
	int connection = take_over_descriptors();
	open_directory();
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	set_up_signals();
	control_open(connection);
	log_open();
	dup2(0, 2);
	while (!finished()) run_once();
	control_unlink();
	if (phase == PHASE_FAILED) runtime_collect();
	return 0;
}
