/* The operations `deliver`, `call` and `terminal`: messages to people in, whether they went out. Begun by
 * live.c. What a channel's provider does is written in the language (stdlib/): here is only what has no
 * provider. */
#include "vm/live/people.h"
#include "vm/live/state.h"

/* Nothing of this takes time. */
static void end_c(LiveEffect *effect, const char *json)
{
    Buffer result = {0};
    buffer_add_c(&result, json);
    effect_end_at_once(effect, &result);
}

void call_start(LiveEffect *effect)
{
    end_c(effect, "{\"body\":true}");
}

void deliver_start(LiveEffect *effect)
{
    const Json *args = effect->args;
    People *people = effect->live->people;
    Str contact = json_string(args, "contact", ""), way = json_string(args, "way", "");
    Str address = json_string(args, "address", ""), title = json_string(args, "title", "");
    if (!json_is_null(json_get(args, "provider"))) {
        end_c(effect, "{\"body\":true}");
        return;
    }
    if (!effect->live->attended) {
        end_c(effect, "{\"body\":false,\"ok\":false,\"error\":\"nobody at the keyboard to make the call\"}");
        return;
    }
    people_say(people, "call %.*s, %.*s %.*s: %.*s", STR_ARG(contact), STR_ARG(way), STR_ARG(address),
               STR_ARG(title));
    end_c(effect, "{\"body\":false,\"ok\":true}");
}

void terminal_start(LiveEffect *effect)
{
    const Json *args = effect->args;
    Str target = json_string(args, "target", ""), title = json_string(args, "title", "");
    Str body = json_string(args, "body", "");
    people_say(effect->live->people, "%.*s: %.*s%s%.*s", STR_ARG(target), STR_ARG(title),
               body.len ? "\n" : "", STR_ARG(body));
    if (json_bool(args, "bell", false)) people_ring(effect->live->people);
    end_c(effect, "{\"ok\":true}");
}
