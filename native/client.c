/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim.h"

/*
 * What a client does not take at once is kept, up to about this much (one more read may come on top); then the output
 * of the process waits for it, as with Docker. The log and the other clients have all that was read until then.
 */
#define CLIENT_BUFFER_SIZE (256 * 1024)
#define FRAME_HEADER_SIZE 8
/* Reads of one client in one round of the loop, so that a fast one leaves time for the others. */
#define READS_PER_ROUND 16
/* After the last byte the client is given this long to end its side, so that the close can't cost it unread bytes. */
#define LINGER_MS 3000

struct client {
	struct client *next;
	int fd;
	unsigned flags;
	struct detach detach;
	struct queue unsent;
	bool cannot_splice;
	bool input_ended;
	bool hung_up;  /* can't receive any more, but what it sent is still to be read */
	bool leaving;  /* gets what is unsent, then its connection is ended */
	bool shut;
	bool gone;
	int64_t linger_until;
};

static struct client *clients;
static bool finishing;

bool clients_exist(void) { return clients != NULL; }

bool clients_block_output(void)
{
	for (struct client *client = clients; client; client = client->next) {
		if (!client->gone && !client->hung_up && client->unsent.length > CLIENT_BUFFER_SIZE) return true;
	}
	return false;
}

/* The receiving side is dead. What the client sent before may still be on its way to the process. */
static void lose_receiver(struct client *client)
{
	client->hung_up = true;
	queue_clear(&client->unsent);
	if (client->input_ended) client->gone = true;
}

static void input_has_ended(struct client *client)
{
	if (client->input_ended) return;
	client->input_ended = true;
	if ((client->flags & ATTACH_STDIN) && !client->leaving) input_client_ended();
	if (client->hung_up || client->shut) client->gone = true;
}

static void end_if_all_sent(struct client *client)
{
	if (!client->leaving || client->shut || client->unsent.length > 0) return;
	shutdown(client->fd, SHUT_WR);
	client->shut = true;
	client->linger_until = monotonic_ms() + LINGER_MS;
	if (client->input_ended) client->gone = true;
}

static void send_unsent(struct client *client)
{
	while (client->unsent.length > 0) {
		ssize_t sent = send(client->fd, queue_head(&client->unsent), client->unsent.length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) queue_consume(&client->unsent, (size_t)sent);
		else if (errno == EINTR) continue;
		else if (errno == EAGAIN) return;
		else return lose_receiver(client);
	}
	end_if_all_sent(client);
}

/* Returns how many bytes the socket took. */
static size_t send_now(struct client *client, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	for (;;) {
		ssize_t sent = sendmsg(client->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0) return (size_t)sent;
		if (errno == EINTR) continue;
		if (errno != EAGAIN) lose_receiver(client);
		return 0;
	}
}

static void send_parts(struct client *client, struct iovec *parts, size_t count)
{
	size_t sent = client->unsent.length == 0 ? send_now(client, parts, count) : 0;
	if (client->hung_up) return;
	for (size_t i = 0; i < count; i++) {
		size_t skipped = sent < parts[i].iov_len ? sent : parts[i].iov_len;
		queue_append(&client->unsent, (uint8_t *)parts[i].iov_base + skipped, parts[i].iov_len - skipped);
		sent -= skipped;
	}
}

static unsigned wanted_flag(enum stream_kind kind) { return kind == STREAM_STDOUT ? ATTACH_STDOUT : ATTACH_STDERR; }

static void frame_header(uint8_t header[FRAME_HEADER_SIZE], enum stream_kind kind, size_t length)
{
	memset(header, 0, FRAME_HEADER_SIZE);
	header[0] = (uint8_t)kind;
	for (int i = 0; i < 4; i++) header[4 + i] = (uint8_t)(length >> (24 - 8 * i));
}

void clients_deliver(enum stream_kind kind, const uint8_t *bytes, size_t length)
{
	unsigned wanted = wanted_flag(kind);
	uint8_t header[FRAME_HEADER_SIZE];
	frame_header(header, kind, length);
	struct iovec parts[2] = { { header, sizeof(header) }, { (void *)(uintptr_t)bytes, length } };
	for (struct client *client = clients; client; client = client->next) {
		if (client->gone || client->hung_up || client->leaving || !(client->flags & wanted)) continue;
		bool framed = client->flags & ATTACH_MULTIPLEXED;
		send_parts(client, framed ? parts : parts + 1, framed ? 2 : 1);
	}
}

/* The one client that this stream goes to, if it has all that came before; NULL when there is none or more than one. */
static struct client *sole_receiver(unsigned wanted)
{
	struct client *sole = NULL;
	for (struct client *client = clients; client; client = client->next) {
		if (client->gone || client->hung_up || client->leaving || !(client->flags & wanted)) continue;
		if (sole || client->unsent.length > 0 || client->cannot_splice) return NULL;
		sole = client;
	}
	return sole;
}

/* What the socket has no room for, or what splice can't do. */
static void keep_from_pipe(struct client *client, int pipe, size_t length)
{
	while (length > 0) {
		ssize_t part = read(pipe, io_buffer(), length < IO_SIZE ? length : IO_SIZE);
		if (part < 0 && errno == EINTR) continue;
		if (part <= 0) return;
		if (!client->hung_up) queue_append(&client->unsent, io_buffer(), (size_t)part);
		length -= (size_t)part;
	}
}

static bool send_header(struct client *client, const uint8_t header[FRAME_HEADER_SIZE])
{
	if (!(client->flags & ATTACH_MULTIPLEXED)) return true;
	ssize_t sent = send(client->fd, header, FRAME_HEADER_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE);
	if (sent > 0) queue_append(&client->unsent, header + sent, FRAME_HEADER_SIZE - (size_t)sent);
	return sent > 0;
}

bool clients_splice(enum stream_kind kind, int pipe, size_t length)
{
	uint8_t header[FRAME_HEADER_SIZE];
	struct client *client = sole_receiver(wanted_flag(kind));
	frame_header(header, kind, length);
	if (!client || !send_header(client, header)) return false;
	while (length > 0 && client->unsent.length == 0) {
		ssize_t moved = splice(pipe, NULL, client->fd, NULL, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (moved > 0) length -= (size_t)moved;
		else if (moved < 0 && errno == EINTR) continue;
		else {
			client->cannot_splice = moved == 0 || errno == EINVAL;
			if (moved < 0 && errno != EAGAIN && errno != EINVAL) lose_receiver(client);
			break;
		}
	}
	keep_from_pipe(client, pipe, length);
	return true;
}

static void take_input(struct client *client, uint8_t *bytes, size_t length)
{
	if (!(client->flags & ATTACH_STDIN) || client->leaving) return;
	if (client->detach.length == 0) return input_write(bytes, length);
	uint8_t *filtered = bytes + IO_SIZE / 2;
	size_t written;
	client->leaving = detach_filter(&client->detach, bytes, length, filtered, &written);
	input_write(filtered, written);
	end_if_all_sent(client);
}

static void take_head(struct client *client, const uint8_t *head, size_t length)
{
	while (length > 0) {
		size_t part = length < IO_SIZE / 4 ? length : IO_SIZE / 4;
		memcpy(io_buffer(), head, part);
		take_input(client, io_buffer(), part);
		head += part;
		length -= part;
	}
}

void client_add(int fd, const struct attach *attach)
{
	struct client *client = must_allocate(sizeof(*client));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* for splice; all else asks for it in each call */
	client->fd = fd;
	client->flags = attach->flags;
	client->leaving = finishing;
	client->detach.length = options.tty ? attach->key_length : 0;
	memcpy(client->detach.keys, attach->keys, attach->key_length);
	client->next = clients;
	clients = client;
	take_head(client, attach->head, attach->head_length);
}

static bool may_read(const struct client *client)
{
	/* Before the process runs nothing is taken from a client: if the start fails it is hoyd's again. */
	if (client->input_ended || phase < PHASE_RUNNING) return false;
	return !(client->flags & ATTACH_STDIN) || client->leaving || input_accepts();
}

static void receive(struct client *client)
{
	uint8_t *bytes = io_buffer();
	/* With detach keys the other half of the buffer, and a little, takes the filtered bytes. */
	size_t size = client->detach.length ? IO_SIZE / 2 - DETACH_KEYS_MAX : IO_SIZE;
	for (int reads = 0; reads < READS_PER_ROUND && may_read(client); reads++) {
		ssize_t received = recv(client->fd, bytes, size, MSG_DONTWAIT);
		if (received > 0) take_input(client, bytes, (size_t)received);
		else if (received < 0 && errno == EINTR) continue;
		else if (received < 0 && errno == EAGAIN) return;
		else return input_has_ended(client);
	}
}

static void ready(void *subject, short events)
{
	struct client *client = subject;
	if (client->gone) return;
	if (events & POLLOUT) send_unsent(client);
	if (events & (POLLIN | POLLHUP | POLLERR)) receive(client);
	if (events & (POLLHUP | POLLERR)) lose_receiver(client);
}

void clients_watch(void)
{
	for (struct client *client = clients; client; client = client->next) {
		bool reads = may_read(client);
		if (client->hung_up && !reads) continue; /* poll would report the hang-up for ever */
		watch(client->fd, (short)((client->unsent.length ? POLLOUT : 0) | (reads ? POLLIN : 0)), ready, client);
	}
}

void clients_finish(void)
{
	finishing = true;
	for (struct client *client = clients; client; client = client->next) {
		client->leaving = true;
		end_if_all_sent(client);
	}
}

int clients_timeout(void)
{
	int64_t soonest = -1, now = monotonic_ms();
	for (struct client *client = clients; client; client = client->next) {
		if (!client->shut) continue;
		int64_t left = client->linger_until > now ? client->linger_until - now : 0;
		if (soonest < 0 || left < soonest) soonest = left;
	}
	return (int)soonest;
}

void clients_sweep(void)
{
	for (struct client **link = &clients; *link;) {
		struct client *client = *link;
		end_if_all_sent(client);
		bool lingered = client->shut && monotonic_ms() >= client->linger_until;
		if (!client->gone && !lingered) {
			link = &client->next;
			continue;
		}
		*link = client->next;
		close(client->fd);
		queue_clear(&client->unsent);
		free(client);
	}
}

void clients_abandon(void)
{
	while (clients) {
		struct client *client = clients;
		clients = client->next;
		close(client->fd);
		queue_clear(&client->unsent);
		free(client);
	}
}
