/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "shim.h"

bool detach_filter(struct detach *detach, const uint8_t *bytes, size_t length, uint8_t *to, size_t *written)
{
	uint8_t *next = to;
	*written = 0;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] != detach->keys[detach->matched] && detach->matched > 0) {
			memcpy(next, detach->keys, detach->matched); /* it was no sequence after all */
			next += detach->matched;
			detach->matched = 0;
		}
		if (bytes[i] != detach->keys[detach->matched]) *next++ = bytes[i];
		else if (++detach->matched == detach->length) {
			*written = (size_t)(next - to);
			return true;
		}
	}
	*written = (size_t)(next - to);
	return false;
}
