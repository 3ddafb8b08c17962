/* SPDX-License-Identifier: ISC */
/* AWS Signature Version 4. */
#include <sha256.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/sigv4.h"

#define MAX_CANONICAL (1 << 20)	/* bytes: paths and queries are short, the body stands in it as a hash */
#define MAX_PARAMETERS 32	/* of a query; ours have three */
#define BLOCK 64		/* HMAC's, for SHA-256 (RFC 2104) */

static const char signed_headers[] = "host;x-amz-content-sha256;x-amz-date";

void
aws_keys_free(struct aws_keys *k)
{
	if (k->secret != NULL)
		explicit_bzero(k->secret, strlen(k->secret));
	free(k->id);
	free(k->secret);
	free(k->token);
	memset(k, 0, sizeof(*k));
}

static char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || *value == '\0' ? NULL : strdup(value);
}

int
aws_keys_from_environment(struct aws_keys *k, struct error *e)
{
	k->id = variable("AWS_ACCESS_KEY_ID");
	k->secret = variable("AWS_SECRET_ACCESS_KEY");
	k->token = variable("AWS_SESSION_TOKEN");
	return k->id != NULL && k->secret != NULL ? 0 :
	    error_set(e, RC_USAGE, "no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, and no "
	    "elastic.aws_credentials_file");
}

/* A line's text without white space around it. */
static char *
trimmed(char *p)
{
	size_t n;

	p += strspn(p, " \t");
	for (n = strlen(p); n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL; n--)
		p[n - 1] = '\0';
	return p;
}

/* `name = value` of the section. */
static void
read_setting(struct aws_keys *k, char *line)
{
	char *is = strchr(line, '='), *name, **to;

	if (is == NULL)
		return;
	*is = '\0';
	name = trimmed(line);
	to = strcmp(name, "aws_access_key_id") == 0 ? &k->id : strcmp(name, "aws_secret_access_key") == 0 ? &k->secret :
	    strcmp(name, "aws_session_token") == 0 ? &k->token : NULL;
	if (to != NULL) {
		free(*to);
		*to = strdup(trimmed(is + 1));
	}
}

int
aws_keys_read(struct aws_keys *k, const char *file, const char *profile, struct error *e)
{
	FILE *f = fopen(file, "re");
	bool ours = false;
	char *line = NULL, *text;
	size_t cap = 0;

	if (f == NULL)
		return error_set(e, RC_USAGE, "%s: %s", file, strerror(errno));
	while (getline(&line, &cap, f) != -1) {
		text = trimmed(line);
		if (*text == '[')
			ours = strncmp(text + 1, profile, strlen(profile)) == 0 && strcmp(text + 1 + strlen(profile), "]") == 0;
		else if (ours && *text != '#' && *text != ';')
			read_setting(k, text);
	}
	if (line != NULL)
		explicit_bzero(line, cap);
	free(line);
	fclose(f);
	return k->id != NULL && k->secret != NULL ? 0 : error_set(e, RC_USAGE,
	    "%s: section [%s] has no aws_access_key_id and aws_secret_access_key", file, profile);
}

static void
hmac(const void *key, size_t n, const void *text, size_t len, uint8_t out[SHA256_DIGEST_LENGTH])
{
	uint8_t block[BLOCK] = { 0 }, pad[BLOCK];
	SHA2_CTX c;
	int i;

	if (n > BLOCK) {
		SHA256Init(&c);
		SHA256Update(&c, key, n);
		SHA256Final(block, &c);
	} else {
		memcpy(block, key, n);
	}
	for (i = 0; i < BLOCK; i++)
		pad[i] = block[i] ^ 0x36;
	SHA256Init(&c);
	SHA256Update(&c, pad, BLOCK);
	SHA256Update(&c, text, len);
	SHA256Final(out, &c);
	for (i = 0; i < BLOCK; i++)
		pad[i] = block[i] ^ 0x5c;
	SHA256Init(&c);
	SHA256Update(&c, pad, BLOCK);
	SHA256Update(&c, out, SHA256_DIGEST_LENGTH);
	SHA256Final(out, &c);
	explicit_bzero(block, sizeof(block));
	explicit_bzero(pad, sizeof(pad));
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

static int
put_encoded(struct buf *b, char c)
{
	return is_plain(c) ? buf_putc(b, c) : buf_putf(b, "%%%02X", (uint8_t)c);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The path as it is sent, encoded once more. */
static int
put_path(struct buf *b, const char *path, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((path[i] == '/' ? buf_putc(b, '/') : put_encoded(b, path[i])) == -1)
			return -1;
	return n == 0 ? buf_putc(b, '/') : 0;
}

/* A parameter, its bytes encoded in the one way; where there is no =, one is put. */
static int
put_parameter(struct buf *b, const char *p, size_t n)
{
	bool is = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		if (p[i] == '=' && !is) {
			is = true;
			rc = buf_putc(b, '=');
		} else if (p[i] == '%' && n - i > 2 && hex_digit(p[i + 1]) != -1 && hex_digit(p[i + 2]) != -1) {
			rc = put_encoded(b, (char)(hex_digit(p[i + 1]) * 16 + hex_digit(p[i + 2])));
			i += 2;
		} else {
			rc = put_encoded(b, p[i]);
		}
	}
	return rc == 0 && !is ? buf_putc(b, '=') : rc;
}

/* By name, then by value. */
static int
compare(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t n = strcspn(x, "="), m = strcspn(y, "=");
	int c = memcmp(x, y, n < m ? n : m);

	return c != 0 ? c : n != m ? (n < m ? -1 : 1) : strcmp(x, y);
}

/* The parameters in order. */
static int
put_query(struct buf *b, const char *query)
{
	char *sorted[MAX_PARAMETERS];
	size_t count = 0, i, n;
	struct buf one;
	int rc = 0;

	if (buf_init(&one, MAX_CANONICAL) == -1)
		return -1;
	for (; *query != '\0' && rc == 0; query += n + (query[n] == '&')) {
		n = strcspn(query, "&");
		one.len = 0;
		if (count == MAX_PARAMETERS || put_parameter(&one, query, n) == -1 || buf_str(&one) == NULL ||
		    (sorted[count] = strdup(one.data)) == NULL)
			rc = -1;
		else
			count++;
	}
	qsort(sorted, count, sizeof(sorted[0]), compare);
	for (i = 0; i < count; i++) {
		if (rc == 0)
			rc = (i > 0 && buf_putc(b, '&') == -1) || buf_puts(b, sorted[i]) == -1 ? -1 : 0;
		free(sorted[i]);
	}
	buf_free(&one);
	return rc;
}

int
sigv4_put_canonical(struct buf *b, const struct sigv4 *s, const struct sigv4_request *r, const char *amz_date,
    const char *body_hash)
{
	size_t path = strcspn(r->path, "?");

	if (buf_putf(b, "%s\n", r->method) == -1 || put_path(b, r->path, path) == -1 || buf_putc(b, '\n') == -1 ||
	    put_query(b, r->path + path + (r->path[path] == '?')) == -1 ||
	    buf_putf(b, "\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n", r->host, body_hash, amz_date) == -1)
		return -1;
	if (s->keys->token != NULL && buf_putf(b, "x-amz-security-token:%s\n", s->keys->token) == -1)
		return -1;
	return buf_putf(b, "\n%s%s\n%s", signed_headers, s->keys->token == NULL ? "" : ";x-amz-security-token", body_hash);
}

int
sigv4_signature(const struct sigv4 *s, const char *amz_date, const struct buf *canonical, char hex[SIGV4_HEX])
{
	const char *const steps[] = { s->region, s->service, "aws4_request" };
	uint8_t key[SHA256_DIGEST_LENGTH];
	char date[9], hash[SIGV4_HEX], text[512], first[256];
	size_t i;
	int n;

	snprintf(date, sizeof(date), "%.8s", amz_date);
	SHA256Data((const uint8_t *)canonical->data, canonical->len, hash);
	n = snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", amz_date, date, s->region,
	    s->service, hash);
	if (n >= (int)sizeof(text) || snprintf(first, sizeof(first), "AWS4%s", s->keys->secret) >= (int)sizeof(first)) {
		errno = EMSGSIZE;
		return -1;
	}
	hmac(first, strlen(first), date, strlen(date), key);
	explicit_bzero(first, sizeof(first));
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		hmac(key, sizeof(key), steps[i], strlen(steps[i]), key);
	hmac(key, sizeof(key), text, (size_t)n, key);
	for (i = 0; i < sizeof(key); i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	return 0;
}

int
sigv4_put_headers(struct buf *b, const struct sigv4 *s, const struct sigv4_request *r, time_t now)
{
	char amz_date[32], body_hash[SIGV4_HEX], signature[SIGV4_HEX];
	struct buf canonical;
	struct tm tm;
	int rc;

	strftime(amz_date, sizeof(amz_date), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	SHA256Data((const uint8_t *)(r->body == NULL ? "" : r->body), r->body_bytes, body_hash);
	if (buf_init(&canonical, MAX_CANONICAL) == -1)
		return -1;
	rc = sigv4_put_canonical(&canonical, s, r, amz_date, body_hash) == -1 ||
	    sigv4_signature(s, amz_date, &canonical, signature) == -1 ||
	    buf_putf(b, "x-amz-date: %s\nx-amz-content-sha256: %s\n", amz_date, body_hash) == -1 ||
	    (s->keys->token != NULL && buf_putf(b, "x-amz-security-token: %s\n", s->keys->token) == -1) ||
	    buf_putf(b, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s%s, "
	    "Signature=%s\n", s->keys->id, amz_date, s->region, s->service, signed_headers,
	    s->keys->token == NULL ? "" : ";x-amz-security-token", signature) == -1 ? -1 : 0;
	buf_free(&canonical);
	return rc;
}
