# Plan: build, test, demo, install. `make help` lists what there is.
#
# Everything that is made goes to build/ (build/asan/ for the sanitized build). Sources are found by room: to add a
# file, put it into its room. house rules: docs/decisions/ and tests/lint/.

PREFIX  ?= /usr/local
DESTDIR ?=
# make's own default is cc, which ?= would keep.
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD   ?= build
VERSION := 0.1.0

# One word a file; `make V=1` shows the whole commands.
Q   := $(if $(V),,@)
SAY := $(if $(V),@:,@echo)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wundef -Wstrict-prototypes \
        -Wmissing-prototypes -Wwrite-strings -Wswitch -Wvla -Werror
CFLAGS  ?= -O2 -g
SANITIZE ?=
ALL_CFLAGS := -std=c11 -D_GNU_SOURCE -DPLAN_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen $(WARN) $(CFLAGS) $(SANITIZE) \
              -ffile-prefix-map=$(CURDIR)=. -MMD -MP

# Rooms of the compiler and of the machine (docs/architecture.md says what lives where).
PLANC_SRC    := compiler/planc.c $(wildcard compiler/tools/command*.c)
READY_SRC    := compiler/check/make_ready.c compiler/check/ready_none.c
COMPILER_SRC := $(filter-out $(PLANC_SRC) $(READY_SRC),$(wildcard compiler/*.c compiler/*/*.c))
FRONT_SRC    := $(wildcard compiler/source/*.c compiler/diag/*.c compiler/syntax/*.c) \
                $(filter-out $(READY_SRC),$(wildcard compiler/check/*.c))
FRONT_OBJ    := $(BUILD)/gen/plan.tab.o $(BUILD)/gen/plan.lex.o $(BUILD)/gen/stdlib.o $(BUILD)/gen/pages.o
GRAMMAR_OBJ  := $(FRONT_OBJ) $(BUILD)/gen/ready.o
BASE_SRC     := $(wildcard vm/base/*.c)
CODE_SRC     := $(wildcard vm/code/*.c)
CORE_SRC     := $(wildcard vm/core/*.c)
HOST_SRC     := $(filter-out vm/planvm.c,$(wildcard vm/*.c)) $(wildcard vm/drill/*.c vm/journal/*.c vm/report/*.c vm/live/*.c)
KEEPER_SRC   := $(wildcard vm/live/keeper/*.c)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
# The compiler writes JSON and reads none: it has no use for the tree, nor for the library under it.
TEXT_SRC     := $(filter-out vm/base/json.c,$(BASE_SRC))
PLANC_OBJ  := $(call objects,$(PLANC_SRC) $(COMPILER_SRC) $(TEXT_SRC) $(CODE_SRC)) $(GRAMMAR_OBJ)
PLANVM_OBJ := $(call objects,vm/planvm.c $(COMPILER_SRC) $(BASE_SRC) $(CODE_SRC) $(CORE_SRC) $(HOST_SRC)) $(GRAMMAR_OBJ)
KEEPER_OBJ := $(call objects,$(KEEPER_SRC) vm/live/spawn.c vm/live/effect_files.c vm/base/str.c vm/base/memory.c vm/base/error.c)

# Each shared library costs every start some 0.1 ms and 0.3 MB: what comes as an archive is linked in, and what is not
# needed is not loaded.
archive = $(if $(wildcard $(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,$(2))
PLANC_LIBS  := -lm
# The prelude lies in the programs ready to be used, a megabyte with 70,000 pointers. At a fixed address the linker writes
# them; else each start would. It works without, only slower.
FIXED := -no-pie
# planc needs the C library alone, and is started for a file: loading that is a third of an empty program's time. Where it is
# not there as an archive, or a sanitizer wants to be loaded, planc is linked as usual.
PLANC_STATIC ?= $(if $(SANITIZE),,$(if $(wildcard $(shell $(CC) -print-file-name=libc.a)),-static))
# Half of what is left is the GNU C library asking the processor what it can, some sixty times at 4 µs each in a virtual
# machine. musl does not ask. Where its compiler is (package musl-tools), planc is made of objects of its own, below
# $(BUILD)/musl; headers that musl lacks (xxhash.h) come from the usual place, behind its own.
MUSL_GCC  ?= $(if $(SANITIZE)$(findstring clang,$(CC)),,$(shell command -v musl-gcc))
PLANC_CC  := $(if $(MUSL_GCC),REALGCC="$(CC)" $(MUSL_GCC) -idirafter /usr/include,$(CC))
PLANVM_LIBS := -Wl,--as-needed -lcjson $(call archive,sqlite3,-lsqlite3) $(call archive,zstd,-lzstd) $(call archive,uv_a,-luv) \
               $(call archive,ffi,-lffi) -lm -ldl -lpthread

LEX  := flex -Cfe
YACC := bison -Wall -Werror

# What it is all made with stands in a file: when that changes, so has everything that was made with it. How the folder is
# written, from the root or from here, makes no difference.
MADE_WITH := $(strip $(CC) $(subst -I$(BUILD)/gen,,$(ALL_CFLAGS)) $(PLANC_CC) $(LEX) $(YACC))
WITH      := $(BUILD)/made-with
ifneq ($(filter-out help clean bootstrap bootstrap-tests,$(or $(MAKECMDGOALS),all)),)
ifneq ($(file <$(WITH)),$(MADE_WITH))
$(shell mkdir -p $(BUILD))
$(file >$(WITH),$(MADE_WITH))
endif
endif

.PHONY: all planc planvm keeper demo test asan stress install clean help bootstrap bootstrap-tests lint
all: planc planvm keeper
planc:  $(BUILD)/planc
planvm: $(BUILD)/planvm
keeper: $(BUILD)/plan-keeper

$(BUILD)/planc: $(if $(MUSL_GCC),$(patsubst $(BUILD)/%,$(BUILD)/musl/%,$(PLANC_OBJ)),$(PLANC_OBJ))
	$(SAY) LINK $@
	$(Q)$(PLANC_CC) $(SANITIZE) $(or $(PLANC_STATIC),$(FIXED)) -o $@ $^ $(PLANC_LIBS)
$(BUILD)/planvm: $(PLANVM_OBJ)
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) $(FIXED) -o $@ $^ $(PLANVM_LIBS)
$(BUILD)/plan-keeper: $(KEEPER_OBJ)
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) -o $@ $^

# A recipe that fails leaves nothing that looks made.
.DELETE_ON_ERROR:

# An object is as old as the moment at which its compiler began to read: a header that is edited while it reads is newer,
# and the next make sees it. (Otherwise two objects could differ about a structure for ever after.)
define compile
	@mkdir -p $(@D)
	$(SAY) CC $@
	@: > $@.began
	$(Q)$(or $(2),$(CC)) $(ALL_CFLAGS) $(1) -c -o $@ $<
	@touch -r $@.began $@ && rm -f $@.began
endef
$(BUILD)/%.o: %.c $(WITH)
	$(call compile)
$(BUILD)/musl/%.o: %.c $(WITH)
	$(call compile,,$(PLANC_CC))

# The interpreter loop: shared dispatch code is what computed goto wants to avoid, and floats must not be fused. At a fixed
# address it need not work out where its labels are.
$(BUILD)/vm/core/interpret.o $(BUILD)/vm/core/interpret_watched.o: ALL_CFLAGS += -ffp-contract=off $(if $(FIXED),-fno-pie) $(if $(findstring gcc,$(CC)),-fno-gcse -fno-crossjumping)

# What is generated from one source: the grammar's tables, and the standard library as a C array.
$(BUILD)/gen/plan.y: grammar/plan.y grammar/keywords.def grammar/expand.awk
	@mkdir -p $(@D)
	awk -f grammar/expand.awk grammar/keywords.def grammar/plan.y > $@
$(BUILD)/gen/plan.tab.c: $(BUILD)/gen/plan.y $(WITH)
	$(YACC) --defines=$(BUILD)/gen/plan.tab.h -o $(BUILD)/gen/plan.tab.c $<
$(BUILD)/gen/plan.tab.h: $(BUILD)/gen/plan.tab.c
	@touch $@
$(BUILD)/gen/plan.lex.c: grammar/plan.l $(WITH)
	@mkdir -p $(@D)
	$(LEX) -o $@ $<
$(BUILD)/gen/stdlib.c: $(wildcard stdlib/*.plan) stdlib/embed.sh
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)sh stdlib/embed.sh compiler/source/stdlib.h stdlib_files std/ .plan $(sort $(wildcard stdlib/*.plan)) > $@
# The prelude, parsed and checked: by the same front end, which has it from the text this once.
$(BUILD)/gen/make_ready: $(call objects,$(READY_SRC) $(FRONT_SRC) $(TEXT_SRC) $(CODE_SRC)) $(FRONT_OBJ)
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) -o $@ $^ $(PLANC_LIBS)
$(BUILD)/gen/ready.c: $(BUILD)/gen/make_ready
	$(SAY) GEN $@
	$(Q)$< > $@.new && mv $@.new $@
$(BUILD)/gen/pages.c: $(wildcard docs/errors/P*.md) stdlib/embed.sh
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)sh stdlib/embed.sh compiler/source/stdlib.h error_pages "" .md $(sort $(wildcard docs/errors/P*.md)) > $@
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(WITH)
	$(call compile)
$(BUILD)/musl/gen/%.o: $(BUILD)/gen/%.c $(WITH)
	$(call compile,,$(PLANC_CC))
$(BUILD)/gen/plan.lex.o $(BUILD)/musl/gen/plan.lex.o: ALL_CFLAGS += -Wno-conversion -Wno-sign-conversion
$(BUILD)/gen/plan.lex.o $(BUILD)/musl/gen/plan.lex.o: $(BUILD)/gen/plan.tab.h
$(call objects,$(PLANC_SRC) $(READY_SRC) $(COMPILER_SRC)): | $(BUILD)/gen/plan.tab.h
$(patsubst %.c,$(BUILD)/musl/%.o,$(PLANC_SRC) $(COMPILER_SRC)): | $(BUILD)/gen/plan.tab.h

# The machine with a collection at every allocation: the rest is as it was built.
STRESS_OBJ := $(patsubst vm/core/%.c,$(BUILD)/stress/%.o,$(CORE_SRC))
$(STRESS_OBJ): $(BUILD)/stress/%.o: vm/core/%.c
	$(call compile,-ffp-contract=off -DPLAN_GC_STRESS)
$(BUILD)/stress/planvm: $(STRESS_OBJ) $(filter-out $(call objects,$(CORE_SRC)),$(PLANVM_OBJ))
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) $(FIXED) -o $@ $^ $(PLANVM_LIBS)

# A unit test is one file, tests/unit/NAME.c; it links every room that has no main.
UNIT_SRC := $(wildcard tests/unit/*.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
UNIT_OBJ := $(filter-out $(BUILD)/vm/planvm.o,$(PLANVM_OBJ))
$(BUILD)/tests/%: tests/unit/%.c $(UNIT_OBJ)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(FIXED) -o $@ $< $(UNIT_OBJ) $(PLANVM_LIBS)
unit: $(UNIT_BIN)
.PHONY: unit

# What is missing on this machine is said first, then installed with apt.
bootstrap:
	@sh .ci/bootstrap
bootstrap-tests:
	@sh .ci/bootstrap tests

# A service that is truly down, and a plan that repairs it: plans/demo/.
demo: bootstrap
	@[ -x $(BUILD)/planvm ] || echo 'building planc and planvm first ...'
	@$(MAKE) --no-print-directory -s -j2 all
	@BUILD=$(BUILD) sh plans/demo/run

test: bootstrap-tests
	@BUILD=$(BUILD) SANITIZE='$(SANITIZE)' MAKE='$(MAKE)' sh tests/run $(CASES)
asan:
	@$(MAKE) --no-print-directory BUILD=build/asan \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer' TEST_TIMEOUT=1800 test
stress:
	@$(MAKE) --no-print-directory BUILD=build/stressed CFLAGS='-O2 -g -DPLAN_GC_STRESS' TEST_TIMEOUT=1800 test
lint: bootstrap-tests
	@BUILD=$(BUILD) SANITIZE='$(SANITIZE)' MAKE='$(MAKE)' sh tests/run 'tests/lint/*'

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/plan
	install -m 755 $(BUILD)/planc $(BUILD)/planvm $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/plan-keeper $(DESTDIR)$(PREFIX)/libexec/plan/

help:
	@echo 'make            build/planc, build/planvm and build/plan-keeper'
	@echo 'make demo       a broken service is found, repaired, escalated and reported by a plan (30 seconds)'
	@echo "make test       all tests (make test CASES='*live*': some)"
	@echo 'make asan       all tests with the address and undefined-behaviour sanitizers, in build/asan/'
	@echo 'make stress     all tests with a collection at every allocation, in build/stressed/'
	@echo 'make lint       the rules of the house: includes, words, sizes, shell scripts'
	@echo 'make bootstrap  installs with apt what building needs and this machine lacks'
	@echo 'make install    into PREFIX ($(PREFIX)), below DESTDIR when that is set'
	@echo 'make clean      removes build/'

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
