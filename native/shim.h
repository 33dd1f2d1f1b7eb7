/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOY_SHIM_H
#define HOY_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* The same number everywhere; headers older than the kernel don't have it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/*
 * One hoy-shim stands beside one process of a container: its init, or a process that `exec` added. It keeps what must
 * outlive hoyd: standard streams or terminal, log, attached clients, exit code. PROTOCOL.md has its interface.
 * It has one thread and one poll loop (shim.c); every file here is one subject of that loop.
 */

enum stdin_mode { STDIN_CLOSED, STDIN_OPEN, STDIN_ONCE };
enum stream_kind { STREAM_STDOUT = 1, STREAM_STDERR = 2 }; /* the numbers of Docker's frame header */

enum phase {
	PHASE_WAITING,  /* hoyd may still attach clients; nothing was started */
	PHASE_STARTING, /* the OCI runtime is at work */
	PHASE_RUNNING,
	PHASE_DRAINING, /* the process has ended, its output is not complete yet */
	PHASE_ENDED,    /* the exit record is written */
	PHASE_FAILED,   /* the runtime could not start the process */
};

struct options {
	const char *container_id;
	const char *directory;
	const char *runtime;
	const char *program; /* a copy of the runtime to start in its place, if it is still there */
	const char *runtime_root;
	const char **runtime_arguments;
	size_t runtime_argument_count;
	const char *bundle;       /* init */
	const char *process_file; /* exec */
	bool hide_unified_cgroup;
	bool tty;
	unsigned short rows, columns;
	enum stdin_mode stdin_mode;
	const char *log_path; /* NULL: no log */
	uint64_t log_max_size;
	unsigned log_max_files;
	const char **oom_files;
	size_t oom_file_count;
};

struct exit_status {
	pid_t pid;
	int code;
	int signal;
};

/* options.c: exits with a message when they make no sense */
extern struct options options;
void options_parse(int argc, char **argv);

/* shim.c: what all parts look at */
extern enum phase phase;
extern int directory_fd;
extern pid_t process_pid;
void start_requested(void);
void release_requested(void);
void process_started(pid_t pid);
void process_failed(const char *text);
void process_ended(struct exit_status status);
void output_complete(void);

/* watch.c: the set that poll(2) waits on, made anew in every round */
typedef void (*ready_function)(void *subject, short events);
void watch(int fd, short events, ready_function ready, void *subject);
void watch_reset(void);
void watch_wait(int timeout_ms);

/* memory.c */
void *must_allocate(size_t size);
void *must_resize(void *memory, size_t size);
/* Zeroed pages that cost nothing until they are touched. */
void *pages_reserve(size_t size);
/* Gives the memory back; the pages stay usable and read as zeros. */
void pages_release(void *pages, size_t size);
int64_t monotonic_ms(void);
/* A byte queue that holds memory only while it holds bytes. */
struct queue {
	uint8_t *bytes;
	size_t start, length, capacity;
};
void queue_append(struct queue *queue, const void *bytes, size_t length);
void queue_consume(struct queue *queue, size_t length);
void queue_clear(struct queue *queue);
static inline const uint8_t *queue_head(const struct queue *queue) { return queue->bytes + queue->start; }

/* json.c */
#define TIME_TEXT_SIZE 40
/* RFC 3339 in UTC with as many fraction digits as needed, as Go's RFC3339Nano. Returns the length. */
size_t time_text(char text[TIME_TEXT_SIZE]);
#define JSON_EXPANSION 6
/* Writes `bytes` as the inside of a JSON string, escaped as Go's encoder does; at most JSON_EXPANSION times as long. */
uint8_t *json_escape(uint8_t *to, const uint8_t *bytes, size_t length);

/* log.c: the json-file log */
void log_open(void);
void log_reopen(void);
void log_append(enum stream_kind kind, const uint8_t *bytes, size_t length);
/* Hands what was appended to the kernel. */
void log_flush(void);
/* Logs what has no newline yet, too. */
void log_finish(void);
void log_release_memory(void);
uint64_t log_lost_bytes(void);

/* rotate.c */
/* Shifts PATH, PATH.1, PATH.1.gz, ... by one, so that a new PATH can be made; `files` counts PATH too. */
void rotate_files(const char *path, unsigned files);

/* output.c: from the process to log and clients */
void output_open(int stdout_fd, int stderr_fd);
void output_watch(void);
void output_process_ended(void);
/* Milliseconds until `output_tick` has something to do, or -1. */
int output_timeout(void);
void output_tick(void);
/* Takes what the runtime wrote to standard error, for its error message. */
size_t output_take_error(char *text, size_t size);
void output_discard(void);
/* The terminal's size; kept for later while there is no terminal yet. */
void output_resize(unsigned short rows, unsigned short columns);
uint8_t *io_buffer(void);
#define IO_SIZE 65536
#define BUSY_PIPE_SIZE (512 * 1024)

/* input.c: from clients to the process */
void input_open(int fd, bool is_pipe);
void input_close(void);
bool input_accepts(void);
void input_write(const uint8_t *bytes, size_t length);
/* A client's input has ended. */
void input_client_ended(void);
void input_watch(void);
void input_release_memory(void);

/* client.c: attached clients */
struct client;
enum { ATTACH_STDIN = 1, ATTACH_STDOUT = 2, ATTACH_STDERR = 4, ATTACH_MULTIPLEXED = 8 };
#define DETACH_KEYS_MAX 64
struct attach {
	unsigned flags;
	const uint8_t *keys;
	size_t key_length;
	const uint8_t *head; /* input that hoyd has read already */
	size_t head_length;
};
void client_add(int fd, const struct attach *attach);
void clients_watch(void);
void clients_deliver(enum stream_kind kind, const uint8_t *bytes, size_t length);
/*
 * Moves `length` bytes that are in the pipe to the only client that wants them, without copying. Returns false, and has
 * done nothing, when there is no such client.
 */
bool clients_splice(enum stream_kind kind, int pipe, size_t length);
bool clients_exist(void);
/* Some client has not taken what it was sent: no more output is read until it does or goes away. */
bool clients_block_output(void);
/* Everything was delivered: ends each client as soon as it has received all. */
void clients_finish(void);
void clients_sweep(void);
int clients_timeout(void);
/* Lets go of the sockets without ending the connections, which hoyd still holds. */
void clients_abandon(void);

/* detach.c */
struct detach {
	uint8_t keys[DETACH_KEYS_MAX];
	size_t length, matched;
};
/* Copies to `to` (at least `length` + DETACH_KEYS_MAX bytes) what is not part of the sequence; true when it is complete. */
bool detach_filter(struct detach *detach, const uint8_t *bytes, size_t length, uint8_t *to, size_t *written);

/* control.c: connections to hoyd */
/* `inherited` is the connection of the hoyd that launched this shim. */
void control_open(int inherited);
void control_watch(void);
void control_sweep(void);
bool control_connected(void);
int64_t control_absent_since(void);
void control_broadcast(uint8_t type, const char *text, size_t length);
void control_unlink(void);

/* runtime.c: the OCI runtime and the terminal it hands over */
void runtime_start(void);
void runtime_watch(void);
/* Collects every child that has ended. */
void runtime_reap(void);
void runtime_collect(void);

/* stdio.c: what the runtime and so the process get as standard streams */
struct stdio {
	int process[3]; /* for the child; -1 is /dev/null */
	int ours[3];
};
/* Returns false with errno when there are no descriptors left. */
bool stdio_make(struct stdio *stdio);
void stdio_close_process_side(struct stdio *stdio);
/* Where the runtime sends the terminal's master. */
int console_listen(void);
const char *console_path(void);
/* The master of the terminal, or -1. */
int console_receive(int listener);
void console_resize(int master, unsigned short rows, unsigned short columns);
/* Binds a socket in the shim's directory, however long its path is. */
int listen_in_directory(const char *name);

/* exit.c: the exit record and those who wait for it */
void exit_prepare(void);
void exit_record(struct exit_status status);
void exit_record_failure(const char *text);
const char *exit_text(size_t *length);
void waiter_add(int fd, bool until_released);
void waiters_watch(void);
void waiters_sweep(void);
void waiters_answer(bool released);
bool waiters_exist(void);

#endif
