/* SPDX-License-Identifier: ISC */
/* usage: tokens FILE. The least that reading a dump can take, to compare: each byte is looked at once, strings are told from
 * what is outside of them, rows and literals are counted; nothing is made of them. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	static char bytes[256 << 10];
	uint64_t rows = 0, literals = 0;
	bool quoted = false, escaped = false;
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	ssize_t n, i;

	if (fd == -1)
		return 2;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		for (i = 0; i < n; i++) {
			if (escaped)
				escaped = false;
			else if (quoted && bytes[i] == '\\')
				escaped = true;
			else if (bytes[i] == '\'')
				quoted = !quoted;
			else if (!quoted && bytes[i] == ',')
				literals++;
			else if (!quoted && bytes[i] == '(')
				rows++;
		}
	printf("%" PRIu64 " brackets, %" PRIu64 " commas\n", rows, literals);
	return n == -1;
}
