/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "shim.h"

/* Days since 1970 to a date of the proleptic Gregorian calendar, in years that begin in March. */
static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += 719468; /* to 0000-03-01 */
	int64_t era = days / 146097;
	unsigned in_era = (unsigned)(days - era * 146097);
	unsigned years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	unsigned in_year = in_era - (365 * years + years / 4 - years / 100);
	unsigned march_month = (5 * in_year + 2) / 153;
	*day = in_year - (153 * march_month + 2) / 5 + 1;
	*month = march_month < 10 ? march_month + 3 : march_month - 9;
	*year = (int64_t)years + era * 400 + (*month <= 2);
}

static char *digits(char *to, unsigned value, int width)
{
	for (int i = width - 1; i >= 0; i--, value /= 10) to[i] = (char)('0' + value % 10);
	return to + width;
}

static char *two_digits(char *to, unsigned value, char after)
{
	to = digits(to, value, 2);
	*to++ = after;
	return to;
}

static char *second_text(char *to, int64_t seconds)
{
	int64_t year;
	unsigned month, day, in_day = (unsigned)(seconds % 86400);
	date_of(seconds / 86400, &year, &month, &day);
	to = digits(to, (unsigned)year, 4);
	*to++ = '-';
	to = two_digits(to, month, '-');
	to = two_digits(to, day, 'T');
	to = two_digits(to, in_day / 3600, ':');
	to = two_digits(to, in_day / 60 % 60, ':');
	return digits(to, in_day % 60, 2);
}

size_t time_text(char text[TIME_TEXT_SIZE])
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	char *to = second_text(text, now.tv_sec);
	if (now.tv_nsec != 0) {
		*to++ = '.';
		to = digits(to, (unsigned)now.tv_nsec, 9);
		while (to[-1] == '0') to--;
	}
	*to++ = 'Z';
	*to = '\0';
	return (size_t)(to - text);
}

/* Sixteen bytes at a time: SSE2 and NEON both have these operations, and the compiler knows how. */
typedef uint8_t block __attribute__((vector_size(16)));

static bool is_plain_block(block bytes)
{
	union {
		block mask;
		uint64_t halves[2];
	} special;
	special.mask = (block)(bytes < 0x20) | (block)(bytes > 0x7f) | (block)(bytes == '"') | (block)(bytes == '\\') |
	               (block)(bytes == '<') | (block)(bytes == '>') | (block)(bytes == '&');
	return (special.halves[0] | special.halves[1]) == 0;
}

static bool is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte <= 0x7f && byte != '"' && byte != '\\' && byte != '<' && byte != '>' && byte != '&';
}

/* The length of the UTF-8 sequence at `bytes`, or 0 if there is no valid one (RFC 3629: no surrogates, shortest form). */
static size_t utf8_length(const uint8_t *bytes, size_t available)
{
	uint8_t lead = bytes[0], low = 0x80, high = 0xbf;
	size_t length = lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
	if (length == 0 || length > available) return 0;
	if (lead == 0xe0) low = 0xa0;
	if (lead == 0xed) high = 0x9f;
	if (lead == 0xf0) low = 0x90;
	if (lead == 0xf4) high = 0x8f;
	if (bytes[1] < low || bytes[1] > high) return 0;
	for (size_t i = 2; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80) return 0;
	}
	return length;
}

static uint8_t *put(uint8_t *to, const char *text, size_t length)
{
	memcpy(to, text, length);
	return to + length;
}

static uint8_t *escape_ascii(uint8_t *to, uint8_t byte)
{
	static const char hex[] = "0123456789abcdef";
	*to++ = '\\';
	switch (byte) {
	case '"':
	case '\\': *to++ = byte; return to;
	case '\n': *to++ = 'n'; return to;
	case '\r': *to++ = 'r'; return to;
	case '\t': *to++ = 't'; return to;
	default: break;
	}
	to = put(to, "u00", 3);
	*to++ = (uint8_t)hex[byte >> 4];
	*to++ = (uint8_t)hex[byte & 15];
	return to;
}

/* Escapes what starts at `from`, which is not plain; returns how many bytes it took. */
static size_t escape_one(uint8_t **to, const uint8_t *from, size_t available)
{
	if (*from < 0x80) {
		*to = escape_ascii(*to, *from);
		return 1;
	}
	size_t length = utf8_length(from, available);
	if (length == 0) {
		*to = put(*to, "\\ufffd", 6);
		return 1;
	}
	if (length == 3 && from[0] == 0xe2 && from[1] == 0x80 && (from[2] & 0xfe) == 0xa8) {
		*to = put(*to, from[2] == 0xa8 ? "\\u2028" : "\\u2029", 6);
		return 3;
	}
	memcpy(*to, from, length);
	*to += length;
	return length;
}

uint8_t *json_escape(uint8_t *to, const uint8_t *bytes, size_t length)
{
	const uint8_t *end = bytes + length;
	while (bytes < end) {
		while (end - bytes >= (ptrdiff_t)sizeof(block)) {
			block next;
			memcpy(&next, bytes, sizeof(next));
			if (!is_plain_block(next)) break;
			memcpy(to, &next, sizeof(next));
			bytes += sizeof(next);
			to += sizeof(next);
		}
		while (bytes < end && is_plain(*bytes)) *to++ = *bytes++;
		if (bytes < end) bytes += escape_one(&to, bytes, (size_t)(end - bytes));
	}
	return to;
}
