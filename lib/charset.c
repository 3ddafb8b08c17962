/* SPDX-License-Identifier: ISC */
/* Character sets: tables made from iconv's at first use, corrected where the servers differ. */
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/charset.h"
#include "lib/utf8.h"

enum kind { UTF8, BINARY, TABLE, UTF16, UTF16LE, UTF32 };

struct charset {
	const char *name;
	const char *iconv_name;	/* TABLE */
	enum kind kind;
	unsigned max_bytes;
};

/* MySQL 9 and MariaDB 11: SHOW CHARACTER SET. */
static const struct charset charsets[] = {
	{ "utf8mb4", NULL, UTF8, 4 },
	{ "utf8mb3", NULL, UTF8, 3 },
	{ "utf8", NULL, UTF8, 3 },
	{ "ascii", NULL, UTF8, 1 },
	{ "binary", NULL, BINARY, 1 },
	{ "latin1", "CP1252", TABLE, 1 },
	{ "latin2", "ISO-8859-2", TABLE, 1 },
	{ "latin5", "ISO-8859-9", TABLE, 1 },
	{ "latin7", "ISO-8859-13", TABLE, 1 },
	{ "greek", "ISO-8859-7", TABLE, 1 },
	{ "hebrew", "ISO-8859-8", TABLE, 1 },
	{ "cp850", "CP850", TABLE, 1 },
	{ "cp852", "CP852", TABLE, 1 },
	{ "cp866", "CP866", TABLE, 1 },
	{ "cp1250", "CP1250", TABLE, 1 },
	{ "cp1251", "CP1251", TABLE, 1 },
	{ "cp1256", "CP1256", TABLE, 1 },
	{ "cp1257", "CP1257", TABLE, 1 },
	{ "keybcs2", "CP437", TABLE, 1 },	/* Kamenicky's, which glibc has not, was made from it */
	{ "koi8r", "KOI8-R", TABLE, 1 },
	{ "koi8u", "KOI8-U", TABLE, 1 },
	{ "dec8", "DEC-MCS", TABLE, 1 },
	{ "hp8", "HP-ROMAN8", TABLE, 1 },
	{ "swe7", "SEN_850200_C", TABLE, 1 },
	{ "macroman", "MACINTOSH", TABLE, 1 },
	{ "macce", "MAC-CENTRALEUROPE", TABLE, 1 },
	{ "armscii8", "ARMSCII-8", TABLE, 1 },
	{ "geostd8", "GEORGIAN-PS", TABLE, 1 },
	{ "tis620", "TIS-620", TABLE, 1 },
	{ "big5", "BIG5", TABLE, 2 },
	{ "gb2312", "GB2312", TABLE, 2 },
	{ "gbk", "GBK", TABLE, 2 },
	{ "gb18030", "GB18030", TABLE, 4 },
	{ "euckr", "CP949", TABLE, 2 },
	{ "sjis", "SHIFT_JIS", TABLE, 2 },
	{ "cp932", "CP932", TABLE, 2 },
	{ "ujis", "EUC-JP", TABLE, 3 },
	{ "eucjpms", "EUC-JP-MS", TABLE, 3 },
	{ "ucs2", NULL, UTF16, 2 },
	{ "utf16", NULL, UTF16, 4 },
	{ "utf16le", NULL, UTF16LE, 4 },
	{ "utf32", NULL, UTF32, 4 },
};
#define NCHARSETS (sizeof(charsets) / sizeof(charsets[0]))

/* Where CONVERT(… USING utf8mb4) of the servers (MySQL 9.7 and MariaDB 10.11 agree) is not what glibc's iconv gives:
 * bytes first to last are the characters from code on; code 0: they are none. tests/charsets.t compares all again. */
static const struct difference {
	const char *charset;
	uint32_t first, last, code;
} differences[] = {
	{ "latin1", 0x81, 0x81, 0x81 }, { "latin1", 0x8d, 0x8d, 0x8d }, { "latin1", 0x8f, 0x90, 0x8f },
	{ "latin1", 0x9d, 0x9d, 0x9d },
	{ "greek", 0xa1, 0xa1, 0x2bd }, { "greek", 0xa2, 0xa2, 0x2bc }, { "greek", 0xa4, 0xa5, 0 },
	{ "greek", 0xaa, 0xaa, 0 },
	{ "hebrew", 0xaf, 0xaf, 0x203e },
	{ "cp866", 0xfc, 0xfc, 0x207f }, { "cp866", 0xfd, 0xfd, 0xb2 },
	{ "cp1256", 0x8a, 0x8a, 0 }, { "cp1256", 0x8f, 0x8f, 0 }, { "cp1256", 0x98, 0x98, 0 },
	{ "cp1256", 0x9a, 0x9a, 0 }, { "cp1256", 0x9f, 0x9f, 0 }, { "cp1256", 0xaa, 0xaa, 0 },
	{ "cp1256", 0xc0, 0xc0, 0 }, { "cp1256", 0xff, 0xff, 0 },
	{ "keybcs2", 0x80, 0x80, 0x10c }, { "keybcs2", 0x83, 0x83, 0x10f }, { "keybcs2", 0x85, 0x85, 0x10e },
	{ "keybcs2", 0x86, 0x86, 0x164 }, { "keybcs2", 0x87, 0x87, 0x10d }, { "keybcs2", 0x88, 0x88, 0x11b },
	{ "keybcs2", 0x89, 0x89, 0x11a }, { "keybcs2", 0x8a, 0x8a, 0x139 }, { "keybcs2", 0x8b, 0x8b, 0xcd },
	{ "keybcs2", 0x8c, 0x8c, 0x13e }, { "keybcs2", 0x8d, 0x8d, 0x13a }, { "keybcs2", 0x8f, 0x8f, 0xc1 },
	{ "keybcs2", 0x91, 0x91, 0x17e }, { "keybcs2", 0x92, 0x92, 0x17d }, { "keybcs2", 0x95, 0x95, 0xd3 },
	{ "keybcs2", 0x96, 0x96, 0x16f }, { "keybcs2", 0x97, 0x97, 0xda }, { "keybcs2", 0x98, 0x98, 0xfd },
	{ "keybcs2", 0x9b, 0x9b, 0x160 }, { "keybcs2", 0x9c, 0x9c, 0x13d }, { "keybcs2", 0x9d, 0x9d, 0xdd },
	{ "keybcs2", 0x9e, 0x9e, 0x158 }, { "keybcs2", 0x9f, 0x9f, 0x165 }, { "keybcs2", 0xa4, 0xa4, 0x148 },
	{ "keybcs2", 0xa5, 0xa5, 0x147 }, { "keybcs2", 0xa6, 0xa6, 0x16e }, { "keybcs2", 0xa7, 0xa7, 0xd4 },
	{ "keybcs2", 0xa8, 0xa8, 0x161 }, { "keybcs2", 0xa9, 0xa9, 0x159 }, { "keybcs2", 0xaa, 0xaa, 0x155 },
	{ "keybcs2", 0xab, 0xab, 0x154 },
	{ "koi8u", 0x95, 0x95, 0x2022 },
	{ "dec8", 0xa0, 0xa0, 0xa0 },
	{ "swe7", 0x24, 0x24, 0x24 }, { "swe7", 0x7f, 0x7f, 0 },
	{ "macroman", 0xc6, 0xc6, 0x2206 }, { "macroman", 0xf0, 0xf0, 0xf8ff },
	{ "armscii8", 0xa1, 0xa1, 0x2741 }, { "armscii8", 0xa2, 0xa2, 0xa7 }, { "armscii8", 0xad, 0xad, 0x55f },
	{ "armscii8", 0xfe, 0xfe, 0x2019 }, { "armscii8", 0xff, 0xff, 0x27 },
	{ "geostd8", 0x80, 0x80, 0x20ac }, { "geostd8", 0x81, 0x81, 0 }, { "geostd8", 0x83, 0x83, 0 },
	{ "geostd8", 0x88, 0x88, 0 }, { "geostd8", 0x8a, 0x8a, 0 }, { "geostd8", 0x8c, 0x90, 0 },
	{ "geostd8", 0x98, 0x9a, 0 }, { "geostd8", 0x9c, 0x9f, 0 }, { "geostd8", 0xe6, 0xfc, 0 },
	{ "geostd8", 0xfd, 0xfd, 0x2116 }, { "geostd8", 0xfe, 0xff, 0 },
	{ "tis620", 0x80, 0x9f, 0x80 },
	{ "big5", 0x80, 0x80, 0 }, { "big5", 0xa145, 0xa145, 0x2022 }, { "big5", 0xa14e, 0xa14e, 0xff64 },
	{ "big5", 0xa15a, 0xa15a, 0 }, { "big5", 0xa1c2, 0xa1c2, 0x203e }, { "big5", 0xa1c3, 0xa1c3, 0 },
	{ "big5", 0xa1c5, 0xa1c5, 0 }, { "big5", 0xa1e3, 0xa1e3, 0x223c }, { "big5", 0xa1f2, 0xa1f2, 0x2641 },
	{ "big5", 0xa1f3, 0xa1f3, 0x2609 }, { "big5", 0xa1fe, 0xa240, 0 }, { "big5", 0xa241, 0xa241, 0xff0f },
	{ "big5", 0xa242, 0xa242, 0xff3c }, { "big5", 0xa244, 0xa244, 0xa5 }, { "big5", 0xa246, 0xa247, 0xa2 },
	{ "big5", 0xa2cc, 0xa2cc, 0 }, { "big5", 0xa2ce, 0xa2ce, 0 }, { "big5", 0xa3e1, 0xa3e1, 0 },
	{ "big5", 0xc6a1, 0xc6a1, 0x30fe }, { "big5", 0xc6a2, 0xc6a3, 0x309d }, { "big5", 0xc6a4, 0xc6a4, 0x3005 },
	{ "big5", 0xc6a5, 0xc6f7, 0x3041 }, { "big5", 0xc6f8, 0xc6fe, 0x30a1 }, { "big5", 0xc740, 0xc77e, 0x30a8 },
	{ "big5", 0xc7a1, 0xc7b0, 0x30e7 }, { "big5", 0xc7b1, 0xc7b2, 0x414 }, { "big5", 0xc7b3, 0xc7b3, 0x401 },
	{ "big5", 0xc7b4, 0xc7ba, 0x416 }, { "big5", 0xc7bb, 0xc7cd, 0x423 }, { "big5", 0xc7ce, 0xc7ce, 0x451 },
	{ "big5", 0xc7cf, 0xc7e8, 0x436 }, { "big5", 0xc7e9, 0xc7f2, 0x2460 }, { "big5", 0xc7f3, 0xc7fc, 0x2474 },
	{ "big5", 0xc7fd, 0xc8fe, 0 }, { "big5", 0xf9dd, 0xf9fe, 0 },
	{ "gbk", 0x80, 0x80, 0 },
	{ "gb18030", 0xa6d9, 0xa6df, 0xe78d }, { "gb18030", 0xa6ec, 0xa6ed, 0xe794 },
	{ "gb18030", 0xa6f3, 0xa6f3, 0xe796 }, { "gb18030", 0xfe51, 0xfe53, 0xe816 },
	{ "gb18030", 0xfe59, 0xfe59, 0xe81e }, { "gb18030", 0xfe61, 0xfe61, 0xe826 },
	{ "gb18030", 0xfe66, 0xfe67, 0xe82b }, { "gb18030", 0xfe6c, 0xfe6d, 0xe831 },
	{ "gb18030", 0xfe76, 0xfe76, 0xe83b }, { "gb18030", 0xfe7e, 0xfe7e, 0xe843 },
	{ "gb18030", 0xfe90, 0xfe91, 0xe854 }, { "gb18030", 0xfea0, 0xfea0, 0xe864 },
	{ "gb18030", 0x82359037, 0x82359039, 0x9fb4 }, { "gb18030", 0x82359130, 0x82359134, 0x9fb7 },
	{ "gb18030", 0x84318236, 0x84318239, 0xfe10 }, { "gb18030", 0x84318330, 0x84318335, 0xfe14 },
	{ "sjis", 0x5c, 0x5c, 0x5c }, { "sjis", 0x7e, 0x7e, 0x7e }, { "sjis", 0x815f, 0x815f, 0x5c },
	{ "eucjpms", 0x80, 0x8d, 0 }, { "eucjpms", 0x90, 0x9f, 0 },
	{ "ujis", 0x80, 0x8d, 0 }, { "ujis", 0x90, 0x9f, 0 }, { "ujis", 0xa1c0, 0xa1c0, 0x5c },
	{ "ujis", 0x8fa2b7, 0x8fa2b7, 0x7e }, { "ujis", 0xf5a1, 0xf5fe, 0xe000 }, { "ujis", 0xf6a1, 0xf6fe, 0xe05e },
	{ "ujis", 0xf7a1, 0xf7fe, 0xe0bc }, { "ujis", 0xf8a1, 0xf8fe, 0xe11a }, { "ujis", 0xf9a1, 0xf9fe, 0xe178 },
	{ "ujis", 0xfaa1, 0xfafe, 0xe1d6 }, { "ujis", 0xfba1, 0xfbfe, 0xe234 }, { "ujis", 0xfca1, 0xfcfe, 0xe292 },
	{ "ujis", 0xfda1, 0xfdfe, 0xe2f0 }, { "ujis", 0xfea1, 0xfefe, 0xe34e },
	{ "ujis", 0x8ff5a1, 0x8ff5fe, 0xe3ac }, { "ujis", 0x8ff6a1, 0x8ff6fe, 0xe40a },
	{ "ujis", 0x8ff7a1, 0x8ff7fe, 0xe468 }, { "ujis", 0x8ff8a1, 0x8ff8fe, 0xe4c6 },
	{ "ujis", 0x8ff9a1, 0x8ff9fe, 0xe524 }, { "ujis", 0x8ffaa1, 0x8ffafe, 0xe582 },
	{ "ujis", 0x8ffba1, 0x8ffbfe, 0xe5e0 }, { "ujis", 0x8ffca1, 0x8ffcfe, 0xe63e },
	{ "ujis", 0x8ffda1, 0x8ffdfe, 0xe69c }, { "ujis", 0x8ffea1, 0x8ffefe, 0xe6fa },
};
#define NDIFFERENCES (sizeof(differences) / sizeof(differences[0]))

#define NPAIRS 0x8000

/* Made at first use, kept for the process's life. Codes of characters (all but those of four bytes are in the first
 * 64 Ki), 0: none; by one byte, by two from 0x8000 on, by the two behind 0x8f. */
static struct converter {
	const struct charset *charset;
	bool ready;		/* else iconv does not know it */
	iconv_t cd;
	uint16_t one[256], two[NPAIRS], three[NPAIRS];	/* memory that is never touched costs nothing */
} *converters[NCHARSETS];

/* One character of n bytes, as iconv has it; 0: it is none. */
static uint32_t
ask_iconv(const struct converter *v, uint32_t bytes, size_t n)
{
	char raw[4], *in = raw, utf32[4], *out = utf32;
	size_t in_left = n, out_left = sizeof(utf32), i;

	for (i = 0; i < n; i++)
		raw[i] = (char)(bytes >> 8 * (n - 1 - i));
	iconv(v->cd, NULL, NULL, NULL, NULL);
	if (iconv(v->cd, &in, &in_left, &out, &out_left) == (size_t)-1 || out_left != 0)
		return 0;
	return (uint32_t)(uint8_t)utf32[0] << 24 | (uint32_t)(uint8_t)utf32[1] << 16 |
	    (uint32_t)(uint8_t)utf32[2] << 8 | (uint8_t)utf32[3];
}

static uint16_t
code_of(const struct converter *v, uint32_t bytes, size_t n)
{
	uint32_t code = ask_iconv(v, bytes, n);

	return code > 0xffff ? 0 : (uint16_t)code;
}

static void
correct(struct converter *v, const struct difference *d)
{
	uint32_t bytes;
	uint16_t code;

	for (bytes = d->first; bytes <= d->last && bytes <= 0xffffff; bytes++) {
		code = d->code == 0 ? 0 : (uint16_t)(d->code + (bytes - d->first));
		if (bytes <= 0xff)
			v->one[bytes] = code;
		else if (bytes <= 0xffff)
			v->two[bytes - NPAIRS] = code;
		else
			v->three[(bytes & 0xffff) - NPAIRS] = code;
	}
}

/* A character of two bytes begins with a byte that is none by itself. */
static void
make_tables(struct converter *v)
{
	uint32_t i;

	for (i = 0; i < 256; i++)
		v->one[i] = code_of(v, i, 1);
	for (i = 0; i < NPAIRS && v->charset->max_bytes >= 2; i++)
		if (v->one[(NPAIRS + i) >> 8] == 0)
			v->two[i] = code_of(v, NPAIRS + i, 2);
	for (i = 0; i < NPAIRS && v->charset->max_bytes == 3; i++)
		v->three[i] = code_of(v, 0x8f0000 + NPAIRS + i, 3);
	for (i = 0; i < NDIFFERENCES; i++)
		if (strcmp(differences[i].charset, v->charset->name) == 0)
			correct(v, &differences[i]);
}

static const struct converter *
converter_of(const struct charset *c)
{
	struct converter **v = &converters[c - charsets];

	if (*v == NULL) {
		if ((*v = calloc(1, sizeof(**v))) == NULL)
			return NULL;
		(*v)->charset = c;
		(*v)->cd = iconv_open("UTF-32BE", c->iconv_name);
		if ((*v)->cd != (iconv_t)-1) {
			make_tables(*v);
			(*v)->ready = true;
		}
	}
	return (*v)->ready ? *v : NULL;
}

static const struct charset *
find(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < NCHARSETS; i++)
		if (strncasecmp(charsets[i].name, name, n) == 0 && charsets[i].name[n] == '\0')
			return charsets[i].kind == TABLE && converter_of(&charsets[i]) == NULL ? NULL : &charsets[i];
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

int
charset_keeps_ascii(const struct charset *c)
{
	return c->kind == UTF8 || (c->kind == TABLE && strcmp(c->name, "swe7") != 0);
}

/* GB 18030's characters of four bytes: two pairs, each with a digit behind. */
static size_t
take_four(const struct converter *v, const uint8_t *p, size_t n, uint32_t *code)
{
	uint32_t bytes;
	size_t i;

	if (n < 4 || p[1] < '0' || p[1] > '9' || p[2] < 0x81 || p[3] < '0' || p[3] > '9')
		return 0;
	bytes = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (i = 0; i < NDIFFERENCES; i++)
		if (differences[i].first <= bytes && bytes <= differences[i].last) {
			*code = differences[i].code + (bytes - differences[i].first);
			return 4;
		}
	*code = ask_iconv(v, bytes, 4);
	return *code == 0 ? 0 : 4;
}

/* The character at p and its bytes; 0 bytes: *skip of them are none. */
static size_t
take_table(const struct converter *v, const uint8_t *p, size_t n, uint32_t *code, size_t *skip)
{
	size_t taken;

	*skip = 1;
	if ((*code = v->one[*p]) != 0 || *p == 0)
		return 1;
	if (v->charset->max_bytes < 2 || n < 2 || *p < 0x80)
		return 0;
	if (v->charset->max_bytes == 3 && *p == 0x8f) {
		*skip = n >= 3 && p[1] >= 0x80 && p[2] >= 0x80 ? 3 : 1;
		if (*skip == 3)
			*code = v->three[(uint32_t)(p[1] << 8 | p[2]) - NPAIRS];
		return *code != 0 ? 3 : 0;
	}
	*skip = p[1] >= 0x80 ? 2 : 1;	/* a byte of ASCII more likely stands for itself */
	if ((*code = v->two[(uint32_t)(*p << 8 | p[1]) - NPAIRS]) != 0)
		return 2;
	if (v->charset->max_bytes == 4 && (taken = take_four(v, p, n, code)) > 0)
		return taken;
	return 0;
}

static uint32_t
unit16(const struct charset *c, const uint8_t *p)
{
	return c->kind == UTF16LE ? (uint32_t)(p[1] << 8 | p[0]) : (uint32_t)(p[0] << 8 | p[1]);
}

/* Likewise of UCS-2, UTF-16 and UTF-32. */
static size_t
take_wide(const struct charset *c, const uint8_t *p, size_t n, uint32_t *code, size_t *skip)
{
	size_t unit = c->kind == UTF32 ? 4 : 2;
	uint32_t low;

	*skip = n < unit ? n : unit;
	if (n < unit)
		return 0;
	if (c->kind == UTF32) {
		*code = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		return *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff) ? 0 : 4;
	}
	*code = unit16(c, p);
	if (*code < 0xd800 || *code > 0xdfff)
		return 2;
	if (*code > 0xdbff || c->max_bytes < 4 || n < 4)
		return 0;
	low = unit16(c, p + 2);
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return low < 0xdc00 || low > 0xdfff ? 0 : 4;
}

#define PIECE_BYTES (CHARSET_PIECE / 3 - 4)	/* of text: a byte gives at most three, and the last character may go beyond */

size_t
charset_piece(const struct charset *c, const char **text, const char *until, char to[CHARSET_PIECE], uint64_t *bad)
{
	const uint8_t *p = (const uint8_t *)*text, *end = (const uint8_t *)until;
	const uint8_t *limit = end - p > PIECE_BYTES ? p + PIECE_BYTES : end;
	const struct converter *v = c->kind == TABLE ? converters[c - charsets] : NULL;
	char *from = to;
	size_t n, skip;
	uint32_t code;

	while (p < limit) {
		if (v != NULL && *p < 0x80 && v->one[*p] == *p) {
			*to++ = (char)*p++;
			continue;
		}
		n = v != NULL ? take_table(v, p, (size_t)(end - p), &code, &skip) :
		    take_wide(c, p, (size_t)(end - p), &code, &skip);
		if (n == 0) {
			code = 0xfffd;
			n = skip;
			if (bad != NULL)
				++*bad;
		}
		to += utf8_put(to, code);
		p += n;
	}
	*text = (const char *)p;
	return (size_t)(to - from);
}

int
charset_put_utf8(const struct charset *c, struct buf *b, const char *text, size_t len, uint64_t *bad)
{
	const char *end = text + len;
	char piece[CHARSET_PIECE];

	if (c->kind == UTF8 || c->kind == BINARY)
		return buf_add(b, text, len);
	while (text < end)
		if (buf_add(b, piece, charset_piece(c, &text, end, piece, bad)) == -1)
			return -1;
	return 0;
}
