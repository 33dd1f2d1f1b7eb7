/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "protocol.h"
#include "shim.h"

#define READ_SIZE 4096
#define DESCRIPTORS_MAX 16
/* hoyd always reads; one that hangs for longer is let go and may connect again. */
#define SEND_TIMEOUT_S 2

struct control {
	struct control *next;
	int fd;
	bool gone;
	struct queue received;
	int descriptors[DESCRIPTORS_MAX]; /* in the order of the frames that they belong to */
	size_t descriptor_count;
};

static struct control *controls;
static int listener = -1;
static int64_t absent_since;

static void reply(struct control *control, uint8_t type, uint16_t id, const char *text, size_t length)
{
	struct frame_header header = { .type = type, .id = id, .length = (uint32_t)length };
	struct iovec parts[2] = { { &header, sizeof(header) }, { (void *)(uintptr_t)text, length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t sent = sendmsg(control->fd, &message, MSG_NOSIGNAL);
	if (sent != (ssize_t)(sizeof(header) + length)) control->gone = true;
}

void control_broadcast(uint8_t type, const char *text, size_t length)
{
	for (struct control *control = controls; control; control = control->next) {
		if (!control->gone) reply(control, type, 0, text, length);
	}
}

static struct control *add(int fd)
{
	struct timeval limit = { .tv_sec = SEND_TIMEOUT_S };
	struct control *control = must_allocate(sizeof(*control));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	control->fd = fd;
	control->next = controls;
	controls = control;
	return control;
}

static void greet(struct control *control)
{
	char text[256];
	int length = snprintf(text, sizeof(text), "{\"version\":%d,\"pid\":%d,\"running\":%s}", PROTOCOL_VERSION, process_pid,
	                      phase == PHASE_RUNNING || phase == PHASE_DRAINING ? "true" : "false");
	reply(control, FRAME_HELLO, 0, text, (size_t)length);
	size_t exit_length;
	const char *exit = exit_text(&exit_length);
	if (exit) reply(control, FRAME_EXITED, 0, exit, exit_length);
}

static bool is_ours(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == getuid());
}

static void accept_hoyd(void *subject, short events)
{
	(void)subject;
	(void)events;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) return;
	if (is_ours(fd)) greet(add(fd));
	else close(fd);
}

static int take_descriptor(struct control *control)
{
	if (control->descriptor_count == 0) return -1;
	int fd = control->descriptors[0];
	control->descriptor_count--;
	memmove(control->descriptors, control->descriptors + 1, control->descriptor_count * sizeof(int));
	return fd;
}

/* flags, number of detach key bytes, two reserved bytes, the keys, then input that hoyd has read already */
static const char *attach(struct control *control, const uint8_t *payload, size_t length)
{
	int fd = take_descriptor(control);
	if (fd < 0) return "no descriptor came with it";
	if (length < 4 || payload[1] > DETACH_KEYS_MAX || length < 4u + payload[1]) {
		close(fd);
		return "malformed";
	}
	struct attach request = { payload[0], payload + 4, payload[1], payload + 4 + payload[1], length - 4 - payload[1] };
	client_add(fd, &request);
	return NULL;
}

static const char *add_waiter(struct control *control, const uint8_t *payload, size_t length)
{
	int fd = take_descriptor(control);
	if (fd < 0) return "no descriptor came with it";
	waiter_add(fd, length > 0 && payload[0] != 0);
	return NULL;
}

static const char *resize(const uint8_t *payload, size_t length)
{
	uint16_t size[2];
	if (length != sizeof(size)) return "malformed";
	memcpy(size, payload, sizeof(size));
	output_resize(size[0], size[1]);
	return NULL;
}

/* Returns NULL, or why it was refused. */
static const char *obey(struct control *control, uint8_t type, const uint8_t *payload, size_t length)
{
	switch (type) {
	case FRAME_START: start_requested(); return NULL;
	case FRAME_ATTACH: return attach(control, payload, length);
	case FRAME_WAIT: return add_waiter(control, payload, length);
	case FRAME_RESIZE: return resize(payload, length);
	case FRAME_CLOSE_STDIN: input_close(); return NULL;
	case FRAME_REOPEN_LOG: log_reopen(); return NULL;
	case FRAME_RELEASE: release_requested(); return NULL;
	default: return "unknown to this version";
	}
}

/* Returns false when no whole frame is there. */
static bool take_frame(struct control *control)
{
	struct frame_header header;
	if (control->gone || control->received.length < sizeof(header)) return false;
	memcpy(&header, queue_head(&control->received), sizeof(header));
	if (header.length > FRAME_LENGTH_MAX) control->gone = true;
	if (control->gone || control->received.length < sizeof(header) + header.length) return false;
	const char *refusal = obey(control, header.type, queue_head(&control->received) + sizeof(header), header.length);
	queue_consume(&control->received, sizeof(header) + header.length);
	if (refusal) reply(control, FRAME_REFUSED, header.id, refusal, strlen(refusal));
	else if (header.id != 0) reply(control, FRAME_ACCEPTED, header.id, NULL, 0);
	return true;
}

static void keep_descriptors(struct control *control, struct msghdr *message)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			if (control->descriptor_count < DESCRIPTORS_MAX) control->descriptors[control->descriptor_count++] = fd;
			else close(fd);
		}
	}
}

static void receive(void *subject, short events)
{
	struct control *control = subject;
	(void)events;
	uint8_t bytes[READ_SIZE];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
	} descriptors;
	struct iovec part = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = descriptors.bytes, .msg_controllen = sizeof(descriptors.bytes) };
	ssize_t length = recvmsg(control->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (length < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (length <= 0) {
		control->gone = true;
		return;
	}
	keep_descriptors(control, &message);
	queue_append(&control->received, bytes, (size_t)length);
	while (take_frame(control)) continue;
}

void control_open(int inherited)
{
	listener = listen_in_directory(SOCKET_NAME);
	if (listener < 0) {
		dprintf(2, "hoy-shim: cannot listen in %s: %s\n", options.directory, strerror(errno));
		exit(65);
	}
	add(inherited);
}

void control_watch(void)
{
	watch(listener, POLLIN, accept_hoyd, NULL);
	for (struct control *control = controls; control; control = control->next) watch(control->fd, POLLIN, receive, control);
}

static void forget(struct control *control)
{
	while (control->descriptor_count > 0) close(take_descriptor(control));
	close(control->fd);
	queue_clear(&control->received);
	free(control);
}

void control_sweep(void)
{
	for (struct control **link = &controls; *link;) {
		struct control *control = *link;
		if (!control->gone) {
			link = &control->next;
			continue;
		}
		*link = control->next;
		forget(control);
		if (!controls) absent_since = monotonic_ms();
	}
}

bool control_connected(void) { return controls != NULL; }

int64_t control_absent_since(void) { return absent_since; }

void control_unlink(void) { unlinkat(directory_fd, SOCKET_NAME, 0); }
