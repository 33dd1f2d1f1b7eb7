/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"
#include "shim.h"

#define BACKLOG 16
#define CONSOLE_TIMEOUT_S 5

/* The two ends are open files of their own: ours never blocks, the process's end is as it expects it. */
static bool make_pipe(int *process, int *ours, bool to_process)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) return false;
	*process = ends[to_process ? 0 : 1];
	*ours = ends[to_process ? 1 : 0];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return true;
}

bool stdio_make(struct stdio *stdio)
{
	for (int i = 0; i < 3; i++) stdio->process[i] = stdio->ours[i] = -1;
	if (!make_pipe(&stdio->process[2], &stdio->ours[2], false)) return false;
	if (options.tty) return true; /* standard error is the runtime's own then */
	if (!make_pipe(&stdio->process[1], &stdio->ours[1], false)) return false;
	return options.stdin_mode == STDIN_CLOSED || make_pipe(&stdio->process[0], &stdio->ours[0], true);
}

void stdio_close_process_side(struct stdio *stdio)
{
	for (int i = 0; i < 3; i++) {
		if (stdio->process[i] >= 0) close(stdio->process[i]);
	}
}

/* A socket address has room for 107 bytes of path, the exec-root may be longer: bind by a relative name. */
int listen_in_directory(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || fchdir(directory_fd) != 0) return -1;
	unlink(name);
	mode_t before = umask(0177);
	bool listening = bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, BACKLOG) == 0;
	umask(before);
	if (chdir("/") == 0 && listening) return fd;
	close(fd);
	return -1;
}

int console_listen(void) { return listen_in_directory(CONSOLE_NAME); }

/* The runtime gets the socket by a name that fits into an address, whatever the directory is called. */
const char *console_path(void)
{
	static char path[64];
	snprintf(path, sizeof(path), "/proc/%d/fd/%d/" CONSOLE_NAME, getpid(), directory_fd);
	return path;
}

void console_resize(int master, unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	if (master >= 0 && rows > 0 && columns > 0) ioctl(master, TIOCSWINSZ, &size);
}

static int descriptor_of(struct msghdr *message)
{
	int fd;
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int console_receive(int listener)
{
	/* It sends at once after it has connected; the limit is for one that breaks the rules. */
	struct timeval limit = { .tv_sec = CONSOLE_TIMEOUT_S };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char name[256];
	struct iovec part = { name, sizeof(name) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC), master = -1;
	if (connection >= 0) {
		setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (recvmsg(connection, &message, MSG_CMSG_CLOEXEC) > 0) master = descriptor_of(&message);
		close(connection);
	}
	if (master >= 0) fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	unlinkat(directory_fd, CONSOLE_NAME, 0);
	close(listener);
	return master;
}
