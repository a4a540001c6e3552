# Programs that are measured and are no part of Plan: `make -f bench/rules.mk bench`. The tree's own Makefile makes
# the rest.
include Makefile

MACHINE_OBJ := $(filter-out $(BUILD)/vm/planvm.o $(BUILD)/vm/command%.o $(BUILD)/vm/view.o $(BUILD)/vm/open_run.o $(BUILD)/vm/live/%.o $(BUILD)/vm/report/%.o,$(PLANVM_OBJ))
.PHONY: bench
bench: $(BUILD)/planc $(BUILD)/planvm $(BUILD)/bench/machine $(BUILD)/bench/launch

$(BUILD)/bench/machine: bench/machine.c $(MACHINE_OBJ)
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) $(FIXED) -o $@ $< $(MACHINE_OBJ) $(PLANVM_LIBS)

$(BUILD)/bench/launch: bench/launch.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $<

# The floor for planc check: our own scanner's rules and grammar, with actions that do nothing.
GEN := $(BUILD)/bench/gen
RECOGNISER_OBJ := $(GEN)/recogniser.o $(GEN)/plan.tab.o $(GEN)/plan.lex.o $(GEN)/token.o
bench: $(BUILD)/bench/recogniser
$(GEN)/plan.y: $(BUILD)/gen/plan.y bench/recogniser/bare.awk
	@mkdir -p $(@D)
	awk -f bench/recogniser/bare.awk $< > $@
$(GEN)/plan.tab.c: $(GEN)/plan.y
	bison --defines=$(GEN)/plan.tab.h -o $@ $<
$(GEN)/recogniser.o: bench/recogniser/recogniser.c $(GEN)/plan.tab.c
$(GEN)/plan.tab.o: $(GEN)/plan.tab.c
$(GEN)/plan.lex.o: $(BUILD)/gen/plan.lex.c $(GEN)/plan.tab.c
$(GEN)/token.o: compiler/syntax/token.c $(GEN)/plan.tab.c
$(RECOGNISER_OBJ):
	$(SAY) CC $@
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -I$(GEN) -I. $(CFLAGS) $(SANITIZE) -c -o $@ $<
$(BUILD)/bench/recogniser: $(RECOGNISER_OBJ) $(BUILD)/vm/base/str.o $(BUILD)/vm/base/memory.o $(BUILD)/vm/base/error.o
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) -o $@ $(filter %.o,$^)

# The floors for the live world: bare loops over the same system calls and libraries.
HOST_BENCH := $(BUILD)/bench/spawn $(BUILD)/bench/gets $(BUILD)/bench/events
bench: $(HOST_BENCH)
$(BUILD)/bench/events: $(filter-out $(BUILD)/vm/planvm.o,$(PLANVM_OBJ))
$(HOST_BENCH): $(BUILD)/bench/%: bench/host/%.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) $(FIXED) -o $@ $(filter %.c %.o,$^) $(PLANVM_LIBS) -lcurl
