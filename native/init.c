/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * hoy-init COMMAND [ARGUMENT...]: the first process of a container that was asked for with --init. It starts the
 * command, passes every signal on to it, takes leave of orphans, and ends with the command's exit code.
 */

static pid_t child;

/* As shells say it: 127 for what is not there, 126 for what can't be run. */
static int exec_failure(const char *command)
{
	int code = errno == ENOENT ? 127 : 126;
	dprintf(2, "hoy-init: %s: %s\n", command, strerror(errno));
	return code;
}

/* The command gets a group of its own and, if there is a terminal, the terminal. */
static void take_terminal(void)
{
	setpgid(0, 0);
	sigset_t stop, before;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU); /* a background group that asks would be stopped */
	sigprocmask(SIG_BLOCK, &stop, &before);
	if (isatty(STDIN_FILENO)) tcsetpgrp(STDIN_FILENO, getpid());
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void start(char **command, const sigset_t *before)
{
	child = fork();
	if (child < 0) {
		dprintf(2, "hoy-init: fork: %s\n", strerror(errno));
		exit(126);
	}
	if (child > 0) return;
	take_terminal();
	sigprocmask(SIG_SETMASK, before, NULL);
	execvp(command[0], command);
	_exit(exec_failure(command[0]));
}

/* Reaps all that ended; when the command did, ends with its code. */
static void reap(void)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == child) exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	}
}

int main(int argc, char **argv)
{
	char **command = argv + 1;
	sigset_t all, before;
	if (argc > 1 && strcmp(argv[1], "--") == 0) command++;
	if (!*command) {
		dprintf(2, "usage: hoy-init COMMAND [ARGUMENT...]\n");
		return 2;
	}
	/* Not for pid 1, which is one already; where the container shares the host's processes. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigfillset(&all);
	/* What a fault of our own raises can't be waited for. */
	static const int own[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU };
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) sigdelset(&all, own[i]);
	sigprocmask(SIG_SETMASK, &all, &before);
	start(command, &before);
	for (;;) {
		int signal;
		reap();
		if (sigwait(&all, &signal) == 0 && signal != SIGCHLD) kill(child, signal);
	}
}
