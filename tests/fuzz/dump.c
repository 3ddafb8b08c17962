/* SPDX-License-Identifier: ISC */
/* The dump reader on any bytes: it reads or refuses them, and in whatever pieces they arrive it says the same. */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/log.h"

#include "dump-reader/dump.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct glob_list none;

/* A descriptor that reads these bytes. */
static int
file_of(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("dump", 0);

	if (fd == -1 || (n > 0 && write(fd, bytes, n) != (ssize_t)n) || lseek(fd, 0, SEEK_SET) == -1)
		abort();
	return fd;
}

/* Reads the dump in pieces of so many bytes; its lines stay in the file that out is. */
static int
read_bytes(const uint8_t *bytes, size_t n, size_t piece, int out, struct error *e)
{
	struct load l = { .tables = &none, .exclude = &none };
	struct dump_options o = { .database = "d", .has_zone = true, .folder = "/nosuch", .piece = piece };
	struct stop stop = { .fd = -1 };
	int fd = file_of(bytes, n), rc = -1;
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (load_init(&l, out, NULL, e) == 0)
		rc = dump_load(&l, name, &o, &stop, e);
	load_free(&l);
	close(fd);
	if (rc == -1 && (e->rc == RC_OK || e->text[0] == '\0'))
		abort();
	return rc;
}

static char *
lines_of(int out, size_t *n)
{
	off_t end = lseek(out, 0, SEEK_END);
	char *text = malloc((size_t)end + 1);

	*n = (size_t)end;
	if (text == NULL || pread(out, text, *n, 0) != end)
		abort();
	if (*n > 0 && text[*n - 1] != '\n')	/* whole lines, whatever was refused */
		abort();
	close(out);
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct error whole = { 0 }, cut = { 0 };
	int a = memfd_create("whole", 0), b = memfd_create("cut", 0), i;
	char *lines, *again;
	size_t lines_n, again_n;

	for (i = 0; i < 3; i++)
		log_quieter();
	if (a == -1 || b == -1)
		abort();
	read_bytes(bytes, n, 0, a, &whole);
	read_bytes(bytes, n, n == 0 ? 1 : 1 + bytes[n / 2] % 64, b, &cut);
	lines = lines_of(a, &lines_n);
	again = lines_of(b, &again_n);
	/* damaged compressed bytes give text up to the damage, how far depends on the pieces */
	if (whole.rc == RC_FAIL && compression_of(bytes, n) != COMPRESSION_NONE && lines_n > again_n)
		lines_n = again_n;
	else if (whole.rc == RC_FAIL && compression_of(bytes, n) != COMPRESSION_NONE)
		again_n = lines_n;
	if (whole.rc != cut.rc || lines_n != again_n || memcmp(lines, again, lines_n) != 0)
		abort();
	free(lines);
	free(again);
	return 0;
}
