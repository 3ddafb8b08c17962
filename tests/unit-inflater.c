/* SPDX-License-Identifier: ISC */
/* lib/inflater: each format whole, in pieces, cut short and damaged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "lib/inflater.h"

#include "tests/tap.h"

#define TEXT_BYTES 70000	/* more than zlib's window */

static struct error e;
static uint8_t text[TEXT_BYTES], out[2 * TEXT_BYTES + 1];
static struct inflater x;

struct packed {
	uint8_t bytes[2 * TEXT_BYTES];
	size_t n;
};

static void
make_text(void)
{
	uint32_t seed = 1;
	size_t i;

	for (i = 0; i < sizeof(text); i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = i % 100 < 50 ? (uint8_t)('a' + i % 26) : (uint8_t)(seed >> 24);
	}
}

static void
pack_zlib(struct packed *p, size_t from, size_t n, int window_bits)
{
	z_stream z = { 0 };

	deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
	z.next_in = text + from;
	z.avail_in = (uInt)n;
	z.next_out = p->bytes + p->n;
	z.avail_out = (uInt)(sizeof(p->bytes) - p->n);
	deflate(&z, Z_FINISH);
	p->n += z.total_out;
	deflateEnd(&z);
}

static void
pack_zstd(struct packed *p, size_t from, size_t n)
{
	p->n += ZSTD_compress(p->bytes + p->n, sizeof(p->bytes) - p->n, text + from, n, 3);
}

/* The text in one or two members. */
static struct packed *
pack(enum compression c, bool two)
{
	static struct packed p;
	size_t half = two ? 30000 : TEXT_BYTES, from;

	p.n = 0;
	for (from = 0; from < TEXT_BYTES; from += half, half = TEXT_BYTES - from)
		switch (c) {
		case COMPRESSION_NONE: memcpy(p.bytes, text, TEXT_BYTES); p.n = TEXT_BYTES; return &p;
		case COMPRESSION_ZLIB: pack_zlib(&p, from, half, 15); break;
		case COMPRESSION_DEFLATE: pack_zlib(&p, from, half, -15); break;
		case COMPRESSION_GZIP: pack_zlib(&p, from, half, 15 + 16); break;
		case COMPRESSION_ZSTD: pack_zstd(&p, from, half); break;
		}
	return &p;
}

struct source {
	const uint8_t *p;
	size_t n, piece;
	bool fails;
};

static int
next_piece(void *arg, struct cursor *c, struct error *err)
{
	struct source *s = arg;
	size_t n = s->n < s->piece ? s->n : s->piece;

	if (n == 0)
		return s->fails ? error_set(err, RC_TEMP, "the disk is gone") : 0;
	*c = cur_of(s->p, n);
	s->p += n;
	s->n -= n;
	return 1;
}

/* Reads all in reads of `want` bytes into out; -1: an error. */
static ssize_t
read_all(size_t want)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(out)) {
		if (want > sizeof(out) - len)
			want = sizeof(out) - len;
		if ((n = inflater_read(&x, out + len, want, &e)) <= 0)
			return n == 0 ? (ssize_t)len : -1;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

static ssize_t
unpack(enum compression c, const uint8_t *bytes, size_t n, size_t piece, size_t want)
{
	struct source s = { .p = bytes, .n = n, .piece = piece };

	if (inflater_start(&x, c, cur_of(NULL, 0), next_piece, &s, &e) == -1)
		return -1;
	return read_all(want);
}

static bool
is_whole(ssize_t n)
{
	return n == TEXT_BYTES && memcmp(out, text, TEXT_BYTES) == 0;
}

static const struct { const char *name; enum compression c; bool several; } formats[] = {
	{ "none", COMPRESSION_NONE, false },
	{ "zlib", COMPRESSION_ZLIB, false },
	{ "gzip", COMPRESSION_GZIP, true },
	{ "zstd", COMPRESSION_ZSTD, true },
	{ "deflate", COMPRESSION_DEFLATE, false },
};

static void
test_whole(void)
{
	const struct packed *p;
	size_t i;

	for (i = 0; i < 5; i++) {
		const char *name = formats[i].name;

		p = pack(formats[i].c, formats[i].several);
		ok(is_whole(unpack(formats[i].c, p->bytes, p->n, SIZE_MAX, sizeof(out))), "%s: at once", name);
		ok(is_whole(unpack(formats[i].c, p->bytes, p->n, 1, sizeof(out))), "%s: input in single bytes", name);
		ok(is_whole(unpack(formats[i].c, p->bytes, p->n, SIZE_MAX, 1)), "%s: output in single bytes", name);
		ok(is_whole(unpack(formats[i].c, p->bytes, p->n, 1000, 777)), "%s: both in pieces", name);
		ok(x.taken == p->n, "%s: all of it was taken", name);
		inflater_start(&x, formats[i].c, cur_of(p->bytes, p->n), NULL, NULL, &e);
		ok(is_whole(read_all(sizeof(out))), "%s: from memory", name);
	}
}

static void
test_magic(void)
{
	static const uint8_t skippable[] = { 0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i' };

	ok(compression_of(pack(COMPRESSION_GZIP, false)->bytes, 4) == COMPRESSION_GZIP, "magic: gzip");
	ok(compression_of(pack(COMPRESSION_ZSTD, false)->bytes, 4) == COMPRESSION_ZSTD, "magic: zstd");
	ok(compression_of(skippable, sizeof(skippable)) == COMPRESSION_ZSTD, "magic: zstd's frame without data");
	ok(compression_of("-- My", 5) == COMPRESSION_NONE, "magic: text");
	ok(compression_of("\x28\xb5", 2) == COMPRESSION_NONE, "magic: too short for zstd");
	ok(unpack(COMPRESSION_ZSTD, skippable, sizeof(skippable), 1, 100) == 0, "zstd: nothing but a frame without data");
}

/* Cut anywhere, also between members' ends where that is proper. */
static void
test_cut(void)
{
	const struct packed *p;
	size_t i, n, wrong;
	ssize_t got;

	for (i = 1; i < 5; i++) {
		p = pack(formats[i].c, false);
		for (n = wrong = 0; n < p->n; n += n < 200 || n + 200 > p->n ? 1 : 97) {
			got = unpack(formats[i].c, p->bytes, n, SIZE_MAX, sizeof(out));
			wrong += got != -1 || e.rc != RC_FAIL || strstr(e.text, "cut short") == NULL;
		}
		is_number((long long)wrong, 0, formats[i].name);
		n = p->n;
		p = pack(formats[i].c, formats[i].several);
		got = unpack(formats[i].c, p->bytes, p->n - 1, SIZE_MAX, sizeof(out));
		ok(got == -1, "%s: the last member is cut", formats[i].name);
	}
	unpack(COMPRESSION_GZIP, p->bytes, 0, 1, 1);
	is_text(e.text, "compressed byte 0: cut short", "gzip: nothing at all is cut, too");
}

static void
test_damage(void)
{
	struct packed *p;
	size_t i, n, wrong;
	char want[80];
	ssize_t got;

	for (i = 1; i < 3; i++) {	/* those with checksums */
		p = pack(formats[i].c, false);
		for (n = 10, wrong = 0; n < p->n; n += 61) {
			p->bytes[n] ^= 0x10;
			got = unpack(formats[i].c, p->bytes, p->n, 4096, sizeof(out));
			wrong += got != -1 || e.rc != RC_FAIL || strncmp(e.text, "compressed byte ", 16) != 0;
			p->bytes[n] ^= 0x10;
		}
		is_number((long long)wrong, 0, formats[i].name);
	}
	p = pack(COMPRESSION_ZLIB, false);
	memcpy(p->bytes + p->n, "tail", 4);
	snprintf(want, sizeof(want), "compressed byte %zu: the data ended before it", p->n);
	unpack(COMPRESSION_ZLIB, p->bytes, p->n + 4, SIZE_MAX, sizeof(out));
	is_text(e.text, want, "zlib: nothing may follow");
	p = pack(COMPRESSION_GZIP, true);
	memcpy(p->bytes + p->n, "tail", 4);
	ok(unpack(COMPRESSION_GZIP, p->bytes, p->n + 4, SIZE_MAX, sizeof(out)) == -1, "gzip: garbage behind a member");
	p = pack(COMPRESSION_ZSTD, true);
	memcpy(p->bytes + p->n, "tail", 4);
	ok(unpack(COMPRESSION_ZSTD, p->bytes, p->n + 4, SIZE_MAX, sizeof(out)) == -1, "zstd: garbage behind a frame");
}

static void
test_limits(void)
{
	/* a frame whose window is said to be of 256 MiB, without a size */
	static const uint8_t wide[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90, 0x01, 0x00, 0x00 };
	struct source s = { .piece = 1, .fails = true };

	ok(unpack(COMPRESSION_ZSTD, wide, sizeof(wide), SIZE_MAX, sizeof(out)) == -1 && e.rc == RC_FAIL,
	    "zstd: no window over 128 MiB");
	inflater_start(&x, COMPRESSION_GZIP, cur_of(NULL, 0), next_piece, &s, &e);
	ok(read_all(10) == -1 && e.rc == RC_TEMP, "the source's own error");
}

int
main(void)
{
	make_text();
	test_whole();
	test_magic();
	test_cut();
	test_damage();
	test_limits();
	inflater_free(&x);
	return done_testing();
}
