# planc without what is made ready of the prelude, for tests/ready: `make -f tests/ready/rules.mk planc-from-source`.
include Makefile

.PHONY: planc-from-source
planc-from-source: $(BUILD)/tests/planc-from-source
$(BUILD)/tests/planc-from-source: $(filter-out $(BUILD)/gen/ready.o,$(PLANC_OBJ)) $(BUILD)/compiler/check/ready_none.o
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(SANITIZE) $(FIXED) -o $@ $^ $(PLANC_LIBS)
