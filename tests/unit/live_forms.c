/* The forms in which secrets come back: each is found, also in a text that comes in pieces, wherever it is
 * cut; and lines for people hold nothing that a terminal would obey. */
#include "tests/unit/check.h"
#include "vm/live/forms.h"
#include "vm/live/lines.h"

#include <stdlib.h>
#include <string.h>

#define SECRET "pa\"ss/w \xC3\xB6\xF0\x9F\x98\x80+rd&1="

static Forms forms;

static void found(const char *text)
{
    Buffer out = {0};
    forms_redact(&forms, &out, str_from_c(text));
    CHECK_STR_C(buffer_str(&out), "[secret key]");
    buffer_free(&out);
}

static void test_forms(void)
{
    found(SECRET);
    found("pa\\\"ss/w \xC3\xB6\xF0\x9F\x98\x80+rd&1=");
    found("pa\\\"ss\\/w \xC3\xB6\xF0\x9F\x98\x80+rd&1=");
    found("pa\\\"ss/w \\u00f6\\ud83d\\ude00+rd&1=");
    found("pa\\\"ss/w \\u00F6\\uD83D\\uDE00+rd&1=");
    found("pa\\\\\\\"ss/w \\\\u00f6\\\\ud83d\\\\ude00+rd&1=");
    found("pa%22ss%2Fw%20%C3%B6%F0%9F%98%80%2Brd%261%3D");
    found("pa%22ss%2fw%20%c3%b6%f0%9f%98%80%2brd%261%3d");
    found("pa%22ss%2Fw+%C3%B6%F0%9F%98%80%2Brd%261%3D");
    found("pa%22ss/w%20%C3%B6%F0%9F%98%80%2Brd%261%3D");
    found("cGEic3MvdyDDtvCfmIArcmQmMT0=");
}

/* Every piece of the text may be the last of what came so far. */
static void test_pieces(void)
{
    const char *text = "a " SECRET " b pa pa\"ss/w \xC3\xB6 c " SECRET SECRET
                       " cGEic3MvdyDDtvCfmIArcmQmMT0= pa%22ss%2Fw pa\"ss";
    Buffer whole = {0};
    forms_redact(&forms, &whole, str_from_c(text));
    for (size_t first = 1; first < 40; first++) {
        Buffer pending = {0}, out = {0};
        for (size_t at = 0, piece = first; at < strlen(text); at += piece, piece = piece * 7 % 13 + 1) {
            Str part = str_slice(str_from_c(text), at, at + piece);
            buffer_add_str(&pending, part);
            forms_redact_part(&forms, &pending, false, &out);
            CHECK(pending.len < forms_longest(&forms));
        }
        forms_redact_part(&forms, &pending, true, &out);
        CHECK_STR_C(buffer_str(&out), whole.data);
        CHECK_INT((int64_t)pending.len, 0);
        buffer_free(&pending);
        buffer_free(&out);
    }
    buffer_free(&whole);
}

/* ---- lines ---- */

static Buffer shown;
static int room;

static bool has_room(void *ctx)
{
    (void)ctx;
    return room-- > 0;
}

static void line_came(void *ctx, Str line, uint64_t skipped)
{
    (void)ctx;
    if (skipped) buffer_printf(&shown, "(%d)", (int)skipped);
    buffer_printf(&shown, "%.*s|", STR_ARG(line));
}

static void lines_are(const char *text, int places, const char *expected)
{
    for (size_t piece = 1; piece < 9; piece++) {
        Lines lines = {.events = {.room = has_room, .line = line_came}};
        room = places;
        buffer_clear(&shown);
        for (size_t at = 0; at < strlen(text); at += piece)
            lines_add(&lines, str_slice(str_from_c(text), at, at + piece));
        lines_end(&lines);
        CHECK_STR_C(buffer_str(&shown), expected);
        lines_free(&lines);
    }
}

static void test_lines(void)
{
    lines_are("one\ntwo\n", 9, "one|two|");
    lines_are("one\nno end", 9, "one|no end|");
    lines_are("\n\na\n", 9, "a|");
    lines_are("10%\r20%\r100%\r\nend\n", 9, "100%|end|");
    lines_are("\033[1;31mred\033[0m\033]0;title\007 \033]8;;http://x\033\\link \033(Bx\xC2\x9B"
              "31mc1\x01\x7F\n",
              9, "red link xc1|");
    lines_are("a\nb\nc\nd\ne\nf\ng\nh\n", 1, "a|(2)d|e|f|g|h|");
    lines_are("a\nb\nc\n", 0, "a|b|c|");
    lines_are("\xFF\xEF\xB7\x90key\xEF\xB7\x91\xC3\n", 9,
              "\xEF\xBF\xBD\xEF\xBF\xBDkey\xEF\xBF\xBD\xEF\xBF\xBD|");
    lines_are("", 9, "");
    buffer_free(&shown);
}

int main(void)
{
    forms_add_value(&forms, STR("key"), STR(SECRET));
    test_forms();
    test_pieces();
    test_lines();
    forms_free(&forms);
    return check_done();
}
