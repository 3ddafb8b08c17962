/* SPDX-License-Identifier: ISC */
/* mydumper's metadata, of any bytes. */
#include <sys/mman.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump-reader/metadata.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	int fd = memfd_create("metadata", 0);
	struct error e = { 0 };
	struct metadata m;
	size_t i;

	if (fd == -1 || (n > 0 && write(fd, bytes, n) != (ssize_t)n) || lseek(fd, 0, SEEK_SET) == -1)
		abort();
	if (metadata_read(&m, fd, "metadata", &e) == -1 && e.text[0] == '\0')
		abort();
	if (pos_is_set(&m.pos) && m.pos.offset == 0)
		abort();
	for (i = 0; i < m.count; i++)
		if (metadata_find(&m, m.tables[i].db, m.tables[i].table) == NULL)
			abort();
	metadata_free(&m);
	close(fd);
	return 0;
}
