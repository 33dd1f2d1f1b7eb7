/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOY_PROTOCOL_H
#define HOY_PROTOCOL_H

#include <stdint.h>

/* PROTOCOL.md explains all of this. */
#define PROTOCOL_VERSION 1
#define SOCKET_NAME "shim.sock"
#define EXIT_NAME "exit.json"
#define PID_NAME "pid"
#define RUNTIME_LOG_NAME "runtime.log"
#define CONSOLE_NAME "console.sock"

/* Little endian, as all machines we build for are. */
struct frame_header {
	uint8_t type;
	uint8_t reserved;
	uint16_t id;
	uint32_t length;
};

#define FRAME_LENGTH_MAX (4u << 20)

/* hoyd to shim */
enum {
	FRAME_START = 1,
	FRAME_ATTACH = 2,
	FRAME_WAIT = 3,
	FRAME_RESIZE = 4,
	FRAME_CLOSE_STDIN = 5,
	FRAME_REOPEN_LOG = 6,
	FRAME_RELEASE = 7,
};

/* shim to hoyd */
enum {
	FRAME_HELLO = 128,
	FRAME_STARTED = 129,
	FRAME_FAILED = 130,
	FRAME_EXITED = 131,
	FRAME_ACCEPTED = 132,
	FRAME_REFUSED = 133,
	FRAME_ROTATED = 134,
};

#endif
