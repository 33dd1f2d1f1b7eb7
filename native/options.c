/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim.h"

struct options options = { .stdin_mode = STDIN_CLOSED, .log_max_files = 1 };

enum { ID = 1, DIRECTORY, RUNTIME, PROGRAM, RUNTIME_ARGUMENT, ROOT, BUNDLE, EXEC, HIDE_UNIFIED, TTY, SIZE, STDIN, LOG, LOG_MAX_SIZE, LOG_MAX_FILES, OOM_FILE };

static const struct option known[] = {
	{ "id", required_argument, NULL, ID },
	{ "dir", required_argument, NULL, DIRECTORY },
	{ "runtime", required_argument, NULL, RUNTIME },
	{ "program", required_argument, NULL, PROGRAM },
	{ "runtime-arg", required_argument, NULL, RUNTIME_ARGUMENT },
	{ "root", required_argument, NULL, ROOT },
	{ "bundle", required_argument, NULL, BUNDLE },
	{ "exec", required_argument, NULL, EXEC },
	{ "hide-unified-cgroup", no_argument, NULL, HIDE_UNIFIED },
	{ "tty", no_argument, NULL, TTY },
	{ "size", required_argument, NULL, SIZE },
	{ "stdin", required_argument, NULL, STDIN },
	{ "log", required_argument, NULL, LOG },
	{ "log-max-size", required_argument, NULL, LOG_MAX_SIZE },
	{ "log-max-files", required_argument, NULL, LOG_MAX_FILES },
	{ "oom-file", required_argument, NULL, OOM_FILE },
	{ NULL, 0, NULL, 0 },
};

static void refuse(const char *what, const char *value)
{
	dprintf(2, "hoy-shim: %s%s%s\n", what, value ? ": " : "", value ? value : "");
	exit(64);
}

static uint64_t number(const char *text, uint64_t maximum)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);
	if (end == text || *end != '\0' || *text == '-' || value > maximum) refuse("not a number in range", text);
	return value;
}

static void parse_size(const char *text)
{
	char *end;
	unsigned long rows = strtoul(text, &end, 10);
	if (end == text || *end != 'x' || rows > 65535) refuse("not a terminal size", text);
	options.rows = (unsigned short)rows;
	options.columns = (unsigned short)number(end + 1, 65535);
}

static enum stdin_mode parse_stdin(const char *text)
{
	if (strcmp(text, "closed") == 0) return STDIN_CLOSED;
	if (strcmp(text, "open") == 0) return STDIN_OPEN;
	if (strcmp(text, "once") != 0) refuse("not a mode of stdin", text);
	return STDIN_ONCE;
}

static void append(const char ***list, size_t *count, const char *value)
{
	*list = must_resize(*list, (*count + 1) * sizeof(**list));
	(*list)[(*count)++] = value;
}

static void apply(int option, const char *value)
{
	switch (option) {
	case ID: options.container_id = value; break;
	case DIRECTORY: options.directory = value; break;
	case RUNTIME: options.runtime = value; break;
	case PROGRAM: options.program = value; break;
	case RUNTIME_ARGUMENT: append(&options.runtime_arguments, &options.runtime_argument_count, value); break;
	case ROOT: options.runtime_root = value; break;
	case BUNDLE: options.bundle = value; break;
	case EXEC: options.process_file = value; break;
	case HIDE_UNIFIED: options.hide_unified_cgroup = true; break;
	case TTY: options.tty = true; break;
	case SIZE: parse_size(value); break;
	case STDIN: options.stdin_mode = parse_stdin(value); break;
	case LOG: options.log_path = value; break;
	case LOG_MAX_SIZE: options.log_max_size = number(value, INT64_MAX); break;
	case LOG_MAX_FILES:
		options.log_max_files = (unsigned)number(value, 1000);
		if (options.log_max_files == 0) refuse("not a number of log files", value);
		break;
	case OOM_FILE: append(&options.oom_files, &options.oom_file_count, value); break;
	default: exit(64);
	}
}

void options_parse(int argc, char **argv)
{
	for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) apply(option, optarg);
	if (optind != argc) refuse("unexpected argument", argv[optind]);
	if (!options.container_id) refuse("--id is missing", NULL);
	if (!options.directory || options.directory[0] != '/') refuse("--dir must be an absolute path", options.directory);
	if (!options.runtime || !options.runtime_root) refuse("--runtime or --root is missing", NULL);
	if (!options.bundle == !options.process_file) refuse("one of --bundle and --exec is needed", NULL);
}
