/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shim.h"

#define READS_PER_ROUND 16
#define PLAIN_PIPE_SIZE 65536
/* Without traffic for this long, buffers go back to the system. */
#define IDLE_MS 1000
/* Less is copied faster than moved; more would make frames that clients have to buffer. */
#define SPLICE_MIN_SIZE 16384
#define SPLICE_MAX_SIZE (128 * 1024)
/* When the process has ended, others that hold its output open are heard for this long (Docker does the same). */
#define DRAIN_MS 2000
/* What a pipe can hold, and a little: read at the end without regard to slow clients. */
#define DRAIN_READS 64

struct stream {
	enum stream_kind kind;
	int fd;
	size_t pipe_size; /* if it was changed */
};

static struct stream streams[2] = { { STREAM_STDOUT, -1, 0 }, { STREAM_STDERR, -1, 0 } };
static int64_t idle_at = -1, drained_at = -1;
static uint8_t *buffer;

uint8_t *io_buffer(void)
{
	if (!buffer) buffer = pages_reserve(IO_SIZE);
	idle_at = monotonic_ms() + IDLE_MS;
	return buffer;
}

void output_open(int stdout_fd, int stderr_fd)
{
	streams[0].fd = stdout_fd;
	streams[1].fd = stderr_fd;
	if (options.tty && stdout_fd >= 0) output_resize(options.rows, options.columns);
}

void output_resize(unsigned short rows, unsigned short columns)
{
	options.rows = rows;
	options.columns = columns;
	if (options.tty) console_resize(streams[0].fd, rows, columns);
}

static void close_stream(struct stream *stream)
{
	close(stream->fd);
	stream->fd = -1;
}

/* A writer that fills whole buffers gets a bigger pipe while it does: fewer switches between it and the shim. */
static void grow_pipe(struct stream *stream)
{
	if (options.tty || stream->pipe_size > 0) return;
	int size = fcntl(stream->fd, F_SETPIPE_SZ, BUSY_PIPE_SIZE);
	stream->pipe_size = size > 0 ? (size_t)size : PLAIN_PIPE_SIZE;
}

static void shrink_pipe(struct stream *stream)
{
	if (stream->fd < 0 || stream->pipe_size <= PLAIN_PIPE_SIZE) return;
	if (fcntl(stream->fd, F_SETPIPE_SZ, PLAIN_PIPE_SIZE) > 0) stream->pipe_size = 0;
}

/* Without a log and with one client nobody needs to look at the bytes. */
static bool splice_on(struct stream *stream)
{
	int available;
	if (options.tty || options.log_path) return false;
	if (ioctl(stream->fd, FIONREAD, &available) != 0 || available < SPLICE_MIN_SIZE) return false;
	if (!clients_splice(stream->kind, stream->fd, available < SPLICE_MAX_SIZE ? (size_t)available : SPLICE_MAX_SIZE)) return false;
	io_buffer(); /* counts as traffic */
	if (available >= IO_SIZE) grow_pipe(stream);
	return true;
}

/* Returns false when there is nothing (more) to read. */
static bool pass_on(struct stream *stream)
{
	if (splice_on(stream)) return true;
	ssize_t length = read(stream->fd, io_buffer(), IO_SIZE);
	if (length < 0 && errno == EINTR) return true;
	if (length < 0 && errno == EAGAIN) return false;
	if (length <= 0) { /* the terminal reports EIO when nobody holds it */
		close_stream(stream);
		return false;
	}
	if (length == IO_SIZE) grow_pipe(stream);
	log_append(stream->kind, buffer, (size_t)length);
	clients_deliver(stream->kind, buffer, (size_t)length);
	return true;
}

static bool all_closed(void) { return streams[0].fd < 0 && streams[1].fd < 0; }

static void ready(void *subject, short events)
{
	struct stream *stream = subject;
	(void)events;
	for (int i = 0; i < READS_PER_ROUND && !clients_block_output() && pass_on(stream); i++) continue;
	log_flush();
	if (phase == PHASE_DRAINING && all_closed()) output_complete();
}

void output_watch(void)
{
	if (phase != PHASE_RUNNING && phase != PHASE_DRAINING) return;
	if (clients_block_output()) return;
	for (size_t i = 0; i < 2; i++) watch(streams[i].fd, POLLIN, ready, &streams[i]);
}

static void drain(struct stream *stream)
{
	for (int i = 0; i < DRAIN_READS && stream->fd >= 0 && pass_on(stream); i++) continue;
}

/* All that the process wrote is in the pipes now, so it is read at once; only what others may still write is waited for. */
void output_process_ended(void)
{
	drain(&streams[0]);
	drain(&streams[1]);
	log_flush();
	bool heard = options.log_path || clients_exist();
	if (all_closed() || !heard) output_complete();
	else drained_at = monotonic_ms() + DRAIN_MS;
}

void output_discard(void)
{
	for (size_t i = 0; i < 2; i++) {
		if (streams[i].fd >= 0) close_stream(&streams[i]);
	}
}

size_t output_take_error(char *text, size_t size)
{
	if (streams[1].fd < 0) return 0;
	ssize_t length = read(streams[1].fd, text, size);
	return length > 0 ? (size_t)length : 0;
}

static int left(int64_t at)
{
	int64_t ms = at - monotonic_ms();
	return ms > 0 ? (int)ms : 0;
}

int output_timeout(void)
{
	if (phase == PHASE_DRAINING && drained_at >= 0) return left(drained_at);
	return idle_at >= 0 ? left(idle_at) : -1;
}

static void release_memory(void)
{
	idle_at = -1;
	shrink_pipe(&streams[0]);
	shrink_pipe(&streams[1]);
	pages_release(buffer, IO_SIZE);
	log_release_memory();
	input_release_memory();
#ifdef __GLIBC__
	malloc_trim(0); /* other C libraries give memory back by themselves */
#endif
}

void output_tick(void)
{
	if (phase == PHASE_DRAINING && drained_at >= 0 && left(drained_at) == 0) {
		drain(&streams[0]);
		drain(&streams[1]);
		output_discard();
		output_complete();
	} else if (idle_at >= 0 && left(idle_at) == 0) {
		release_memory();
	}
}
