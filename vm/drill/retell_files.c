/* Long outputs of a run as files beside its drill, which says `gives file "…"`. See retell.h. */
#include "vm/drill/retell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What is shorter stands in the drill. */
enum { LONG_TEXT = 4096 };

static bool write_whole(const char *path, Str text)
{
    FILE *file = fopen(path, "wb");
    if (!file) return false;
    bool written = fwrite(text.data, 1, text.len, file) == text.len;
    return fclose(file) == 0 && written;
}

bool retell_file(Retelling *telling, const Row *intent, Str text, const char *ending, Buffer *out)
{
    if (!telling->files || text.len < LONG_TEXT || telling->trouble.text[0]) return false;
    Buffer path = {0};
    buffer_printf(&path, "%s/%.*s-%" PRIu64 "%s", telling->files, STR_ARG(telling->id), intent->log.effect, ending);
    bool folder = mkdir(telling->files, 0700) == 0 || errno == EEXIST;
    bool written = folder && write_whole(path.data, text);
    if (written) {
        buffer_add_c(out, "gives file ");
        retell_string(out, buffer_str(&path));
    } else {
        error_set(&telling->trouble, "%s cannot be written: %s", path.data, strerror(errno));
    }
    buffer_free(&path);
    return written;
}
