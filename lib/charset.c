/* SPDX-License-Identifier: ISC */
/* Character sets: single-byte ones by a table made once, the others by iconv. */
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/charset.h"
#include "lib/utf8.h"

enum kind { UTF8, BINARY, SINGLE, MULTI };

struct charset {
	const char *name;
	const char *iconv_name;
	enum kind kind;
	unsigned max_bytes;
};

/* MySQL 9 and MariaDB 11: SHOW CHARACTER SET. Their latin1 is Windows-1252 with the C1 controls kept in the five holes
 * (MySQL manual, "West European Character Sets"). Without an iconv name: glibc has none, so a column of it is refused. */
static const struct charset charsets[] = {
	{ "utf8mb4", NULL, UTF8, 4 },
	{ "utf8mb3", NULL, UTF8, 3 },
	{ "utf8", NULL, UTF8, 3 },
	{ "ascii", NULL, UTF8, 1 },
	{ "binary", NULL, BINARY, 1 },
	{ "latin1", "CP1252", SINGLE, 1 },
	{ "latin2", "ISO-8859-2", SINGLE, 1 },
	{ "latin5", "ISO-8859-9", SINGLE, 1 },
	{ "latin7", "ISO-8859-13", SINGLE, 1 },
	{ "greek", "ISO-8859-7", SINGLE, 1 },
	{ "hebrew", "ISO-8859-8", SINGLE, 1 },
	{ "cp850", "CP850", SINGLE, 1 },
	{ "cp852", "CP852", SINGLE, 1 },
	{ "cp866", "CP866", SINGLE, 1 },
	{ "cp1250", "CP1250", SINGLE, 1 },
	{ "cp1251", "CP1251", SINGLE, 1 },
	{ "cp1256", "CP1256", SINGLE, 1 },
	{ "cp1257", "CP1257", SINGLE, 1 },
	{ "koi8r", "KOI8-R", SINGLE, 1 },
	{ "koi8u", "KOI8-U", SINGLE, 1 },
	{ "hp8", "HP-ROMAN8", SINGLE, 1 },
	{ "macroman", "MACINTOSH", SINGLE, 1 },
	{ "macce", "MAC-CENTRALEUROPE", SINGLE, 1 },
	{ "armscii8", "ARMSCII-8", SINGLE, 1 },
	{ "geostd8", "GEORGIAN-PS", SINGLE, 1 },
	{ "tis620", "TIS-620", SINGLE, 1 },
	{ "big5", "BIG5", MULTI, 2 },
	{ "gb2312", "GB2312", MULTI, 2 },
	{ "gbk", "GBK", MULTI, 2 },
	{ "gb18030", "GB18030", MULTI, 4 },
	{ "euckr", "CP949", MULTI, 2 },
	{ "sjis", "SHIFT_JIS", MULTI, 2 },
	{ "cp932", "CP932", MULTI, 2 },
	{ "ujis", "EUC-JP", MULTI, 3 },
	{ "eucjpms", "EUC-JP-MS", MULTI, 3 },
	{ "ucs2", "UCS-2BE", MULTI, 2 },
	{ "utf16", "UTF-16BE", MULTI, 4 },
	{ "utf16le", "UTF-16LE", MULTI, 4 },
	{ "utf32", "UTF-32BE", MULTI, 4 },
};
#define NCHARSETS (sizeof(charsets) / sizeof(charsets[0]))

/* Made at first use, kept for the process's life. */
static struct converter {
	bool ready;
	iconv_t cd;
	struct {
		char bytes[4];
		uint8_t len;	/* 0: not a character */
	} single[256];
} *converters[NCHARSETS];

static const struct charset *
find(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < NCHARSETS; i++)
		if (strncasecmp(charsets[i].name, name, n) == 0 && charsets[i].name[n] == '\0')
			return charsets[i].kind == SINGLE || charsets[i].kind == MULTI ?
			    (charsets[i].iconv_name != NULL ? &charsets[i] : NULL) : &charsets[i];
	return NULL;
}

const struct charset *
charset_find(const char *name)
{
	return find(name, strlen(name));
}

const struct charset *
charset_of_collation(const char *collation)
{
	return find(collation, strcspn(collation, "_"));
}

const char *charset_name(const struct charset *c) { return c->name; }
int charset_is_utf8(const struct charset *c) { return c->kind == UTF8; }
int charset_is_binary(const struct charset *c) { return c->kind == BINARY; }
unsigned charset_max_bytes(const struct charset *c) { return c->max_bytes; }

static void
make_single(struct converter *v, bool latin1)
{
	char byte, *in, *out;
	size_t in_left, out_left;
	int i;

	for (i = 0; i < 256; i++) {
		byte = (char)i;
		in = &byte;
		in_left = 1;
		out = v->single[i].bytes;
		out_left = sizeof(v->single[i].bytes);
		iconv(v->cd, NULL, NULL, NULL, NULL);
		if (iconv(v->cd, &in, &in_left, &out, &out_left) != (size_t)-1)
			v->single[i].len = (uint8_t)(out - v->single[i].bytes);
		else if (latin1)
			v->single[i].len = (uint8_t)utf8_put(v->single[i].bytes, (uint32_t)i);
	}
}

static struct converter *
converter_of(const struct charset *c)
{
	struct converter **v = &converters[c - charsets];

	if (*v != NULL)
		return *v;
	if ((*v = calloc(1, sizeof(**v))) == NULL)
		return NULL;
	if (((*v)->cd = iconv_open("UTF-8", c->iconv_name)) == (iconv_t)-1) {
		free(*v);
		*v = NULL;
		return NULL;
	}
	if (c->kind == SINGLE)
		make_single(*v, strcmp(c->name, "latin1") == 0);
	return *v;
}

static int
put_bad(struct buf *b, uint64_t *bad)
{
	++*bad;
	return buf_add(b, "\xef\xbf\xbd", 3);
}

static int
put_single(const struct converter *v, struct buf *b, const char *text, size_t len, uint64_t *bad)
{
	uint8_t c, n;
	char *to;

	for (; len > 0; len--, text++) {
		c = (uint8_t)*text;
		if ((n = v->single[c].len) == 0) {
			if (put_bad(b, bad) == -1)
				return -1;
			continue;
		}
		if ((to = buf_room(b, sizeof(v->single[c].bytes))) == NULL)
			return -1;
		memcpy(to, v->single[c].bytes, sizeof(v->single[c].bytes));
		b->len += n;
	}
	return 0;
}

static int
put_multi(struct converter *v, struct buf *b, const char *text, size_t len, uint64_t *bad)
{
	char *in = (char *)(uintptr_t)text, *out;
	size_t left;

	iconv(v->cd, NULL, NULL, NULL, NULL);
	while (len > 0) {
		if ((out = buf_room(b, len + 16)) == NULL)
			return -1;
		left = b->cap - b->len;
		if (iconv(v->cd, &in, &len, &out, &left) == (size_t)-1 && errno != E2BIG) {
			b->len = (size_t)(out - b->data);
			if (put_bad(b, bad) == -1)
				return -1;
			in++;
			len--;
			continue;
		}
		b->len = (size_t)(out - b->data);
	}
	return 0;
}

int
charset_put_utf8(const struct charset *c, struct buf *b, const char *text, size_t len, uint64_t *bad)
{
	struct converter *v;

	if (c->kind == UTF8 || c->kind == BINARY)
		return buf_add(b, text, len);
	if ((v = converter_of(c)) == NULL)
		return -1;
	return c->kind == SINGLE ? put_single(v, b, text, len, bad) : put_multi(v, b, text, len, bad);
}
