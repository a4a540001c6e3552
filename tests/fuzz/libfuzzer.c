/* The door through which libFuzzer calls a target: TARGET is its function, given when this is compiled. */
#include "tests/fuzz/targets.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    TARGET((Str){size ? (const char *)bytes : "", size});
    return 0;
}
