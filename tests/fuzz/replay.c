/* SPDX-License-Identifier: ISC */
/* usage: NAME-replay DIR [N [SEED]]: runs a fuzz target over the files of a corpus, then over N mutations of them, the
 * same ones each time. Plain gcc and a sanitizer do; what fails is left in the file NAME-replay.failed beside the program. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_INPUT_BYTES (1 << 20)	/* bytes; a corpus holds small files */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct input {
	char *name;
	uint8_t *bytes;
	size_t n;
};

static struct input *inputs;
static size_t inputs_count;
static uint64_t state;
static const uint8_t *running;	/* for on_crash */
static size_t running_n;
static char failed_file[4096];	/* the program's name and .failed */

static void
fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

/* SplitMix64: small, and the same on every machine. */
static uint64_t
any(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static size_t
below(size_t n)
{
	return n == 0 ? 0 : (size_t)(any() % n);
}

/* Called by the sanitizers before they end the process, and for signals. */
static void
leave_input(void)
{
	int fd = open(failed_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd != -1 && write(fd, running, running_n) == (ssize_t)running_n)
		fprintf(stderr, "the input is in %s (%zu bytes)\n", failed_file, running_n);
}

void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

static void
on_crash(int sig)
{
	leave_input();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* A copy of exactly n bytes, so that one byte too many is seen. */
static void
run(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		fail("malloc");
	if (n > 0)
		memcpy(copy, bytes, n);
	running = copy;
	running_n = n;
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
read_input(const char *dir, const char *name)
{
	struct input in = { .bytes = malloc(MAX_INPUT_BYTES) };
	FILE *f;

	if (in.bytes == NULL || asprintf(&in.name, "%s/%s", dir, name) == -1)
		fail("malloc");
	if ((f = fopen(in.name, "r")) == NULL)
		fail(in.name);
	in.n = fread(in.bytes, 1, MAX_INPUT_BYTES, f);
	if (ferror(f))
		fail(in.name);
	fclose(f);
	if ((in.bytes = realloc(in.bytes, in.n > 0 ? in.n : 1)) == NULL ||
	    (inputs = realloc(inputs, (inputs_count + 1) * sizeof(*inputs))) == NULL)
		fail("malloc");
	inputs[inputs_count++] = in;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct input *)a)->name, ((const struct input *)b)->name);
}

static void
read_corpus(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (dir == NULL)
		fail(path);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			read_input(path, entry->d_name);
	closedir(dir);
	if (inputs_count > 0)
		qsort(inputs, inputs_count, sizeof(*inputs), by_name);
}

static size_t
put(uint8_t *to, size_t at, const uint8_t *from, size_t n)
{
	if (n > MAX_INPUT_BYTES - at)
		n = MAX_INPUT_BYTES - at;
	memmove(to + at, from, n);
	return at + n;
}

/* One change; the new length. */
static size_t
mutate(uint8_t *b, size_t n)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, '"', '\\', '\n', '{', '}', '0' };
	const struct input *other = &inputs[below(inputs_count)];
	size_t at = below(n), len = below(n - at) % 64, from;
	uint64_t r;

	switch (n == 0 ? 6 : any() % 8) {
	case 0: b[at] ^= (uint8_t)(1U << below(8)); return n;
	case 1: b[at] = (uint8_t)any(); return n;
	case 2: b[at] = edges[below(sizeof(edges))]; return n;
	case 3: return at;					/* cut */
	case 4:							/* take a piece out */
		memmove(b + at, b + at + len, n - at - len);
		return n - len;
	case 5:							/* a piece twice */
		if (len > MAX_INPUT_BYTES - n)
			return n;
		memmove(b + at + len, b + at, n - at);
		return n + len;
	case 6:							/* the rest of another input */
		from = below(other->n);
		return put(b, at, other->bytes + from, other->n - from);
	default:						/* a number of up to eight bytes, at an edge */
		r = any() % 3 == 0 ? any() : (uint64_t)1 << below(64);
		r -= any() % 2;
		len = below(8) + 1;
		return put(b, at, (const uint8_t *)&r, len) > n ? at + len : n;
	}
}

static void
run_mutations(unsigned long count)
{
	static uint8_t b[MAX_INPUT_BYTES];
	const struct input *from;
	unsigned long i;
	size_t n, k;

	for (i = 0; i < count; i++) {
		from = &inputs[below(inputs_count)];
		n = from->n;
		memcpy(b, from->bytes, n);
		for (k = below(6) + 1; k > 0; k--)
			n = mutate(b, n);
		run(b, n);
	}
}

int
main(int argc, char *argv[])
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
	const char *base;
	size_t i;

	if (argc < 2) {
		fprintf(stderr, "usage: %s DIR [N [SEED]]\n", argv[0]);
		return 2;
	}
	state = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	base = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
	snprintf(failed_file, sizeof(failed_file), "%s.failed", argv[0]);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(leave_input);
	else
		for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
			signal(crashes[i], on_crash);
	read_corpus(argv[1]);
	for (i = 0; i < inputs_count; i++)
		run(inputs[i].bytes, inputs[i].n);
	if (inputs_count > 0)
		run_mutations(count);
	printf("%s: %zu inputs, %lu mutations\n", base, inputs_count, inputs_count > 0 ? count : 0);
	return inputs_count > 0 ? 0 : 1;
}
