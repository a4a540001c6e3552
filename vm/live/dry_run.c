/* What becomes of an effect in a dry run. In: an effect that is not begun; out: its result, as if it had been
 * done. Called by live.c. It must never let a change through, whatever words it is made of. */
#include "vm/live/dry_run.h"

#include <string.h>

#include "vm/live/kubectl.h"
#include "vm/live/people.h"
#include "vm/marks.h"

static bool is(const LiveEffect *effect, const char *op)
{
    return strcmp(effect->op, op) == 0;
}

bool dry_run_holds(const LiveEffect *effect)
{
    if (!effect->live->dry_run || effect->effect_class == EFFECT_LOOK) return false;
    /* The body of an effect fn is made of effects of its own; the terminal is ours. */
    if (is(effect, "call") || is(effect, "terminal")) return false;
    const Json *argv = json_get(effect->args, "argv");
    bool judged = is(effect, "command") && kubectl_is(argv) && kubectl_can_be_dry(argv) &&
                  json_is_null(json_get(effect->args, "host")) && !json_string(effect->args, "user", "").len;
    return !judged;
}

void dry_run_end(LiveEffect *effect)
{
    Buffer json = {0};
    if (is(effect, "deliver")) {
        Buffer what = {0};
        effect_write(&what, str_from_c(effect->op), effect->args);
        people_say(effect->live->people, "not sent: %.*s", STR_ARG(buffer_str(&what)));
        buffer_free(&what);
        buffer_add_c(&json, "{\"body\":false,\"ok\":true,\"dry\":true}");
    } else if (is(effect, "http")) {
        buffer_add_c(&json,
                     "{\"ok\":true,\"dry\":true,\"status\":200,\"headers\":{},\"body\":\"\",\"elapsed\":0}");
    } else {
        buffer_add_c(
            &json,
            "{\"ok\":true,\"dry\":true,\"exit\":0,\"exits\":[0],\"out\":\"\",\"err\":\"\",\"elapsed\":0}");
    }
    effect_end(effect, &json);
}

bool dry_run_may_skip(const LiveWorld *live)
{
    return live->dry_run && live->effects.count == 0 && !people_are_asked(live->people);
}
