/* Settings of a plan (vm/parameters.h): --set first, then PLAN_NAME in the environment, then the person. */
#include "vm/parameters.h"

#include "vm/base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Json *parse_number(Str type, Str text, Error *error)
{
    char *copy = memory_copy_c(str_trim(text)), *end = NULL;
    size_t len = strlen(copy);
    bool percent = len && copy[len - 1] == '%' && !str_equal_c(type, "int");
    if (percent) copy[len - 1] = '\0';
    errno = 0;
    double value = str_equal_c(type, "int") ? (double)strtoll(copy, &end, 10) : strtod(copy, &end);
    bool fine = *copy && !*end && errno == 0;
    free(copy);
    if (fine) return json_new_number(percent && str_equal_c(type, "float") ? value / 100 : value);
    error_set(error, "`%.*s` is not of type %.*s", STR_ARG(text), STR_ARG(type));
    return NULL;
}

static Json *parse_bool(Str text, Error *error)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (str_equal_c(text, yes[i])) return json_new_bool(true);
        if (str_equal_c(text, no[i])) return json_new_bool(false);
    }
    error_set(error, "`%.*s` is not true or false", STR_ARG(text));
    return NULL;
}

Json *parameter_parse(Str type, Str text, Error *error)
{
    int64_t value;
    if (str_ends_with(type, STR("?"))) {
        if (!text.len) return json_new_null();
        type = str_slice(type, 0, type.len - 1);
    }
    if (str_equal_c(type, "duration"))
        return duration_parse(text, &value, error) ? json_new_int(value) : NULL;
    if (str_equal_c(type, "time")) return time_parse(text, &value, error) ? json_new_int(value) : NULL;
    if (str_equal_c(type, "int") || str_equal_c(type, "float") || str_equal_c(type, "percent"))
        return parse_number(type, text, error);
    if (str_equal_c(type, "bool")) return parse_bool(text, error);
    if (str_equal_c(type, "json") || str_starts_with(type, STR("[")) || str_starts_with(type, STR("{")))
        return json_parse(text, error);
    return json_new_string(text);
}

static bool is_declared(const Json *declared, Str name)
{
    for (const Json *one = json_first(declared); one; one = json_next(one)) {
        if (str_equal(json_string(one, "name", ""), name)) return true;
    }
    return false;
}

static void add_names(Buffer *names, const Json *declared)
{
    for (const Json *one = json_first(declared); one; one = json_next(one))
        buffer_printf(names, " %s", json_string(one, "name", "").data);
}

static bool check_settings(const Json *declared, const Json *own, const ParameterSource *source, Error *error)
{
    for (size_t i = 0; i < source->count; i++) {
        const char *equals = strchr(source->settings[i], '=');
        if (!equals) return error_set(error, "--set %s: write NAME=VALUE", source->settings[i]);
        Str name = {source->settings[i], (size_t)(equals - source->settings[i])};
        if (is_declared(declared, name) || is_declared(own, name)) continue;
        Buffer names = {0};
        add_names(&names, own);
        add_names(&names, declared);
        error_set(error, "the plan has no setting `%.*s`; it has:%s", STR_ARG(name),
                  names.len ? names.data : " none");
        buffer_free(&names);
        return false;
    }
    return true;
}

static const char *from_settings(const ParameterSource *source, Str name)
{
    for (size_t i = source->count; i-- > 0;) {
        const char *text = source->settings[i];
        if (strlen(text) > name.len && strncmp(text, name.data, name.len) == 0 && text[name.len] == '=')
            return text + name.len + 1;
    }
    return NULL;
}

static const char *from_environment(Str name)
{
    Buffer variable = {0};
    buffer_add_c(&variable, "PLAN_");
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        buffer_add_char(&variable, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    const char *value = getenv(variable.data);
    buffer_free(&variable);
    return value;
}

/* The line that a person writes, which may be empty; false at the end of the input. */
static bool ask(const Json *parameter, Buffer *line)
{
    fprintf(stderr, "%s", json_string(parameter, "name", "").data);
    Str doc = json_string(parameter, "doc", "");
    if (doc.len) fprintf(stderr, " (%.*s)", STR_ARG(doc));
    fputs(": ", stderr);
    fflush(stderr);
    int c;
    while ((c = getchar()) != EOF && c != '\n')
        buffer_add_char(line, (char)c);
    return c != EOF;
}

static bool has_word(const Json *words, Str wanted)
{
    for (const Json *one = json_first(words); one; one = json_next(one))
        if (str_equal(json_text(one), wanted)) return true;
    return false;
}

/* Puts one setting into `params`, or leaves it to its default. */
static bool take_one(const Json *parameter, const Json *needs, const ParameterSource *source, Json *params, Error *error)
{
    Str name = json_string(parameter, "name", ""), type = json_string(parameter, "type", "string");
    const char *text = from_settings(source, name);
    if (!text) text = from_environment(name);
    Buffer line = {0};
    bool fine = true;
    bool later = !source->ask && has_word(needs, name); /* nobody could be asked when the plan needs it */
    if (!text && (later || json_bool(parameter, "required", false))) {
        fine = source->ask && ask(parameter, &line);
        text = line.data ? line.data : "";
        if (!fine) error_set(error, "the plan needs `%.*s`: --set %.*s=…", STR_ARG(name), STR_ARG(name));
    }
    Json *value = fine && text ? parameter_parse(type, str_from_c(text), error) : NULL;
    if (value)
        json_set(params, name.data, value);
    else if (fine && text)
        fine = error_wrap(error, "the setting %.*s", STR_ARG(name));
    buffer_free(&line);
    return fine;
}

static bool take_all(const Json *declared, const Json *needs, const ParameterSource *source, Json *params, Error *error)
{
    for (const Json *one = json_first(declared); one; one = json_next(one)) {
        if (!take_one(one, needs, source, params, error)) return false;
    }
    return true;
}

Json *parameters_take(const Json *declared, const Json *plan, const ParameterSource *source, Error *error)
{
    const Json *own = json_get(plan, "params"), *needs = json_get(plan, "needs");
    if (!check_settings(declared, own, source, error)) return NULL;
    Json *params = json_new_object();
    if (take_all(declared, needs, source, params, error) && take_all(own, NULL, source, params, error)) return params;
    json_free(params);
    return NULL;
}

Str parameter_default(const Json *declared, Str name)
{
    for (const Json *one = json_first(declared); one; one = json_next(one)) {
        Str written = json_string(one, "default", "");
        bool plain = written.len > 2 && written.data[0] == '"' && str_find(written, STR("$")) < 0 &&
                     str_find(written, STR("\\")) < 0;
        if (str_equal(json_string(one, "name", ""), name)) return plain ? str_slice(written, 1, written.len - 1) : STR("");
    }
    return STR("");
}
