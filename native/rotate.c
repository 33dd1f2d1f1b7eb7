/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "shim.h"

/* hoyd may have compressed a rotated file, so each number may exist in two forms. */
static const char *const suffixes[] = { "", ".gz" };

static bool numbered(char name[PATH_MAX], const char *path, unsigned number, const char *suffix)
{
	int length = number ? snprintf(name, PATH_MAX, "%s.%u%s", path, number, suffix) : snprintf(name, PATH_MAX, "%s%s", path, suffix);
	return length < PATH_MAX;
}

static void shift(const char *path, unsigned number)
{
	char from[PATH_MAX], to[PATH_MAX];
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (numbered(from, path, number, suffixes[i]) && numbered(to, path, number + 1, suffixes[i])) rename(from, to);
	}
}

void rotate_files(const char *path, unsigned files)
{
	char oldest[PATH_MAX];
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		if (numbered(oldest, path, files - 1, suffixes[i])) unlink(oldest);
	}
	/* With one file, that was it. */
	for (unsigned number = files - 1; number-- > 0;) shift(path, number);
}
