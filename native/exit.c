/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol.h"
#include "shim.h"

struct waiter {
	struct waiter *next;
	int fd;
	bool until_released, gone;
};

static struct waiter *waiters;
static uint64_t oom_kills_before;
static int exit_code;
static char *record;
static size_t record_length;

/* The kernel's count of OOM kills in the group; both versions of cgroups have a line `oom_kill N`. */
static uint64_t oom_kills(void)
{
	for (size_t i = 0; i < options.oom_file_count; i++) {
		char text[1024];
		int fd = open(options.oom_files[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0) continue;
		ssize_t length = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[length > 0 ? length : 0] = '\0';
		const char *line = strstr(text, "oom_kill ");
		return line ? strtoull(line + strlen("oom_kill "), NULL, 10) : 0;
	}
	return 0;
}

void exit_prepare(void) { oom_kills_before = oom_kills(); }

const char *exit_text(size_t *length)
{
	*length = record_length;
	return record;
}

/* Readers see a whole record or none. */
static void write_record(void)
{
	int fd = openat(directory_fd, EXIT_NAME ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) return;
	bool complete = write(fd, record, record_length) == (ssize_t)record_length && fsync(fd) == 0;
	close(fd);
	if (complete) renameat(directory_fd, EXIT_NAME ".new", directory_fd, EXIT_NAME);
}

void exit_record(struct exit_status status)
{
	char time[TIME_TEXT_SIZE];
	time_text(time);
	exit_code = status.code;
	record = must_allocate(512);
	record_length = (size_t)snprintf(record, 512,
	                                 "{\"version\":1,\"pid\":%d,\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,"
	                                 "\"finishedAt\":\"%s\",\"lostLogBytes\":%" PRIu64 "}\n",
	                                 status.pid, status.code, status.signal, oom_kills() > oom_kills_before ? "true" : "false",
	                                 time, log_lost_bytes());
	write_record();
}

void exit_record_failure(const char *text)
{
	size_t length = strlen(text);
	char time[TIME_TEXT_SIZE];
	time_text(time);
	record = must_allocate(length * JSON_EXPANSION + 256);
	char *end = stpcpy(record, "{\"version\":1,\"pid\":0,\"exitCode\":128,\"signal\":0,\"oomKilled\":false,\"finishedAt\":\"");
	end = stpcpy(end, time);
	end = stpcpy(end, "\",\"error\":\"");
	end = (char *)json_escape((uint8_t *)end, (const uint8_t *)text, length);
	end = stpcpy(end, "\"}\n");
	record_length = (size_t)(end - record);
	write_record();
}

void waiter_add(int fd, bool until_released)
{
	struct waiter *waiter = must_allocate(sizeof(*waiter));
	*waiter = (struct waiter){ .next = waiters, .fd = fd, .until_released = until_released };
	waiters = waiter;
}

bool waiters_exist(void) { return waiters != NULL; }

/* The answer's head with `Transfer-Encoding: chunked` was sent by hoyd. */
static void answer(struct waiter *waiter)
{
	char body[32], text[64];
	int length = snprintf(body, sizeof(body), "{\"StatusCode\":%d}\n", exit_code);
	int size = snprintf(text, sizeof(text), "%x\r\n%s\r\n0\r\n\r\n", (unsigned)length, body);
	send(waiter->fd, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(waiter->fd, SHUT_WR);
	waiter->gone = true;
}

void waiters_answer(bool released)
{
	for (struct waiter *waiter = waiters; waiter; waiter = waiter->next) {
		if (!waiter->gone && (released || !waiter->until_released)) answer(waiter);
	}
}

static void hung_up(void *subject, short events)
{
	struct waiter *waiter = subject;
	if (events & (POLLHUP | POLLERR)) waiter->gone = true;
}

void waiters_watch(void)
{
	for (struct waiter *waiter = waiters; waiter; waiter = waiter->next) watch(waiter->fd, 0, hung_up, waiter);
}

void waiters_sweep(void)
{
	for (struct waiter **link = &waiters; *link;) {
		struct waiter *waiter = *link;
		if (!waiter->gone) {
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		close(waiter->fd);
		free(waiter);
	}
}
