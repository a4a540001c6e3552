/* The report as one HTML file: its Markdown through md4c, in a page that needs nothing else and prints well.
 * The only file that knows md4c; it is opened when a page is first wanted, so that no other command pays for
 * it. */
#include "vm/report/report.h"

#include <dlfcn.h>
#include <md4c-html.h>
#include <string.h>

typedef int RenderFunction(const MD_CHAR *, MD_SIZE, void (*)(const MD_CHAR *, MD_SIZE, void *), void *,
                           unsigned, unsigned);

static RenderFunction *renderer(Error *error)
{
    void *library = dlopen("libmd4c-html.so.0", RTLD_NOW | RTLD_LOCAL);
    void *found = library ? dlsym(library, "md_html") : NULL;
    RenderFunction *render = NULL;
    /* ISO C has no cast from an object pointer to a function; POSIX promises that the bytes are the same. */
    memcpy(&render, &found, sizeof found);
    if (!render)
        error_set(
            error,
            "libmd4c-html.so.0 is not on this machine: HTML cannot be made; use --format md, or install "
            "libmd4c-html0");
    return render;
}

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;max-width:62rem;margin:2rem "
    "auto;padding:0 1rem}"
    "h1{font-size:1.6rem;border-bottom:3px solid #c0392b;padding-bottom:.3rem}"
    "h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #d0d7de}"
    "table{border-collapse:collapse;width:100%;margin:.6rem 0}"
    "th,td{border:1px solid #d0d7de;padding:.3rem "
    ".5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th:empty{padding:0}thead th{background:#f6f8fa}"
    "code,pre{font:13px/1.4 ui-monospace,monospace;background:#f6f8fa}"
    "pre{padding:.6rem;white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #d0d7de}"
    "strong{color:#c0392b}ul{padding-left:1.2rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}code,pre,thead "
    "th{background:#161b22}"
    "th,td,pre,h2{border-color:#30363d}strong{color:#ff7b72}}"
    "@media "
    "print{body{max-width:none;margin:0;font-size:10pt;color:#000;background:#fff}h2{break-after:avoid}"
    "tr,li{break-inside:avoid}pre{break-inside:auto}thead{display:table-header-group}}";

static void add_escaped(Buffer *out, Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.data[i]) {
        case '<': buffer_add_c(out, "&lt;"); break;
        case '>': buffer_add_c(out, "&gt;"); break;
        case '&': buffer_add_c(out, "&amp;"); break;
        default: buffer_add_char(out, text.data[i]);
        }
    }
}

static void add_html(const MD_CHAR *text, MD_SIZE len, void *out)
{
    buffer_add(out, text, len);
}

bool report_html(const Story *story, const ReportHead *head, Buffer *out, Error *error)
{
    RenderFunction *render = renderer(error);
    if (!render) return false;
    Buffer markdown = {0};
    report_markdown(story, head, &markdown);
    buffer_add_c(out, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
    add_escaped(out, story->title.len ? story->title : head->plan);
    buffer_printf(out, "</title>\n<style>%s</style>\n<body>\n", style);
    /* No HTML of the log's own becomes HTML of the page, and no address in it a link. */
    bool fine =
        render(markdown.data, (MD_SIZE)markdown.len, add_html, out, MD_FLAG_TABLES | MD_FLAG_NOHTML, 0) == 0;
    buffer_add_c(out, "</body>\n</html>\n");
    buffer_free(&markdown);
    return fine || error_set(error, "the report cannot be made into HTML");
}
