/* SPDX-License-Identifier: ISC */
/* usage: charset NAME <LINES: of each line, a string of that character set in hex, the first word, prints it and what
 * lib/charset.c makes of it: UTF-8 in hex; BAD where a byte is none; MANY where it is more than one character. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/charset.h"
#include "lib/utf8.h"

static void
show(const struct charset *c, const char *hex, struct buf *b)
{
	char raw[16];
	unsigned byte;
	uint64_t bad = 0;
	size_t n, i;

	for (n = 0; n < sizeof(raw) && sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		raw[n] = (char)byte;
	buf_clear(b);
	if (charset_put_utf8(c, b, raw, n, &bad) == -1)
		exit(1);
	printf("%s\t", hex);
	if (bad > 0 || utf8_length((const uint8_t *)b->data, b->len) != b->len) {
		puts(bad > 0 ? "BAD" : "MANY");
		return;
	}
	for (i = 0; i < b->len; i++)
		printf("%02X", (uint8_t)b->data[i]);
	putchar('\n');
}

int
main(int argc, char *argv[])
{
	const struct charset *c = argc == 2 ? charset_find(argv[1]) : NULL;
	char hex[64];
	struct buf b;

	if (c == NULL || buf_init(&b, 1024) == -1) {
		fprintf(stderr, "no such character set\n");
		return 1;
	}
	while (scanf("%63s%*[^\n]", hex) == 1)
		show(c, hex, &b);
	buf_free(&b);
	return 0;
}
