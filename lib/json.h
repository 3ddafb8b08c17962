/* SPDX-License-Identifier: ISC */
/* JSON: a checked reader over jsmn's tokens, and the writer's pieces (RFC 8259). */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#define MAX_JSON_DEPTH 200	/* MySQL's JSON goes 100 deep; an event adds 2 */

enum json_type { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_NUMBER, JSON_TRUE, JSON_FALSE, JSON_NULL };

struct json {
	const char *text;	/* borrowed from json_parse's caller */
	size_t len;
	void *tokens;
	int count;
	unsigned int cap;
};

/* A zeroed struct json is ready for use. */
void	 json_free(struct json *);

/* Is text one JSON value, whole, with nothing but white space around it, in valid UTF-8, at most MAX_JSON_DEPTH
 * deep? -1: no, *at is the first byte that does not fit. Duplicate members are not looked for. */
int	 json_check(const char *text, size_t len, size_t *at);
/* The same for one value that begins at p, whatever follows it: where it ends; NULL: *at is the byte that does not
 * fit. Readers that walk a text themselves check it so in the same pass. */
const char *json_skip(const char *p, const char *end, const char **at);
/* Checks (json_check) and finds the tokens; text must stay. Token 0 is the value. Reuses its memory.
 * -1: RC_FAIL, the message names the byte; RC_TEMP when memory is short. */
int	 json_parse(struct json *, const char *text, size_t len, struct error *);
/* The same for text that json_check has passed already. */
int	 json_parse_checked(struct json *, const char *text, size_t len, struct error *);

enum json_type json_type(const struct json *, int token);
/* Number of members or elements. */
int	 json_size(const struct json *, int token);
/* Walking: the first child of an object (a name) or array, and the next one after `token`; -1: no more.
 * A member's value is its name's token + 1. */
int	 json_first(const struct json *, int token);
int	 json_next(const struct json *, int token);
/* The value of the (first) member called name; -1: there is none, or token is no object (or -1). */
int	 json_member(const struct json *, int token, const char *name);
/* The token's own bytes in the text; of a string without its quotes, escapes as they stand. */
const char *json_raw(const struct json *, int token, size_t *len);
/* The whole value as it stands in the text, quotes included: what can be copied into other JSON. */
const char *json_slice(const struct json *, int token, size_t *len);
/* Appends the string, escapes resolved (a lone surrogate becomes U+FFFD). -1: as buf_add, or not a string (EINVAL). */
int	 json_text(const struct json *, int token, struct buf *);
/* A malloc'ed copy, NUL-terminated; NULL: as above, or the string holds a NUL (EINVAL). */
char	*json_strdup(const struct json *, int token);
/* Is it a string, equal to s? */
bool	 json_is(const struct json *, int token, const char *s);
/* Whole decimal numbers; -1: it is none or does not fit. */
int	 json_u64(const struct json *, int token, uint64_t *);
int	 json_i64(const struct json *, int token, int64_t *);
/* The line of the text on which the token starts, from 1. */
unsigned int json_line(const struct json *, int token);

/* Are two values equal: numbers by what they are, strings by their text, objects whatever the order of their members? Of
 * members with one name the first counts. -1: no memory. */
int	 json_equal(const struct json *, int token, const struct json *, int other);

/* Appends s as a JSON string, quotes included. Invalid bytes become U+FFFD; *bad (may be NULL) grows by their number.
 * -1: as buf_add. */
int	 json_put_string(struct buf *, const char *s, size_t len, uint64_t *bad);
/* The same without quotes: a part of one. Characters must be whole in it. */
int	 json_put_piece(struct buf *, const char *s, size_t len, uint64_t *bad);
static inline int json_put_str(struct buf *b, const char *s) { return json_put_string(b, s, strlen(s), NULL); }
/* Copies the string that begins at p, up to 15 bytes more than it has; how many it has. 0: json_skip must look at it. */
size_t	 json_copy_plain(char *to, const char *p, const char *end);
/* Appends the JSON text without white space; of members with equal names the last stays, in the first one's place.
 * -1: RC_FAIL when it is not JSON; else as buf_add (RC_TEMP). */
int	 json_put_minified(struct buf *, const char *text, size_t len, struct error *);

#endif
