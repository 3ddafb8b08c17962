# m2e: MySQL or MariaDB to Elasticsearch or OpenSearch, in step.
# make [all|check|asan|lint|bench|fuzz|soak|install|clean]; PREFIX, DESTDIR, CFLAGS as usual.

PREFIX ?= /usr/local
B ?= build
CFLAGS ?= -O2 -g
VERSION = 0.1

PKGS = libmariadb libcurl libbsd-overlay
WARN = -std=c11 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers
CPPFLAGS_ALL := -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. $(shell pkg-config --cflags $(PKGS))
CFLAGS_ALL = $(WARN) $(CPPFLAGS_ALL) $(SANITIZE) $(CPPFLAGS) $(CFLAGS)
LIBS_ALL := $(shell pkg-config --libs $(PKGS)) -lmd -lz -lzstd -lm
ASAN = B=build/asan SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' CFLAGS='-O1 -g -fno-omit-frame-pointer'

PROGRAMS = binlog-tail dump-reader es-bulk m2e-state
MANUALS = $(wildcard man/*.[157])
SRCS = $(wildcard lib/*.c $(PROGRAMS:%=%/*.c))
HEADERS = $(wildcard lib/*.h $(PROGRAMS:%=%/*.h))
UNITS = $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit-*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
TESTS ?= $(wildcard tests/*.t) $(UNITS)
SHELL_FILES = $(shell grep -slE '^\#!/bin/sh|shellcheck shell=sh' scripts/* tests/*.t tests/*.sh .ci/run) $(B)/bin/m2e

all: $(PROGRAMS:%=$(B)/bin/%) $(B)/bin/m2e

# A program is its main.o over an archive of its other objects, which tests and fuzzers link too.
ARCHIVES = $(PROGRAMS:%=$(B)/%.a) $(B)/libm2e.a
define program
$(B)/$(1).a: $(patsubst %.c,$(B)/%.o,$(filter-out $(1)/main.c,$(wildcard $(1)/*.c)))
$(B)/bin/$(1): $(B)/$(1)/main.o $(B)/$(1).a $(B)/libm2e.a
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))
$(B)/bin/m2e-state: LIBS_ALL += -lmicrohttpd
$(B)/libm2e.a: $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c))

$(PROGRAMS:%=$(B)/bin/%):
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

$(ARCHIVES):
	rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# One script of parts that only define functions, between its head and what calls them.
$(B)/bin/m2e: scripts/m2e/head.sh $(filter-out %/head.sh %/main.sh,$(wildcard scripts/m2e/*.sh)) scripts/m2e/main.sh
	@mkdir -p $(@D)
	cat $^ >$@.new && chmod 755 $@.new && mv $@.new $@

$(B)/tests/unit-%: $(B)/tests/unit-%.o $(ARCHIVES)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

$(B)/tests/fault.so: tests/fault.c
	@mkdir -p $(@D)
	$(CC) $(WARN) -D_GNU_SOURCE -O2 -g -shared -fPIC -o $@ $< -ldl

# The tests' own programs: an engine that fails on purpose, and the like.
$(B)/tests/%: $(B)/tests/%.o $(ARCHIVES)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS_ALL) -lmicrohttpd

$(B)/fuzz/%-replay: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

TOOLS = $(patsubst tests/%.c,$(B)/tests/%,$(filter-out tests/unit-%.c tests/fault.c,$(wildcard tests/*.c))) \
	$(if $(wildcard tests/fault.c),$(B)/tests/fault.so)

check: all $(UNITS) $(TOOLS) $(FUZZERS:%=$(B)/fuzz/%-replay)
	B=$(abspath $(B)) M2E_BIN=$(abspath $(B))/bin prove -j$(JOBS) --timer -e 'timeout -k 20 900' $(TESTS)
JOBS ?= 2

# Disturbances under load for SOAK_SECONDS; SEED repeats a schedule.
soak: all
	tests/soak.py

# The same tests with address and undefined sanitizers, and the corpora replayed and mutated.
asan:
	ROUNDS=$${ROUNDS:-10} SOAK_SECONDS=$${SOAK_SECONDS:-20} $(MAKE) $(ASAN) check replay
REPLAYS ?= 20000
replay: $(FUZZERS:%=$(B)/fuzz/%-replay)
	for f in $(FUZZERS); do $(B)/fuzz/$$f-replay tests/corpus/$$f $(REPLAYS) || exit 1; done

# Coverage-guided, for FUZZ_SECONDS each; see scripts/fuzz. scripts/deps fuzz installs what this takes.
FUZZ_SECONDS ?= 60
FUZZ = B=build/fuzz CC=clang SANITIZE='-fsanitize=address,undefined,fuzzer-no-link' CFLAGS='-O1 -g -Wno-unknown-warning-option'
fuzz:
	$(MAKE) $(FUZZ) fuzzers
	scripts/fuzz $(FUZZ_SECONDS) $(FUZZERS)
fuzzers: $(FUZZERS:%=$(B)/fuzz/%)
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) -fsanitize=address,undefined,fuzzer $(LDFLAGS) -o $@ $^ $(LIBS_ALL)

# Leaks are the sanitizers' to find: gcc 12 takes what is stored behind a pointer for lost.
LEAKS = -Wno-analyzer-malloc-leak
lint: $(B)/bin/m2e
	printf '%s\n' $(HEADERS) | xargs -P $(JOBS) -I{} $(CC) $(WARN) $(CPPFLAGS_ALL) -fsyntax-only -x c {}
	printf '%s\n' $(SRCS) | xargs -P $(JOBS) -I{} $(CC) $(CFLAGS_ALL) -Werror -O1 -fanalyzer $(LEAKS) -c -o /dev/null {}
	printf '%s\n' $(SHELL_FILES) | xargs -P $(JOBS) -n 10 shellcheck -x -P tests -e SC1091,SC2154,SC2317
	for s in $(SHELL_FILES); do dash -n $$s || exit 1; done
	mandoc -T lint -W warning $(MANUALS)

bench: all
	scripts/bench

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(foreach n,1 5 7,$(DESTDIR)$(PREFIX)/share/man/man$(n))
	install -m 755 $(PROGRAMS:%=$(B)/bin/%) $(B)/bin/m2e $(DESTDIR)$(PREFIX)/bin
	sed 's|/usr/local/bin|$(PREFIX)/bin|' scripts/m2e@.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/m2e@.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/m2e@.service
	for m in $(MANUALS); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/ || exit 1; done

clean:
	rm -rf build

-include $(patsubst %.c,$(B)/%.d,$(SRCS) $(wildcard tests/*.c tests/fuzz/*.c))

.SECONDARY:
.PHONY: all asan bench check clean fuzz fuzzers install lint replay soak
