# How the fuzz targets are made, beside the Makefile's rules: `make -f Makefile -f tests/fuzz/rules.mk BUILD=… fuzz-driver`.
# Called by fuzz.sh and tests/mutate/mutate.sh. libfuzzer needs CC=clang and SANITIZE with -fsanitize=fuzzer-no-link.
FUZZ_OBJ := $(filter-out $(BUILD)/compiler/planc.o,$(PLANC_OBJ))
FUZZ_TARGETS := lexer parser checker formatter

.PHONY: fuzz-driver fuzz-libfuzzer mutate
fuzz-driver: $(BUILD)/fuzz/driver
fuzz-libfuzzer: $(addprefix $(BUILD)/fuzz/,$(FUZZ_TARGETS))
mutate: $(BUILD)/fuzz/mutate

$(addprefix $(BUILD)/tests/fuzz/,targets.o driver.o watchdog.o) $(BUILD)/tests/mutate/mutate.o: | $(BUILD)/gen/plan.tab.h

$(BUILD)/fuzz/driver: $(addprefix $(BUILD)/tests/fuzz/,targets.o driver.o watchdog.o) $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) $(FIXED) -o $@ $^ $(PLANC_LIBS)
$(BUILD)/fuzz/mutate: $(BUILD)/tests/mutate/mutate.o $(BUILD)/tests/fuzz/watchdog.o $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) $(FIXED) -o $@ $^ $(PLANC_LIBS)
$(addprefix $(BUILD)/fuzz/,$(FUZZ_TARGETS)): $(BUILD)/fuzz/%: tests/fuzz/libfuzzer.c $(BUILD)/tests/fuzz/targets.o $(FUZZ_OBJ)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -DTARGET=target_$* -o $@ $(filter-out %.h,$^) $(PLANC_LIBS)
-include $(patsubst %,$(BUILD)/tests/%.d,fuzz/targets fuzz/driver fuzz/watchdog mutate/mutate)
