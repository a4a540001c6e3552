/* The command `planvm drill`: options, plans, and their drills shared among processes. Plans are compiled here, once for all
 * their drills; a drill runs in a worker, so that one that breaks its process breaks nothing else. */
#include "vm/drill/runner.h"

#include "vm/run.h"
#include "vm/base/time.h"
#include "vm/drill/rehearse.h"
#include "vm/drill/runner_parts.h"
#include "vm/drill/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { EXIT_HOLDS = 0, EXIT_FAILS = 1, EXIT_MISUSE = 2, WORKER_LIMIT = 256 };

static const int64_t DEFAULT_LIMIT = 60 * 1000;

static const char usage[] =
    "usage: planvm drill [OPTION]... [FILE|DIR|PATTERN]...\n"
    "       planvm drill --from-run RUN|FILE [--files DIR]\n"
    "\n"
    "Runs the drills of plans: their steps with a virtual clock, every effect answered by the drill.\n"
    "Without a file or directory those of the plans below the current directory.\n"
    "\n"
    "  --filter GLOB       only drills whose name is like GLOB (`*` stands for any text)\n"
    "  --variant GLOB      of drills with a sweep only the variants whose label is like GLOB; no others\n"
    "  --format FORMAT     text, tap, junit or json\n"
    "  --jobs N            so many processes at once (default 1)\n"
    "  --limit TIME        a drill that takes longer of your time is ended (default 1m)\n"
    "  --limit NAME=VALUE  what bounds a run: heap=64M, stack, string, list, fibers, instructions, input, log\n"
    "  --verbose           what happened in each drill, and when\n"
    "  --trace             every event, instruction and output, on standard error\n"
    "  --log FILE          writes what happened as JSON lines (`-`: standard output)\n"
    "  --coverage[=FORMAT] what the drills were at and what no drill ever ran: text, json, lcov or\n"
    "                      cobertura; in the last three the report of the drills goes to standard error\n"
    "  --coverage-out FILE writes the coverage there\n"
    "  --threshold N       fails if less than N percent was reached\n"
    "  --from-run RUN      prints a run of the past as a drill; a FILE of `planvm run --record` is one, too\n"
    "  --files DIR         with --from-run: long outputs become files there, beside the plan\n"
    "\n"
    "Exit status: 0 every drill holds, 1 one does not or the threshold is missed, 2 misuse or a plan that\n"
    "cannot be loaded.\n";

double milliseconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* ---- arguments ---- */

static bool misuse(const char *format, const char *word)
{
    fputs("planvm drill: ", stderr);
    fprintf(stderr, "%s%s\n", format, word);
    return false;
}

/* Is the argument this option, as `--name value` or `--name=value`? Then *value is its value; NULL: said on stderr. */
static bool take_value(const char *name, char **argv, int argc, int *at, const char **value)
{
    size_t len = strlen(name);
    const char *arg = argv[*at];
    if (strncmp(arg, name, len) != 0 || (arg[len] && arg[len] != '=')) return false;
    *value = arg[len] ? arg + len + 1 : *at + 1 < argc ? argv[++*at] : NULL;
    if (!*value) misuse(name, " needs a value");
    return true;
}

static bool read_number(const char *name, const char *text, double most, double *number)
{
    char *end;
    *number = strtod(text, &end);
    if (end != text && !*end && *number >= 0 && *number <= most) return true;
    fprintf(stderr, "planvm drill: %s: %s is no number from 0 to %g\n", name, text, most);
    return false;
}

static bool read_jobs(DrillRun *run, const char *text)
{
    double number;
    if (!read_number("--jobs", text, WORKER_LIMIT, &number)) return false;
    run->workers = number < 1 ? 1 : (size_t)number;
    return true;
}

static bool read_limit(DrillRun *run, const char *text)
{
    Error error = {""};
    if (strchr(text, '=')) {
        if (vm_default_limit_set(text, &error)) return true;
        fprintf(stderr, "planvm drill: %s\n", error.text);
        return false;
    }
    if (duration_parse(str_from_c(text), &run->limit, &error) && run->limit > 0) return true;
    return misuse("--limit: this is no time: ", text);
}

static bool read_coverage(DrillRun *run, const char *arg)
{
    run->coverage = arg[strlen("--coverage")] ? arg + strlen("--coverage=") : "text";
    if (coverage_format_exists(run->coverage)) return true;
    return misuse("coverage has the formats text, json, lcov and cobertura, not ", run->coverage);
}

static bool read_option(DrillRun *run, char **argv, int argc, int *at)
{
    const char *arg = argv[*at], *value = NULL;
    if (take_value("--filter", argv, argc, at, &value)) return (run->filter = value) != NULL;
    if (take_value("--variant", argv, argc, at, &value)) return (run->variant = value) != NULL;
    if (take_value("--log", argv, argc, at, &value)) return (run->log = value) != NULL;
    if (take_value("--format", argv, argc, at, &value)) return value && report_format_read(value, &run->format);
    if (take_value("--jobs", argv, argc, at, &value)) return value && read_jobs(run, value);
    if (take_value("--limit", argv, argc, at, &value)) return value && read_limit(run, value);
    if (take_value("--coverage-out", argv, argc, at, &value)) return (run->coverage_out = value) != NULL;
    if (take_value("--threshold", argv, argc, at, &value))
        return value && read_number("--threshold", value, 100, &run->threshold);
    if (strcmp(arg, "--coverage") == 0 || strncmp(arg, "--coverage=", 11) == 0) return read_coverage(run, arg);
    if (strcmp(arg, "--verbose") == 0 || strcmp(arg, "-v") == 0) return run->verbose = true;
    if (strcmp(arg, "--trace") == 0) return run->trace = true;
    return misuse("there is no option ", arg);
}

/* ---- plans ---- */

/* messages: what is to be told of the file, whether it can be opened or not. */
static bool file_open(DrillFile *file, DrillLoad *load, Buffer *messages)
{
    Error error = {{0}};
    if (!load(file->path, &file->bytes, messages)) return false;
    if (!image_open(buffer_str(&file->bytes), &file->image, &error)) {
        buffer_printf(messages, "planvm drill: %s: %s\n", file->path, error.text);
        return false;
    }
    file->metadata = json_parse(file->image.metadata, &error);
    if (file->metadata) return true;
    buffer_printf(messages, "planvm drill: %s: its metadata cannot be read: %s\n", file->path, error.text);
    image_close(&file->image);
    return false;
}

static void file_close(DrillFile *file)
{
    coverage_close(&file->coverage);
    json_free(file->metadata);
    image_close(&file->image);
    buffer_free(&file->bytes);
    free(file);
}

static void add_jobs(DrillRun *run, size_t number)
{
    const Json *metadata = run->files.items[number]->metadata;
    for (const Json *drill = json_first(json_get(metadata, "drills")); drill; drill = json_next(drill)) {
        Str name = json_string(drill, "name", "");
        if (run->filter && !str_matches_glob(name, str_from_c(run->filter))) continue;
        if (run->variant && !drill_sweep_line(drill)) continue;
        vec_push(&run->jobs, (DrillJob){.file = number, .drill = drill});
    }
}

static void load_files(DrillRun *run, DrillLoad *load)
{
    for (size_t i = 0; i < run->paths.plans.count; i++) {
        DrillFile *file = memory_alloc(sizeof *file);
        Buffer messages = {0};
        file->path = run->paths.plans.items[i];
        bool opened = file_open(file, load, &messages);
        if (messages.len) fwrite(messages.data, 1, messages.len, stderr);
        if (opened) {
            vec_push(&run->files, file);
            add_jobs(run, run->files.count - 1);
        } else {
            vec_push(&run->unloaded, (UnloadedFile){file->path, arena_copy(&run->arena, buffer_str(&messages))});
            buffer_free(&file->bytes);
            free(file);
        }
        buffer_free(&messages);
    }
}

/* ---- coverage ---- */

/* Each worker adds to its own share, so that none has to wait for another. */
static void *shared_alloc(size_t size)
{
    void *memory = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static bool open_coverage(DrillRun *run)
{
    if (!run->coverage) return true;
    for (size_t i = 0; i < run->files.count; i++) {
        DrillFile *file = run->files.items[i];
        coverage_open(&file->coverage, &file->image, file->metadata);
        file->points_at = run->point_count;
        file->words_at = run->word_count;
        run->point_count += file->coverage.points.count;
        run->word_count += file->image.code_count;
    }
    run->points = shared_alloc(run->workers * run->point_count * sizeof *run->points);
    run->words = shared_alloc(run->workers * run->word_count);
    return (run->points && run->words) || misuse("no memory for the coverage", "");
}

/* The first share becomes the sum. */
static void join_coverage(DrillRun *run)
{
    for (size_t worker = 1; worker < run->workers; worker++) {
        for (size_t i = 0; i < run->point_count; i++)
            run->points[i] += run->points[worker * run->point_count + i];
        for (size_t i = 0; i < run->word_count; i++)
            run->words[i] |= run->words[worker * run->word_count + i];
    }
}

static bool write_coverage(DrillRun *run)
{
    VEC(CoverageFile) files = {0};
    double percent;
    Buffer text = {0};
    join_coverage(run);
    for (size_t i = 0; i < run->files.count; i++) {
        const DrillFile *file = run->files.items[i];
        vec_push(&files, (CoverageFile){&file->coverage, file->metadata, run->points + file->points_at,
                                        run->words + file->words_at});
    }
    coverage_report(files.items, files.count, run->coverage, &text, &percent);
    FILE *out = run->coverage_out ? fopen(run->coverage_out, "w") : stdout;
    bool written = out && fwrite(text.data, 1, text.len, out) == text.len;
    if (out && run->coverage_out) written = fclose(out) == 0 && written;
    if (!written) fprintf(stderr, "planvm drill: %s: %s\n", run->coverage_out ? run->coverage_out : "stdout", strerror(errno));
    bool enough = percent >= run->threshold;
    if (!enough)
        fprintf(stderr, "planvm drill: the drills reach %.1f %%, less than the threshold of %g %%\n", percent, run->threshold);
    vec_free(&files);
    buffer_free(&text);
    return written && enough;
}

/* ---- in a worker ---- */

typedef struct Watching {
    const DrillFile *file;
    uint8_t *reached;
} Watching;

static void see_record(void *ctx, Record *record)
{
    Watching *watching = ctx;
    coverage_of_record(&watching->file->coverage, record, watching->reached);
}

/* Adds what the drill reached to the worker's share. */
static void keep_coverage(DrillRun *run, size_t worker, const DrillFile *file, const uint8_t *covered, uint8_t *reached)
{
    uint32_t *points = run->points + worker * run->point_count + file->points_at;
    uint8_t *words = run->words + worker * run->word_count + file->words_at;
    coverage_of_code(&file->coverage, covered, reached);
    for (size_t i = 0; i < file->coverage.points.count; i++)
        points[i] += reached[i];
    for (size_t i = 0; i < file->image.code_count; i++)
        words[i] |= covered[i];
}

static void add_text(Buffer *out, Str text)
{
    uint64_t len = text.len;
    buffer_add(out, &len, sizeof len);
    buffer_add_str(out, text);
}

static void add_shown(Buffer *out, Str text)
{
    Buffer shown = {0};
    timeline_text(&shown, text);
    add_text(out, buffer_str(&shown));
    buffer_free(&shown);
}

/* What a worker says of a drill before its texts. */
typedef struct Verdict {
    int64_t elapsed;
    double took;
    uint64_t variants, holds;
} Verdict;

static void write_log(Buffer *out, const char *path, Str name, const Record *record)
{
    buffer_add_c(out, "{\"file\":");
    json_write_string(out, str_from_c(path));
    buffer_add_c(out, ",\"drill\":");
    json_write_string(out, name);
    buffer_add_c(out, "}\n");
    record_write(record, out);
}

static void write_result(const DrillRun *run, const DrillJob *job, const Rehearsal *rehearsal, double took, Buffer *result)
{
    Buffer timeline = {0}, log = {0};
    const Record *record = &rehearsal->record;
    Verdict verdict = {record->end - record->start, took, rehearsal->variants, rehearsal->holds};
    if (run->verbose) timeline_whole(record, "", &timeline);
    if (run->log) write_log(&log, run->files.items[job->file]->path, json_string(job->drill, "name", ""), record);
    buffer_add(result, &verdict, sizeof verdict);
    add_shown(result, buffer_str(&rehearsal->messages));
    add_shown(result, buffer_str(&rehearsal->table));
    add_shown(result, buffer_str(&timeline));
    add_text(result, buffer_str(&log));
    buffer_free(&timeline);
    buffer_free(&log);
}

static void work(void *ctx, size_t worker, size_t number, Buffer *result)
{
    DrillRun *run = ctx;
    const DrillJob *job = &run->jobs.items[number];
    const DrillFile *file = run->files.items[job->file];
    uint8_t *covered = run->coverage ? memory_alloc(file->image.code_count + 1) : NULL;
    uint8_t *reached = run->coverage ? memory_alloc(file->coverage.points.count + 1) : NULL;
    Watching watching = {file, reached};
    DrillCase drill_case = {.image = &file->image,
                            .metadata = file->metadata,
                            .drill = job->drill,
                            .covered = covered,
                            .variant = run->variant,
                            .traced = run->trace,
                            .seen = run->coverage ? see_record : NULL,
                            .ctx = &watching};
    Rehearsal rehearsal;
    double began = milliseconds_now();
    rehearse(&drill_case, &rehearsal);
    double took = milliseconds_now() - began;
    if (run->coverage) keep_coverage(run, worker, file, covered, reached);
    write_result(run, job, &rehearsal, took, result);
    rehearsal_free(&rehearsal);
    free(covered);
    free(reached);
}

/* ---- results ---- */

static Str take_text(Arena *arena, Str *rest)
{
    uint64_t len;
    memcpy(&len, rest->data, sizeof len);
    Str text = arena_copy(arena, str_slice(*rest, sizeof len, sizeof len + (size_t)len));
    *rest = str_slice(*rest, sizeof len + (size_t)len, rest->len);
    return text;
}

/* Drills are reported in their order, whichever ends first. */
static void flush_report(DrillRun *run)
{
    for (; run->printed < run->jobs.count && run->jobs.items[run->printed].done; run->printed++) {
        const DrillJob *job = &run->jobs.items[run->printed];
        report_job(run, job);
        if (run->log_file) fwrite(job->log.data, 1, job->log.len, run->log_file);
    }
    if (!run->out.len) return;
    fwrite(run->out.data, 1, run->out.len, run->report);
    fflush(run->report);
    buffer_clear(&run->out);
}

static void job_done(void *ctx, size_t number, JobEnd end, int signal, Str result)
{
    DrillRun *run = ctx;
    DrillJob *job = &run->jobs.items[number];
    job->done = true;
    if (end == JOB_DONE) {
        Verdict verdict;
        memcpy(&verdict, result.data, sizeof verdict);
        Str rest = str_slice(result, sizeof verdict, result.len);
        job->holds = verdict.holds;
        job->elapsed = verdict.elapsed;
        job->took = verdict.took;
        job->variants = (size_t)verdict.variants;
        job->messages = take_text(&run->arena, &rest);
        job->table = take_text(&run->arena, &rest);
        job->timeline = take_text(&run->arena, &rest);
        job->log = take_text(&run->arena, &rest);
    } else if (end == JOB_LATE) {
        job->messages = arena_printf(&run->arena, "it took longer than %" PRId64 " s and was ended\n", run->limit / 1000);
    } else {
        job->messages = signal ? arena_printf(&run->arena, "planvm broke down in this drill: %s\n", strsignal(signal))
                               : STR("planvm gave up in this drill; what it said is on standard error\n");
    }
    if (!job->holds) run->failed++;
    flush_report(run);
}

/* ---- the command ---- */

static bool open_log(DrillRun *run)
{
    if (!run->log) return true;
    run->log_file = strcmp(run->log, "-") == 0 ? stdout : fopen(run->log, "w");
    if (!run->log_file) fprintf(stderr, "planvm drill: %s: %s\n", run->log, strerror(errno));
    return run->log_file != NULL;
}

/* A log that is not whole must not look like one. */
static bool close_log(DrillRun *run)
{
    if (!run->log_file || run->log_file == stdout) return true;
    bool whole = !ferror(run->log_file);
    whole = fclose(run->log_file) == 0 && whole;
    if (!whole) fprintf(stderr, "planvm drill: %s could not be written\n", run->log);
    return whole;
}

static bool run_jobs(DrillRun *run)
{
    Error error = {""};
    Pool pool = {.workers = run->workers, .jobs = run->jobs.count, .limit = run->limit, .ctx = run, .work = work, .done = job_done};
    report_begin(run);
    fflush(NULL);
    if (pool_run(&pool, &error)) return true;
    return misuse(error.text, "");
}

static int exit_status(DrillRun *run, bool covered)
{
    if (run->unloaded.count) return EXIT_MISUSE;
    if (!run->jobs.count) {
        misuse(run->variant ? "there is no drill with a sweep" : "there is no drill", run->filter ? " of such a name" : "");
        return EXIT_MISUSE;
    }
    return run->failed || !covered ? EXIT_FAILS : EXIT_HOLDS;
}

static int run_all(DrillRun *run, DrillLoad *load)
{
    double began = milliseconds_now();
    bool machine_coverage = run->coverage && strcmp(run->coverage, "text") != 0 && !run->coverage_out;
    run->report = machine_coverage ? stderr : stdout;
    load_files(run, load);
    if (!open_log(run) || !open_coverage(run) || !run_jobs(run)) return EXIT_MISUSE;
    run->took = milliseconds_now() - began;
    report_end(run);
    flush_report(run);
    /* A share of what could be loaded would look like a share of everything. */
    if (run->coverage && run->unloaded.count)
        fprintf(stderr, "planvm drill: no coverage is told: %zu plan%s could not be loaded\n", run->unloaded.count,
                run->unloaded.count == 1 ? "" : "s");
    bool covered = !run->coverage || run->unloaded.count || write_coverage(run);
    return close_log(run) ? exit_status(run, covered) : EXIT_MISUSE;
}

static void run_free(DrillRun *run)
{
    for (size_t i = 0; i < run->files.count; i++)
        file_close(run->files.items[i]);
    if (run->points) munmap(run->points, run->workers * run->point_count * sizeof *run->points);
    if (run->words) munmap(run->words, run->workers * run->word_count);
    vec_free(&run->files);
    vec_free(&run->unloaded);
    vec_free(&run->jobs);
    arena_free(&run->arena);
    buffer_free(&run->out);
    drill_paths_free(&run->paths);
}

int drill_main(int argc, char **argv, DrillLoad *load)
{
    DrillRun run = {.workers = 1, .limit = DEFAULT_LIMIT, .threshold = -1};
    bool understood = true, options = true, named = false;
    for (int i = 1; i < argc && understood; i++) {
        if (options && strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            drill_paths_free(&run.paths);
            return EXIT_HOLDS;
        }
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            understood = read_option(&run, argv, argc, &i);
        } else {
            named = true;
            understood = drill_paths_add(&run.paths, argv[i]);
        }
    }
    if (run.threshold >= 0 && !run.coverage) run.coverage = "text";
    if (understood && !named) understood = drill_paths_add(&run.paths, ".");
    int status = understood ? run_all(&run, load) : EXIT_MISUSE;
    run_free(&run);
    return status;
}
