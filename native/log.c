/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol.h"
#include "shim.h"

/* Docker cuts longer lines into records of this size, all but the last without a newline. */
#define LINE_MAX_SIZE 16384
#define RECORD_MAX_SIZE (LINE_MAX_SIZE * JSON_EXPANSION + 128)
#define BUFFER_SIZE (4 * RECORD_MAX_SIZE)
#define RETRY_OPEN_MS 1000

/* The beginning of a line whose end was not read yet. */
struct partial {
	uint8_t *bytes; /* LINE_MAX_SIZE, or NULL while there is none */
	size_t length;
};

static int fd = -1;
static uint64_t file_size, lost;
static int64_t opened_at;
static uint8_t *buffer;
static size_t buffered;
static struct partial partials[2];

/* A line that was cut by a power failure or SIGKILL must not run into the next one. */
static void end_torn_line(void)
{
	char last;
	int reader = open(options.log_path, O_RDONLY | O_CLOEXEC);
	if (reader >= 0 && pread(reader, &last, 1, (off_t)file_size - 1) == 1 && last != '\n' && write(fd, "\n", 1) == 1) file_size++;
	if (reader >= 0) close(reader);
}

static void open_file(int more_flags)
{
	struct stat status;
	opened_at = monotonic_ms();
	fd = open(options.log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | more_flags, 0640);
	file_size = fd >= 0 && fstat(fd, &status) == 0 ? (uint64_t)status.st_size : 0;
	if (fd >= 0 && file_size > 0) end_torn_line();
}

void log_open(void)
{
	if (!options.log_path) return;
	buffer = pages_reserve(BUFFER_SIZE);
	open_file(0);
}

void log_reopen(void)
{
	if (!options.log_path) return;
	log_flush();
	if (fd >= 0) close(fd);
	open_file(0);
}

uint64_t log_lost_bytes(void) { return lost; }

/* The disk is full or broken. The container goes on; what can't be written is counted, and no half record stays. */
static void give_up_on(size_t written, size_t size)
{
	while (written > 0 && buffer[written - 1] != '\n') written--;
	if (ftruncate(fd, (off_t)(file_size + written)) == 0) file_size += written;
	lost += size - written;
}

void log_flush(void)
{
	size_t size = buffered, written = 0;
	if (size == 0) return;
	buffered = 0;
	if (fd < 0 && monotonic_ms() - opened_at >= RETRY_OPEN_MS) open_file(0);
	if (fd < 0) {
		lost += size;
		return;
	}
	while (written < size) {
		ssize_t result = write(fd, buffer + written, size - written);
		if (result < 0 && errno == EINTR) continue;
		if (result <= 0) return give_up_on(written, size);
		written += (size_t)result;
	}
	file_size += size;
}

/* A reader that has the old file open reads it to its end, also when it is kept under no name. */
static void rotate(void)
{
	rotate_files(options.log_path, options.log_max_files);
	if (fd >= 0) close(fd);
	open_file(0);
	if (options.log_max_files > 1) control_broadcast(FRAME_ROTATED, options.log_path, strlen(options.log_path));
}

static uint8_t *put(uint8_t *to, const char *text, size_t length)
{
	memcpy(to, text, length);
	return to + length;
}

#define PUT(to, literal) put(to, literal, sizeof(literal) - 1)

static uint8_t *encode(uint8_t *to, enum stream_kind kind, const uint8_t *line, size_t length, bool newline, const char *time, size_t time_length)
{
	to = PUT(to, "{\"log\":\"");
	to = json_escape(to, line, length);
	if (newline) to = PUT(to, "\\n");
	to = kind == STREAM_STDOUT ? PUT(to, "\",\"stream\":\"stdout\",\"time\":\"") : PUT(to, "\",\"stream\":\"stderr\",\"time\":\"");
	to = put(to, time, time_length);
	return PUT(to, "\"}\n");
}

struct moment {
	char text[TIME_TEXT_SIZE];
	size_t length;
};

static void emit(enum stream_kind kind, const uint8_t *line, size_t length, bool newline, const struct moment *now)
{
	if (buffered + RECORD_MAX_SIZE > BUFFER_SIZE) log_flush();
	uint8_t *record = buffer + buffered;
	size_t size = (size_t)(encode(record, kind, line, length, newline, now->text, now->length) - record);
	uint64_t before = file_size + buffered;
	if (options.log_max_size > 0 && before > 0 && before + size > options.log_max_size) {
		log_flush();
		rotate();
		memmove(buffer, record, size);
	}
	buffered += size;
}

/* How much of a full line buffer to log so that no UTF-8 sequence is torn. */
static size_t cut_point(const uint8_t *bytes, size_t length)
{
	for (size_t back = 1; back <= 3; back++) {
		uint8_t byte = bytes[length - back];
		if ((byte & 0xc0) == 0x80) continue;
		size_t needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
		return needed > back ? length - back : length;
	}
	return length;
}

static void partial_add(struct partial *partial, const uint8_t *bytes, size_t length)
{
	if (length == 0) return;
	if (!partial->bytes) partial->bytes = must_allocate(LINE_MAX_SIZE);
	memcpy(partial->bytes + partial->length, bytes, length);
	partial->length += length;
}

static void partial_emit_full(struct partial *partial, enum stream_kind kind, const struct moment *now)
{
	size_t cut = cut_point(partial->bytes, partial->length);
	emit(kind, partial->bytes, cut, false, now);
	partial->length -= cut;
	memmove(partial->bytes, partial->bytes + cut, partial->length);
}

/* Takes one line, or as much as fits, from the front of `bytes`; returns how much. */
static size_t append_line(struct partial *partial, enum stream_kind kind, const uint8_t *bytes, size_t length, const struct moment *now)
{
	size_t room = LINE_MAX_SIZE - partial->length;
	size_t window = length < room ? length : room;
	const uint8_t *newline = memchr(bytes, '\n', window);
	if (!newline) {
		partial_add(partial, bytes, window);
		if (partial->length == LINE_MAX_SIZE) partial_emit_full(partial, kind, now);
		return window;
	}
	size_t line = (size_t)(newline - bytes);
	if (partial->length == 0) {
		emit(kind, bytes, line, true, now);
	} else {
		partial_add(partial, bytes, line);
		emit(kind, partial->bytes, partial->length, true, now);
		partial->length = 0;
	}
	return line + 1;
}

void log_append(enum stream_kind kind, const uint8_t *bytes, size_t length)
{
	struct moment now;
	if (!options.log_path) return;
	now.length = time_text(now.text);
	while (length > 0) {
		size_t taken = append_line(&partials[kind - 1], kind, bytes, length, &now);
		bytes += taken;
		length -= taken;
	}
}

void log_finish(void)
{
	struct moment now;
	if (!options.log_path) return;
	now.length = time_text(now.text);
	for (size_t i = 0; i < 2; i++) {
		if (partials[i].length > 0) emit((enum stream_kind)(i + 1), partials[i].bytes, partials[i].length, false, &now);
		partials[i].length = 0;
	}
	log_flush();
}

void log_release_memory(void)
{
	pages_release(buffer, BUFFER_SIZE);
	for (size_t i = 0; i < 2; i++) {
		if (partials[i].length > 0) continue;
		free(partials[i].bytes);
		partials[i].bytes = NULL;
	}
}
