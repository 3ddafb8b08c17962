/* SPDX-License-Identifier: ISC */
/* Writes JSON's strings. */
#include "lib/json.h"
#include "lib/plain.h"
#include "lib/put.h"
#include "lib/utf8.h"

/* The escape of a byte that needs one; how many bytes it has. */
static size_t
put_escape(char to[6], uint8_t c)
{
	static const char hex[] = "0123456789abcdef";

	to[0] = '\\';
	switch (c) {
	case '\n': to[1] = 'n'; return 2;
	case '\r': to[1] = 'r'; return 2;
	case '\t': to[1] = 't'; return 2;
	case '"':
	case '\\': to[1] = (char)c; return 2;
	default: break;
	}
	memcpy(to + 1, "u00", 3);
	to[4] = hex[c >> 4];
	to[5] = hex[c & 15];
	return 6;
}

/* Copies the valid characters above ASCII that p begins with; how many bytes. */
static size_t
copy_high(char *to, const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	while (i < n && p[i] >= 0x80 && (k = utf8_length(p + i, n - i)) > 0)
		for (; k > 0; k--, i++)
			to[i] = (char)p[i];
	return i;
}

/* All that can stand as it is: plain bytes and valid UTF-8. */
static size_t
copy_clean(char *to, const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	do {
		i += copy_plain(to + i, p + i, n - i);
		k = copy_high(to + i, p + i, n - i);
		i += k;
	} while (k > 0);
	return i;
}

int
json_put_piece(struct buf *b, const char *s, size_t len, uint64_t *bad)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + len;
	char *to = buf_room(b, len);
	size_t n;

	for (; to != NULL; p++) {
		n = copy_clean(to, p, (size_t)(end - p));
		b->len += n;
		if ((p += n) == end)
			return 0;
		/* what is written in its place is longer */
		if ((to = buf_room(b, (size_t)(end - p) + 5)) == NULL)
			break;
		n = *p < 0x80 ? put_escape(to, *p) : (size_t)(put_const(to, "\xef\xbf\xbd") - to);
		b->len += n;
		to += n;
		if (*p >= 0x80 && bad != NULL)
			++*bad;
	}
	return -1;
}

int
json_put_string(struct buf *b, const char *s, size_t len, uint64_t *bad)
{
	char *to = buf_room(b, len + 2);
	size_t n;

	if (to == NULL)
		return -1;
	*to = '"';
	n = copy_plain(to + 1, (const uint8_t *)s, len);
	b->len += 1 + n;
	if (n < len && json_put_piece(b, s + n, len - n, bad) == -1)
		return -1;
	return buf_putc(b, '"');
}

size_t
json_copy_plain(char *to, const char *p, const char *end)
{
	const char *from = p;
	size_t n;

	for (*to++ = *p++; end - p >= PLAIN_BLOCK; p += n, to += n) {
		memcpy(to, p, PLAIN_BLOCK);
		if ((n = plain_block((const uint8_t *)p)) < PLAIN_BLOCK)
			return p[n] == '"' ? (size_t)(p + n + 1 - from) : 0;
	}
	return 0;
}
