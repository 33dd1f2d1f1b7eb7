/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

/* There is nothing sensible to go on with: the container keeps running, and hoyd notices that its shim is gone. */
static void *or_abort(void *memory)
{
	if (!memory) abort();
	return memory;
}

void *must_allocate(size_t size) { return or_abort(calloc(1, size)); }

void *must_resize(void *memory, size_t size) { return or_abort(realloc(memory, size)); }

void *pages_reserve(size_t size)
{
	void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED ? or_abort(NULL) : pages;
}

void pages_release(void *pages, size_t size)
{
	if (pages) madvise(pages, size, MADV_DONTNEED);
}

int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void queue_make_room(struct queue *queue, size_t length)
{
	if (queue->start + queue->length + length <= queue->capacity) return;
	if (queue->start > 0) {
		memmove(queue->bytes, queue->bytes + queue->start, queue->length);
		queue->start = 0;
	}
	if (queue->length + length <= queue->capacity) return;
	size_t doubled = queue->capacity * 2;
	queue->capacity = queue->length + length > doubled ? queue->length + length : doubled;
	queue->bytes = must_resize(queue->bytes, queue->capacity);
}

void queue_append(struct queue *queue, const void *bytes, size_t length)
{
	if (length == 0) return;
	queue_make_room(queue, length);
	memcpy(queue->bytes + queue->start + queue->length, bytes, length);
	queue->length += length;
}

void queue_consume(struct queue *queue, size_t length)
{
	queue->start += length;
	queue->length -= length;
	if (queue->length == 0) queue_clear(queue);
}

void queue_clear(struct queue *queue)
{
	free(queue->bytes);
	*queue = (struct queue){ 0 };
}
