/* SPDX-License-Identifier: ISC */
/* The texts of UUID, INET4 and INET6 as MariaDB writes them (its source, plugin/type_uuid and plugin/type_inet). */
#include <arpa/inet.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/octets.h"

#define WORDS 8			/* of an IPv6 address */

size_t
octets_count(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_UUID:
	case COLUMN_INET6: return 16;
	case COLUMN_INET4: return 4;
	default: return 0;
	}
}

static size_t
uuid_text(const uint8_t *o, char *to)
{
	static const char hex[] = "0123456789abcdef";
	char *p = to;
	size_t i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = hex[o[i] >> 4];
		*p++ = hex[o[i] & 15];
	}
	return (size_t)(p - to);
}

static size_t
inet4_text(const uint8_t *o, char *to)
{
	return (size_t)sprintf(to, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
}

/* The first of the longest runs of zeros, if only of one word. */
static void
find_gap(const unsigned words[WORDS], size_t *at, size_t *length)
{
	size_t i, run = 0;

	for (*at = WORDS, *length = 0, i = 0; i < WORDS; i++) {
		run = words[i] == 0 ? run + 1 : 0;
		if (run > *length) {
			*length = run;
			*at = i + 1 - run;
		}
	}
}

static size_t
inet6_text(const uint8_t *o, char *to)
{
	unsigned words[WORDS];
	size_t i, gap, length;
	char *p = to;

	for (i = 0; i < WORDS; i++)
		words[i] = (unsigned)(o[2 * i] << 8 | o[2 * i + 1]);
	find_gap(words, &gap, &length);
	for (i = 0; i < WORDS; i++) {
		if (i == gap) {
			*p++ = ':';
			if (i == 0)
				*p++ = ':';
			i += length - 1;
			if (i == WORDS - 1)
				break;
		} else if (i == 6 && gap == 0 && (length == 6 || (length == 5 && words[5] == 0xffff))) {
			return (size_t)(p - to) + inet4_text(o + 12, p);
		} else {
			p += sprintf(p, "%x", words[i]);
			if (i == WORDS - 1)
				break;
			*p++ = ':';
		}
	}
	return (size_t)(p - to);
}

size_t
octets_text(enum column_kind kind, const uint8_t *octets, char to[OCTETS_TEXT])
{
	switch (kind) {
	case COLUMN_UUID: return uuid_text(octets, to);
	case COLUMN_INET4: return inet4_text(octets, to);
	default: return inet6_text(octets, to);
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits, with any number of hyphens between them. */
static int
uuid_read(const char *p, size_t n, uint8_t *o)
{
	size_t i, digits = 0;
	int v;

	if (n == 0 || p[0] == '-' || p[n - 1] == '-')
		return -1;
	for (i = 0; i < n; i++) {
		if (p[i] == '-')
			continue;
		if (digits == 32 || (v = hex_digit(p[i])) == -1)
			return -1;
		o[digits / 2] = (uint8_t)(digits % 2 == 0 ? v << 4 : o[digits / 2] | v);
		digits++;
	}
	return digits == 32 ? 0 : -1;
}

int
octets_read(enum column_kind kind, const char *text, size_t len, uint8_t octets[OCTETS_MAX])
{
	char copy[OCTETS_TEXT];

	if (kind == COLUMN_UUID)
		return uuid_read(text, len, octets);
	if (len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(kind == COLUMN_INET4 ? AF_INET : AF_INET6, copy, octets) == 1 ? 0 : -1;
}
