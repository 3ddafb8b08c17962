# m2e: MySQL or MariaDB to Elasticsearch or OpenSearch, in step.
# make [all|check|asan|lint|bench|fuzz|golden|install|clean]; PREFIX, DESTDIR, CFLAGS as usual.

PREFIX ?= /usr/local
B ?= build
CFLAGS ?= -O2 -g
VERSION = 0.1

PKGS = libmariadb libcurl libbsd-overlay
WARN = -std=c11 -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wno-missing-field-initializers
CPPFLAGS_ALL := -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. $(shell pkg-config --cflags $(PKGS))
CFLAGS_ALL = $(WARN) $(CPPFLAGS_ALL) $(SANITIZE) $(CPPFLAGS) $(CFLAGS)
LIBS_ALL := $(shell pkg-config --libs $(PKGS)) -lz -lm

PROGRAMS = binlog-tail dump-reader es-bulk m2e-state
MANUALS = $(wildcard man/*.[157])
LIB_OBJS = $(patsubst %.c,$(B)/%.o,$(wildcard lib/*.c))
ALL_SRCS = $(wildcard lib/*.c $(PROGRAMS:%=%/*.c))

all: $(PROGRAMS:%=$(B)/bin/%) $(B)/bin/m2e

define program
$(B)/bin/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) $(B)/libm2e.a
	@mkdir -p $$(@D)
	$$(CC) $$(SANITIZE) $$(LDFLAGS) -o $$@ $$^ $$(LIBS_ALL)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(B)/libm2e.a: $(LIB_OBJS)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/bin/m2e: scripts/m2e
	@mkdir -p $(@D)
	install -m 755 $< $@

-include $(patsubst %.c,$(B)/%.d,$(ALL_SRCS))

.PHONY: all
