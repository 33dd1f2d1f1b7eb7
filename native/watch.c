/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "shim.h"

struct watcher {
	ready_function ready;
	void *subject;
};

static struct pollfd *polled;
static struct watcher *watchers;
static size_t count, capacity;

void watch_reset(void) { count = 0; }

void watch(int fd, short events, ready_function ready, void *subject)
{
	if (fd < 0) return;
	if (count == capacity) {
		capacity = capacity ? capacity * 2 : 8;
		polled = must_resize(polled, capacity * sizeof(*polled));
		watchers = must_resize(watchers, capacity * sizeof(*watchers));
	}
	polled[count] = (struct pollfd){ .fd = fd, .events = events };
	watchers[count++] = (struct watcher){ ready, subject };
}

void watch_wait(int timeout_ms)
{
	int ready = poll(polled, count, timeout_ms);
	for (size_t i = 0; ready > 0 && i < count; i++) {
		if (!polled[i].revents) continue;
		ready--;
		watchers[i].ready(watchers[i].subject, polled[i].revents);
	}
}
