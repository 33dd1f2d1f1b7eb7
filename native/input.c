/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "shim.h"

/*
 * One descriptor leads to the process: a pipe or the terminal's master. What it does not take at once waits in
 * `pending`, and until that is empty nothing more is read from any client.
 */
static int fd = -1;
static bool is_open, is_pipe, close_when_empty, never_opened = true;
static size_t pipe_size;
static struct queue pending;

void input_open(int new_fd, bool pipe)
{
	fd = new_fd;
	is_pipe = pipe;
	is_open = true;
	never_opened = false;
}

static void end(void)
{
	if (fd >= 0) close(fd);
	fd = -1;
	is_open = false;
	queue_clear(&pending);
}

void input_close(void)
{
	if (options.tty) return; /* as in Docker, a terminal has no end of input */
	close_when_empty = true;
	if (is_open && pending.length == 0) end();
}

bool input_accepts(void)
{
	return pending.length == 0 && (is_open || !never_opened || options.stdin_mode == STDIN_CLOSED);
}

void input_client_ended(void)
{
	if (options.stdin_mode == STDIN_ONCE) input_close();
}

static void grow_pipe(void)
{
	if (!is_pipe || pipe_size > 0) return;
	int size = fcntl(fd, F_SETPIPE_SZ, BUSY_PIPE_SIZE);
	pipe_size = size > 0 ? (size_t)size : 1;
}

/* Returns how much the process took; ends the input if it will never take more. */
static size_t try_write(const uint8_t *bytes, size_t length)
{
	size_t written = 0;
	while (written < length) {
		ssize_t result = write(fd, bytes + written, length - written);
		if (result > 0) written += (size_t)result;
		else if (result < 0 && errno == EINTR) continue;
		else if (result < 0 && errno == EAGAIN) break;
		else {
			end();
			return length;
		}
	}
	return written;
}

void input_write(const uint8_t *bytes, size_t length)
{
	if (options.stdin_mode == STDIN_CLOSED || close_when_empty || (!is_open && !never_opened)) return;
	size_t written = is_open && pending.length == 0 ? try_write(bytes, length) : 0;
	queue_append(&pending, bytes + written, length - written);
	if (is_open && pending.length > 0) grow_pipe();
}

static void writable(void *subject, short events)
{
	(void)subject;
	(void)events;
	if (!is_open) return;
	size_t written = try_write(queue_head(&pending), pending.length);
	if (!is_open) return;
	queue_consume(&pending, written);
	if (close_when_empty && pending.length == 0) end();
}

void input_watch(void)
{
	if (is_open && close_when_empty && pending.length == 0) end();
	if (is_open && pending.length > 0) watch(fd, POLLOUT, writable, NULL);
}

void input_release_memory(void)
{
	if (!is_open || !is_pipe || pipe_size <= 1 || pending.length > 0) return;
	if (fcntl(fd, F_SETPIPE_SZ, 65536) > 0) pipe_size = 0;
}
