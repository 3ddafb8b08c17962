/* SPDX-License-Identifier: ISC */
/* Credentials. */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/config.h"
#include "lib/log.h"

#include "es-bulk/auth.h"

/* Is the file another than the mark says? Then the mark is of this one. */
static bool
has_changed(const char *file, struct file_mark *m)
{
	struct stat st;

	if (stat(file, &st) == -1 || (st.st_ino == m->inode && st.st_size == m->size &&
	    st.st_mtim.tv_sec == m->changed.tv_sec && st.st_mtim.tv_nsec == m->changed.tv_nsec))
		return false;
	*m = (struct file_mark){ st.st_mtim, st.st_ino, st.st_size };
	return true;
}

static void
forget(char *value)
{
	if (value != NULL)
		explicit_bzero(value, strlen(value));
	free(value);
}

int
secret_load(struct secret *s, struct error *e)
{
	if (s->file == NULL)
		return 0;
	has_changed(s->file, &s->mark);
	return (s->value = secret_read(s->file, e)) == NULL ? -1 : 0;
}

void
secret_free(struct secret *s)
{
	forget(s->value);
	s->value = NULL;
}

static bool
secret_renew(struct secret *s)
{
	struct error e;
	char *value;
	bool is_new;

	if (s->file == NULL || !has_changed(s->file, &s->mark))
		return false;
	if ((value = secret_read(s->file, &e)) == NULL) {
		log_warn("%s", e.text);
		return false;
	}
	is_new = s->value == NULL || strcmp(s->value, value) != 0;
	forget(s->value);
	s->value = value;
	return is_new;
}

static int
load_keys(struct auth *a, struct aws_keys *k, struct error *e)
{
	memset(k, 0, sizeof(*k));
	if (a->credentials_file == NULL)
		return aws_keys_from_environment(k, e);
	has_changed(a->credentials_file, &a->keys_mark);
	return aws_keys_read(k, a->credentials_file, a->profile, e);
}

int
auth_load(struct auth *a, struct error *e)
{
	return a->kind == AUTH_AWS ? load_keys(a, &a->keys, e) : secret_load(&a->secret, e);
}

void
auth_free(struct auth *a)
{
	secret_free(&a->secret);
	aws_keys_free(&a->keys);
}

bool
auth_renew(struct auth *a)
{
	struct aws_keys k;
	struct error e;
	bool is_new;

	if (a->kind != AUTH_AWS)
		return secret_renew(&a->secret);
	if (a->credentials_file == NULL || !has_changed(a->credentials_file, &a->keys_mark))
		return false;
	if (load_keys(a, &k, &e) == -1) {
		log_warn("%s", e.text);
		aws_keys_free(&k);
		return false;
	}
	is_new = strcmp(k.secret, a->keys.secret) != 0 || strcmp(k.id, a->keys.id) != 0;
	aws_keys_free(&a->keys);
	a->keys = k;
	return is_new;
}

static int
put_basic(const struct auth *a, struct buf *b)
{
	const char *password = a->secret.value == NULL ? "" : a->secret.value;
	struct buf both;
	int rc;

	if (buf_init(&both, strlen(a->user) + strlen(password) + 16) == -1)
		return -1;
	rc = buf_puts(&both, a->user) == -1 || buf_putc(&both, ':') == -1 || buf_puts(&both, password) == -1 ||
	    buf_puts(b, "Authorization: Basic ") == -1 || base64_put(b, both.data, both.len, 0) == -1 ||
	    buf_putc(b, '\n') == -1 ? -1 : 0;
	explicit_bzero(both.data, both.len);
	buf_free(&both);
	return rc;
}

int
auth_put_headers(const struct auth *a, const struct sigv4_request *r, struct buf *b)
{
	const struct sigv4 s = { &a->keys, a->region, a->service };

	switch (a->kind) {
	case AUTH_BASIC: return put_basic(a, b);
	case AUTH_API_KEY: return buf_putf(b, "Authorization: ApiKey %s\n", a->secret.value);
	case AUTH_BEARER: return buf_putf(b, "Authorization: Bearer %s\n", a->secret.value);
	case AUTH_AWS: return sigv4_put_headers(b, &s, r, time(NULL));
	default: return 0;
	}
}
