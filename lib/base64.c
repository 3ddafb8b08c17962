/* SPDX-License-Identifier: ISC */
/* Bytes to base64. */
#include <stdint.h>

#include "lib/base64.h"

/* Three bytes are four digits. */
static void
put_triple(char to[4], const uint8_t p[3])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	to[0] = alphabet[p[0] >> 2];
	to[1] = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
	to[2] = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
	to[3] = alphabet[p[2] & 63];
}

int
base64_put(struct buf *b, const void *bytes, size_t n, size_t zeros)
{
	const uint8_t *p = bytes;
	size_t total = n + zeros, i, k;
	char *to = buf_room(b, (total + 2) / 3 * 4);
	uint8_t last[3];

	if (to == NULL)
		return -1;
	for (i = 0; i + 3 <= n; i += 3, to += 4)
		put_triple(to, p + i);
	for (; i < total; i += 3, to += 4) {
		for (k = 0; k < 3; k++)
			last[k] = i + k < n ? p[i + k] : 0;
		put_triple(to, last);
		if (total - i < 3)
			to[3] = '=';
		if (total - i < 2)
			to[2] = '=';
	}
	b->len = (size_t)(to - b->data);
	return 0;
}
