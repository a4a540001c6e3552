/* What the program promised and who its people are, from its metadata, held against the story. */
#include "vm/report/report.h"

#include <stdlib.h>

static const Json *find_named(const Json *list, Str name)
{
    for (const Json *one = json_first(list); one; one = json_next(one)) {
        if (str_equal(json_string(one, "name", ""), name)) return one;
    }
    return NULL;
}

void report_person(const Story *story, Str name, Buffer *out)
{
    Str title = json_string(find_named(json_get(story->metadata, "contacts"), name), "title", "");
    if (!title.len)
        buffer_add_str(out, name.len ? name : STR("nobody"));
    else
        buffer_printf(out, "%.*s (%.*s)", STR_ARG(title), STR_ARG(name));
}

/* The miss of a target is known by what it is for and how long it was. */
static int64_t missed_at(const Story *story, Str what, int64_t target)
{
    for (size_t i = 0; i < story->missed.count; i++) {
        const StoryTarget *one = &story->missed.items[i];
        if (str_equal(one->what, what) && one->target == target) return one->missed;
    }
    return STORY_NEVER;
}

static void add_target(const Story *story, ReportTargets *targets, const Json *severity, Str what,
                       const char *key)
{
    const Json *target = json_get(severity, key);
    if (json_kind(target) != JSON_NUMBER) return;
    int64_t allowed = json_as_int(target);
    StoryTarget one = {.what = what,
                       .severity = json_string(severity, "name", ""),
                       .target = allowed,
                       .missed = missed_at(story, what, allowed)};
    vec_push(targets, one);
}

void report_targets(const Story *story, ReportTargets *targets)
{
    const Json *severities = json_get(story->metadata, "severities");
    for (size_t i = 0; i < story->severities.count; i++) {
        Str name = story->severities.items[i].name;
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || str_equal(story->severities.items[j].name, name);
        if (seen) continue;
        add_target(story, targets, find_named(severities, name), STR("respond"), "respond");
        add_target(story, targets, find_named(severities, name), STR("resolve"), "resolve");
    }
}
