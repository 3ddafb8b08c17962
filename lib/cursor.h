/* SPDX-License-Identifier: ISC */
/* Bounds-checked reading of borrowed bytes. Past the end every call gives 0 or NULL and sets bad:
 * read into locals, test bad once, only then keep them. */
#ifndef LIB_CURSOR_H
#define LIB_CURSOR_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct cursor
cur_of(const void *bytes, size_t n)
{
	return (struct cursor){ .p = bytes, .end = (const uint8_t *)bytes + n };
}

static inline size_t
cur_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes, or NULL. */
static inline const uint8_t *
cur_take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->p;

	if (n > (size_t)(c->end - c->p)) {
		c->bad = true;
		c->p = c->end;	/* so that a loop over what is left ends */
		return NULL;
	}
	c->p += n;
	return at;
}

/* Bytes that are known to be there. */
static inline uint16_t
le_16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t
le_32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

/* Little-endian, 1 to 8 bytes. */
static inline uint64_t
cur_le(struct cursor *c, size_t n)
{
	const uint8_t *at = cur_take(c, n);
	uint64_t v = 0;

	if (at != NULL)
		memcpy(&v, at, n);
	return le64toh(v);
}

/* Big-endian, 1 to 8 bytes. */
static inline uint64_t
cur_be(struct cursor *c, size_t n)
{
	const uint8_t *at = cur_take(c, n);
	uint64_t v = 0;
	size_t i;

	if (at == NULL)
		return 0;
	for (i = 0; i < n; i++)
		v = v << 8 | at[i];
	return v;
}

static inline uint8_t cur_u8(struct cursor *c) { return (uint8_t)cur_le(c, 1); }
static inline uint16_t cur_u16(struct cursor *c) { return (uint16_t)cur_le(c, 2); }
static inline uint32_t cur_u24(struct cursor *c) { return (uint32_t)cur_le(c, 3); }
static inline uint32_t cur_u32(struct cursor *c) { return (uint32_t)cur_le(c, 4); }
static inline uint64_t cur_u48(struct cursor *c) { return cur_le(c, 6); }
static inline uint64_t cur_u64(struct cursor *c) { return cur_le(c, 8); }

/* Length-encoded integer (MySQL internals manual: Protocol::LengthEncodedInteger); NULL's 251 and 255 are bad. */
static inline uint64_t
cur_lenenc(struct cursor *c)
{
	uint8_t first = cur_u8(c);

	switch (first) {
	case 252: return cur_u16(c);
	case 253: return cur_u24(c);
	case 254: return cur_u64(c);
	case 251:
	case 255: c->bad = true; c->p = c->end; return 0;
	default:  return first;
	}
}

/* A cursor over the next n bytes alone, empty and bad when there are fewer. */
static inline struct cursor
cur_sub(struct cursor *c, size_t n)
{
	const uint8_t *at = cur_take(c, n);
	struct cursor sub = { .p = c->end, .end = c->end, .bad = true };

	if (at != NULL)
		sub = (struct cursor){ .p = at, .end = at + n };
	return sub;
}

#endif
