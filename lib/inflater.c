/* SPDX-License-Identifier: ISC */
/* Compressed bytes as a stream. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "lib/inflater.h"

#define MAX_WINDOW_LOG 27	/* 128 MiB: what zstd makes without --long, and what its own program reads without it */
#define MAX_STEP ((size_t)1 << 30)	/* zlib counts in 32 bits */

enum compression
compression_of(const void *bytes, size_t n)
{
	struct cursor c = cur_of(bytes, n);
	uint32_t magic = cur_u32(&c);

	if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50)	/* the second: a frame to be skipped */
		return COMPRESSION_ZSTD;
	return n >= 2 && (magic & 0xffff) == 0x8b1f ? COMPRESSION_GZIP : COMPRESSION_NONE;
}

static int
inflater_error(const struct inflater *x, struct error *e, const char *why)
{
	return error_set(e, RC_FAIL, "compressed byte %" PRIu64 ": %s", x->taken, why);
}

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "decompress: %s", strerror(ENOMEM));
}

static int
start_zlib(struct inflater *x, struct error *e)
{
	int bits = x->compression == COMPRESSION_GZIP ? 16 + MAX_WBITS :
	    x->compression == COMPRESSION_DEFLATE ? -MAX_WBITS : MAX_WBITS;

	if (x->zlib != NULL)
		return inflateReset2(x->zlib, bits) == Z_OK ? 0 : no_memory(e);
	if ((x->zlib = calloc(1, sizeof(*x->zlib))) == NULL)
		return no_memory(e);
	if (inflateInit2(x->zlib, bits) == Z_OK)
		return 0;
	free(x->zlib);
	x->zlib = NULL;
	return no_memory(e);
}

static int
start_zstd(struct inflater *x, struct error *e)
{
	if (x->zstd == NULL && (x->zstd = ZSTD_createDCtx()) == NULL)
		return no_memory(e);
	ZSTD_DCtx_reset(x->zstd, ZSTD_reset_session_and_parameters);
	if (ZSTD_isError(ZSTD_DCtx_setParameter(x->zstd, ZSTD_d_windowLogMax, MAX_WINDOW_LOG)))
		return no_memory(e);
	return 0;
}

int
inflater_start(struct inflater *x, enum compression compression, struct cursor in,
    int (*more)(void *, struct cursor *, struct error *), void *arg, struct error *e)
{
	x->compression = compression;
	x->in = in;
	x->more = more;
	x->arg = arg;
	x->taken = 0;
	x->open = compression != COMPRESSION_NONE;
	switch (compression) {
	case COMPRESSION_NONE: break;
	case COMPRESSION_ZLIB:
	case COMPRESSION_DEFLATE:
	case COMPRESSION_GZIP: return start_zlib(x, e);
	case COMPRESSION_ZSTD: return start_zstd(x, e);
	}
	return 0;
}

void
inflater_free(struct inflater *x)
{
	if (x->zlib != NULL)
		inflateEnd(x->zlib);
	free(x->zlib);
	ZSTD_freeDCtx(x->zstd);
	memset(x, 0, sizeof(*x));
}

static void
take(struct inflater *x, size_t n)
{
	cur_take(&x->in, n);
	x->taken += n;
}

static ssize_t
copy(struct inflater *x, void *to, size_t n)
{
	if (n > cur_left(&x->in))
		n = cur_left(&x->in);
	memcpy(to, x->in.p, n);
	take(x, n);
	return (ssize_t)n;
}

/* Another member follows the last one of a gzip file; nothing may follow zlib's only one. */
static int
open_member(struct inflater *x, struct error *e)
{
	if (x->compression != COMPRESSION_GZIP)
		return inflater_error(x, e, "the data ended before it");
	inflateReset(x->zlib);
	x->open = true;
	return 0;
}

static ssize_t
step_zlib(struct inflater *x, void *to, size_t n, struct error *e)
{
	z_stream *z = x->zlib;
	size_t in = cur_left(&x->in) < MAX_STEP ? cur_left(&x->in) : MAX_STEP;
	int rc;

	if (!x->open && open_member(x, e) == -1)
		return -1;
	z->next_in = (z_const Bytef *)(uintptr_t)x->in.p;
	z->avail_in = (uInt)in;
	z->next_out = to;
	z->avail_out = (uInt)(n < MAX_STEP ? n : MAX_STEP);
	rc = inflate(z, Z_NO_FLUSH);
	take(x, in - z->avail_in);
	if (rc == Z_MEM_ERROR)
		return no_memory(e);
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)	/* the last: it wants more input */
		return inflater_error(x, e, z->msg != NULL ? z->msg : "damaged data");
	x->open = rc != Z_STREAM_END;
	return (ssize_t)((uint8_t *)z->next_out - (uint8_t *)to);
}

static ssize_t
step_zstd(struct inflater *x, void *to, size_t n, struct error *e)
{
	ZSTD_inBuffer in = { .src = x->in.p, .size = cur_left(&x->in) };
	ZSTD_outBuffer out = { .dst = to, .size = n };
	size_t rc = ZSTD_decompressStream(x->zstd, &out, &in);

	take(x, in.pos);
	if (ZSTD_isError(rc))
		return inflater_error(x, e, ZSTD_getErrorName(rc));
	x->open = rc != 0;
	return (ssize_t)out.pos;
}

static ssize_t
step(struct inflater *x, void *to, size_t n, struct error *e)
{
	switch (x->compression) {
	case COMPRESSION_NONE: return copy(x, to, n);
	case COMPRESSION_ZLIB:
	case COMPRESSION_DEFLATE:
	case COMPRESSION_GZIP: return step_zlib(x, to, n, e);
	case COMPRESSION_ZSTD: return step_zstd(x, to, n, e);
	}
	return -1;
}

ssize_t
inflater_read(struct inflater *x, void *to, size_t n, struct error *e)
{
	ssize_t got;
	size_t left;
	int rc;

	if (n > SSIZE_MAX)
		n = SSIZE_MAX;
	for (;;) {
		left = cur_left(&x->in);
		if (left > 0 || x->open) {	/* without input there may still be output from before */
			if ((got = step(x, to, n, e)) != 0 || n == 0)
				return got;
			if (left > 0 && cur_left(&x->in) == left)
				return inflater_error(x, e, "damaged data");
		}
		if (cur_left(&x->in) > 0)
			continue;
		if ((rc = x->more == NULL ? 0 : x->more(x->arg, &x->in, e)) == -1)
			return -1;
		if (rc == 0)
			return x->open ? inflater_error(x, e, "cut short") : 0;
	}
}
