/* A plan's settings: from the command line, the environment or a person to the JSON that a run starts with.
 */
#ifndef PLAN_PARAMETERS_H
#define PLAN_PARAMETERS_H

#include "vm/base/json.h"

typedef struct ParameterSource {
    const char *const *settings; /* "name=value", of --set; the last one of a name counts */
    size_t count;
    bool ask; /* what is missing is asked for on the terminal */
} ParameterSource;

/* `declared`: the list "params" of an image's metadata; `plan`: the plan's own metadata, or NULL. Gives an object with what
 * was set: a setting that was not, and has a default or can be asked for when the plan needs it, is left out. NULL and an
 * error: an unknown name, a value that is none of its type, or one is missing. */
Json *parameters_take(const Json *declared, const Json *plan, const ParameterSource *source, Error *error);

/* One value from text, in the form that the machine takes for the type (durations and times are ms). */
Json *parameter_parse(Str type, Str text, Error *error);

/* The default of a setting where it is a plain text; empty: it has none, or only the machine can reckon it. */
Str parameter_default(const Json *declared, Str name);

#endif
