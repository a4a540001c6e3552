/* libcurl behind http.h; the only includer of curl.h. The library is opened at the first request or mail and
 * reached through a table of functions, so that a run without either does not pay for it. One multi handle
 * works on the loop: curl says which sockets and which time it waits for. A mail is handed over on a thread of
 * its own, because there curl waits for the server's answer to the text, as long as that takes. Called by
 * http_effect.c and mail_effect.c. A change must reach the wire at most once: it gets a fresh connection, because curl by
 * itself sends again what was lost on one that it used before. */
#include "vm/live/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* FUNCTION(our name, result, parameters): every function of the library that is used. */
#define CURL_FUNCTIONS(FUNCTION)                                                                             \
    FUNCTION(global_init, CURLcode, (long))                                                                  \
    FUNCTION(easy_init, CURL *, (void))                                                                      \
    FUNCTION(easy_perform, CURLcode, (CURL *))                                                               \
    FUNCTION(easy_setopt, CURLcode, (CURL *, CURLoption, ...))                                               \
    FUNCTION(easy_getinfo, CURLcode, (CURL *, CURLINFO, ...))                                                \
    FUNCTION(easy_strerror, const char *, (CURLcode))                                                        \
    FUNCTION(easy_cleanup, void, (CURL *))                                                                   \
    FUNCTION(slist_append, struct curl_slist *, (struct curl_slist *, const char *))                         \
    FUNCTION(slist_free_all, void, (struct curl_slist *))                                                    \
    FUNCTION(multi_init, CURLM *, (void))                                                                    \
    FUNCTION(multi_setopt, CURLMcode, (CURLM *, CURLMoption, ...))                                           \
    FUNCTION(multi_add_handle, CURLMcode, (CURLM *, CURL *))                                                 \
    FUNCTION(multi_remove_handle, CURLMcode, (CURLM *, CURL *))                                              \
    FUNCTION(multi_socket_action, CURLMcode, (CURLM *, curl_socket_t, int, int *))                           \
    FUNCTION(multi_assign, CURLMcode, (CURLM *, curl_socket_t, void *))                                      \
    FUNCTION(multi_info_read, CURLMsg *, (CURLM *, int *))                                                   \
    FUNCTION(multi_cleanup, CURLMcode, (CURLM *))

/* The header checks the types of options by macros of these names; through a table they cannot. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define CONNECTIONS_KEPT 256L
enum { HANDLES_KEPT = 128 };

typedef struct Library {
    void *handle;
#define DECLARE(name, result, parameters) result(*name) parameters;
    CURL_FUNCTIONS(DECLARE)
#undef DECLARE
} Library;

typedef VEC(HttpCall *) CallList;

struct Http {
    Loop *loop;
    Library curl;
    CURLM *multi;
    LoopTimer *timer;
    CallList calls; /* requests on the multi handle */
    CallList mails; /* that threads are at */
    bool closed;    /* it is freed with the last mail */
    VEC(CURL *) plain; /* handles of ordinary looks that have ended, for the next ones */
};

struct HttpCall {
    Http *http;
    size_t index; /* among the calls or mails */
    CURL *easy;
    bool is_plain;
    struct curl_slist *headers_out, *recipients;
    /* Of a mail; from here to `refusal` all is its thread's while that works, but `dropped`. */
    bool is_mail, is_given; /* all of it has been given to curl */
    atomic_bool dropped;    /* nobody waits for it any more */
    CURLcode code;          /* what became of it */
    Buffer text;
    Str upload;       /* what of the text has not left yet */
    unsigned replies; /* of the server so far */
    int socket;       /* to it */
    Buffer refusal;
    VEC(HttpHeader) headers;
    char message[CURL_ERROR_SIZE];
    HttpEvents events;
};

/* ---- the library ---- */

static bool library_open(Library *library, Error *error)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !library->handle; i++)
        library->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library->handle)
        return error_set(error, "libcurl.so.4 is not on this machine: HTTP cannot be spoken");
    bool whole = true;
    void *found;
    /* ISO C has no cast from an object pointer to a function; POSIX promises that the bytes are the same. */
#define LOAD(name, result, parameters)                                                                       \
    found = dlsym(library->handle, "curl_" #name);                                                           \
    memcpy(&library->name, &found, sizeof found);                                                            \
    whole = whole && found;
    CURL_FUNCTIONS(LOAD)
#undef LOAD
    if (!whole) return error_set(error, "libcurl on this machine lacks a function: HTTP cannot be spoken");
    return library->global_init(CURL_GLOBAL_ALL) == CURLE_OK || error_set(error, "libcurl cannot be started");
}

/* ---- ends of calls ---- */

static CallList *list_of(const HttpCall *call)
{
    return call->is_mail ? &call->http->mails : &call->http->calls;
}

static void list_drop(HttpCall *call)
{
    CallList *list = list_of(call);
    HttpCall *last = list->items[--list->count];
    list->items[call->index] = last;
    last->index = call->index;
}

static void call_free(HttpCall *call)
{
    Http *http = call->http;
    list_drop(call);
    if (call->easy && !call->is_mail) http->curl.multi_remove_handle(http->multi, call->easy);
    if (call->easy && call->is_plain && http->plain.count < HANDLES_KEPT) {
        http->curl.easy_setopt(call->easy, CURLOPT_ERRORBUFFER, NULL);
        vec_push(&http->plain, call->easy);
    } else if (call->easy) {
        http->curl.easy_cleanup(call->easy);
    }
    http->curl.slist_free_all(call->headers_out);
    http->curl.slist_free_all(call->recipients);
    for (size_t i = 0; i < call->headers.count; i++)
        free(call->headers.items[i].name);
    vec_free(&call->headers);
    buffer_free(&call->refusal);
    buffer_free(&call->text);
    free(call);
}

/* Microseconds of curl's, as ms. */
static int64_t moment(const HttpCall *call, CURLINFO which)
{
    curl_off_t at = 0;
    call->http->curl.easy_getinfo(call->easy, which, &at);
    return (int64_t)at / 1000;
}

/* May the server have the request? What was said to a proxy that then made no way to it is none. A mail is its own once
 * its text has begun to leave, unless it says no. */
static bool was_sent(const HttpCall *call, long status)
{
    long request = 0;
    curl_off_t text = 0, ready = 0;
    call->http->curl.easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request);
    call->http->curl.easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    call->http->curl.easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &text);
    return call->is_mail ? text > 0 && status < 400 : request > 0 && ready > 0;
}

static void call_end(HttpCall *call, CURLcode code)
{
    const Library *curl = &call->http->curl;
    long status = 0;
    curl->easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    const char *error = NULL;
    if (code != CURLE_OK) error = call->message[0] ? call->message : curl->easy_strerror(code);
    HttpEnd end = {.status = (int)status,
                   .headers = call->headers.items,
                   .header_count = call->headers.count,
                   .refusal = buffer_str(&call->refusal),
                   .timed_out = code == CURLE_OPERATION_TIMEDOUT,
                   .sent = was_sent(call, status),
                   .elapsed = moment(call, CURLINFO_TOTAL_TIME_T),
                   .lookup = moment(call, CURLINFO_NAMELOOKUP_TIME_T),
                   .connected = moment(call, CURLINFO_CONNECT_TIME_T),
                   .secured = moment(call, CURLINFO_APPCONNECT_TIME_T),
                   .first_byte = moment(call, CURLINFO_STARTTRANSFER_TIME_T),
                   .error = error};
    call->events.end(call->events.ctx, &end);
    call_free(call);
}

static void collect(Http *http)
{
    int left;
    for (CURLMsg *message; (message = http->curl.multi_info_read(http->multi, &left));) {
        if (message->msg != CURLMSG_DONE) continue;
        char *call = NULL;
        http->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        call_end((HttpCall *)(void *)call, message->data.result);
    }
}

/* ---- curl on the loop ---- */

static void act(Http *http, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = http->curl.multi_socket_action(http->multi, fd, events, &running);
    /* After this nothing is known of any transfer; each ends as one that broke. */
    while (code != CURLM_OK && http->calls.count)
        call_end(http->calls.items[0], CURLE_RECV_ERROR);
    collect(http);
}

static void socket_ready(void *ctx, int fd, int events)
{
    act(ctx, fd, (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *old)
{
    Http *http = ctx;
    LoopPoll *poll = old;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        loop_poll_stop(poll);
        http->curl.multi_assign(http->multi, fd, NULL);
        return 0;
    }
    int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
    if (poll) {
        loop_poll_change(poll, events);
        return 0;
    }
    poll = loop_poll_start(http->loop, fd, events, socket_ready, http);
    http->curl.multi_assign(http->multi, fd, poll);
    return poll ? 0 : -1;
}

static void timer_fired(void *ctx)
{
    Http *http = ctx;
    http->timer = NULL;
    act(http, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long delay, void *ctx)
{
    Http *http = ctx;
    (void)multi;
    loop_timer_stop(http->timer);
    http->timer = delay < 0 ? NULL : loop_timer_start(http->loop, delay, timer_fired, http);
    return 0;
}

/* `ctx`: the call, of a mail; else NULL. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    HttpCall *mail = ctx;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (mail) mail->socket = fd;
    return fd;
}

/* ---- what comes back ---- */

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    HttpCall *call = ctx;
    bool wanted = call->is_mail || call->events.body(call->events.ctx, (Str){bytes, size * count});
    return wanted ? size * count : 0;
}

/* The last reply of a mail. Before curl lets go of a connection it says QUIT and waits for the answer for as long as the
 * server likes: nothing more is read there, so that it does not wait. */
static void end_reading(HttpCall *call)
{
    shutdown(call->socket, SHUT_RD);
}

/* One line of a reply: "250-…", or "250 …" for its last; the line in which the server says no is kept. Who does not
 * know EHLO, the second thing that is said, is greeted once more. */
static void take_reply(HttpCall *call, Str line)
{
    enum { EHLO = 2 };
    bool refuses = line.len && (line.data[0] == '4' || line.data[0] == '5');
    if (refuses) buffer_clear(&call->refusal);
    if (refuses) buffer_add_str(&call->refusal, line);
    if (line.len > 3 && line.data[3] == '-') return;
    call->replies++;
    if (refuses ? call->replies != EHLO : call->is_given) end_reading(call);
}

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    HttpCall *call = ctx;
    Str line = str_trim((Str){bytes, size * count});
    if (call->is_mail) {
        take_reply(call, line);
        return size * count;
    }
    ptrdiff_t colon = str_find(line, STR(":"));
    /* After a redirect, or "100 Continue", the headers begin anew. */
    if (str_starts_with(line, STR("HTTP/"))) {
        for (size_t i = 0; i < call->headers.count; i++)
            free(call->headers.items[i].name);
        call->headers.count = 0;
    } else if (colon > 0) {
        Str value = str_trim(str_slice(line, (size_t)colon + 1, line.len));
        char *name = memory_alloc(line.len + 2);
        for (ptrdiff_t i = 0; i < colon; i++)
            name[i] = (char)tolower((unsigned char)line.data[i]);
        memcpy(name + colon + 1, value.data, value.len);
        vec_push(&call->headers, (HttpHeader){name, name + colon + 1});
    }
    return size * count;
}

static size_t give_mail(char *bytes, size_t size, size_t count, void *ctx)
{
    HttpCall *call = ctx;
    size_t len = call->upload.len < size * count ? call->upload.len : size * count;
    if (len) memcpy(bytes, call->upload.data, len);
    call->upload = str_slice(call->upload, len, call->upload.len);
    call->is_given = len == 0;
    return len;
}

/* ---- mail on its thread ---- */

/* Curl asks once a second at the least; anything but 0 ends the transfer. */
static int is_dropped(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    HttpCall *call = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&call->dropped);
}

static void mail_hand_over(void *ctx)
{
    HttpCall *call = ctx;
    call->code = call->http->curl.easy_perform(call->easy);
}

static void http_free(Http *http);

static void mail_handed_over(void *ctx)
{
    HttpCall *call = ctx;
    Http *http = call->http;
    if (atomic_load(&call->dropped))
        call_free(call);
    else
        call_end(call, call->code);
    if (http->closed && !http->mails.count) http_free(http);
}

/* ---- opening, starting, ending ---- */

Http *http_open(Loop *loop, Error *error)
{
    Http *http = memory_alloc(sizeof *http);
    http->loop = loop;
    if (library_open(&http->curl, error)) http->multi = http->curl.multi_init();
    if (!http->multi) {
        free(http);
        return NULL;
    }
    http->curl.multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    http->curl.multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    http->curl.multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    http->curl.multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    /* By itself curl keeps four for each request under way, and closes good ones when there are few. */
    http->curl.multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    return http;
}

static void http_free(Http *http)
{
    for (size_t i = 0; i < http->plain.count; i++)
        http->curl.easy_cleanup(http->plain.items[i]);
    http->curl.multi_cleanup(http->multi);
    loop_timer_stop(http->timer);
    vec_free(&http->calls);
    vec_free(&http->mails);
    vec_free(&http->plain);
    /* The library stays loaded: its threads and those of its own libraries may still be at work. */
    free(http);
}

void http_close(Http *http)
{
    if (!http) return;
    while (http->calls.count)
        call_free(http->calls.items[0]);
    for (size_t i = 0; i < http->mails.count; i++)
        atomic_store(&http->mails.items[i]->dropped, true);
    http->closed = true;
    if (!http->mails.count) http_free(http);
}

/* What holds for every call, and stays with a handle that is used again. */
static void set_lasting(Http *http, CURL *easy)
{
    const Library *curl = &http->curl;
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "plan/" PLAN_VERSION);
    curl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
}

/* What is this call's own. */
static void set_own(HttpCall *call, const HttpRequest *request)
{
    const Library *curl = &call->http->curl;
    CURL *easy = call->easy;
    long timeout = request->timeout > 0 ? (long)request->timeout : 30000L;
    curl->easy_setopt(easy, CURLOPT_URL, request->url);
    curl->easy_setopt(easy, CURLOPT_PRIVATE, (void *)call);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, call->message);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                      request->connect_timeout > 0 ? (long)request->connect_timeout : timeout);
    curl->easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers_out);
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, (long)(request->follow && !request->change));
    /* Many requests to one server share its connection where it can carry them at once. */
    bool shares = !request->change && strncasecmp(request->url, "https:", 6) == 0;
    curl->easy_setopt(easy, CURLOPT_PIPEWAIT, (long)shares);
}

/* A request of which nothing but what set_own says is out of the ordinary. */
static bool is_plain(const HttpRequest *request)
{
    bool trust = request->ca || request->cert || request->key;
    return !request->mail && !request->change && !request->secret && !trust && !request->basic &&
           !request->proxy && !request->body.len && strcmp(request->method, "GET") == 0;
}

static void set_trust(HttpCall *call, const HttpRequest *request)
{
    const Library *curl = &call->http->curl;
    if (request->ca) curl->easy_setopt(call->easy, CURLOPT_CAINFO, request->ca);
    if (request->cert) curl->easy_setopt(call->easy, CURLOPT_SSLCERT, request->cert);
    if (request->key) curl->easy_setopt(call->easy, CURLOPT_SSLKEY, request->key);
    curl->easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, (long)request->change);
    curl->easy_setopt(call->easy, CURLOPT_FORBID_REUSE, (long)request->change);
}

static void set_http(HttpCall *call, const HttpRequest *request)
{
    const Library *curl = &call->http->curl;
    CURL *easy = call->easy;
    if (request->proxy) curl->easy_setopt(easy, CURLOPT_PROXY, request->proxy);
    if (request->basic) {
        curl->easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl->easy_setopt(easy, CURLOPT_USERPWD, request->basic);
    }
    bool head = strcasecmp(request->method, "HEAD") == 0, get = strcasecmp(request->method, "GET") == 0;
    if (head) curl->easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (request->body.len || (!head && !get)) {
        curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl->easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body.len ? request->body.data : "");
    }
    if (!head && strcmp(request->method, "GET") != 0)
        curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_mail(HttpCall *call, const HttpRequest *request)
{
    const Library *curl = &call->http->curl;
    CURL *easy = call->easy;
    const MailEnvelope *mail = request->mail;
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl->easy_setopt(easy, CURLOPT_USE_SSL, (long)(mail->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (mail->user) curl->easy_setopt(easy, CURLOPT_USERNAME, mail->user);
    if (mail->password) curl->easy_setopt(easy, CURLOPT_PASSWORD, mail->password);
    for (char **to = mail->to; *to; to++)
        call->recipients = curl->slist_append(call->recipients, *to);
    curl->easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from);
    curl->easy_setopt(easy, CURLOPT_MAIL_RCPT, call->recipients);
    buffer_add_str(&call->text, request->body);
    call->upload = buffer_str(&call->text);
    curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, is_dropped);
    curl->easy_setopt(easy, CURLOPT_XFERINFODATA, call);
    curl->easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl->easy_setopt(easy, CURLOPT_READFUNCTION, give_mail);
    curl->easy_setopt(easy, CURLOPT_READDATA, call);
    curl->easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
}

static CURL *take_handle(Http *http, bool plain)
{
    if (plain && http->plain.count) return http->plain.items[--http->plain.count];
    CURL *easy = http->curl.easy_init();
    if (easy) set_lasting(http, easy);
    return easy;
}

static void set_options(HttpCall *call, const HttpRequest *request)
{
    set_own(call, request);
    if (call->is_plain) return;
    set_trust(call, request);
    if (request->mail)
        set_mail(call, request);
    else
        set_http(call, request);
}

static bool has_header(char **headers, const char *name)
{
    for (; headers && *headers; headers++)
        if (strncasecmp(*headers, name, strlen(name)) == 0) return true;
    return false;
}

HttpCall *http_start(Http *http, const HttpRequest *request, const HttpEvents *events, Error *error)
{
    HttpCall *call = memory_alloc(sizeof *call);
    bool plain = is_plain(request);
    *call = (HttpCall){.http = http,
                       .easy = take_handle(http, plain),
                       .is_plain = plain,
                       .is_mail = request->mail != NULL,
                       .events = *events};
    for (char **header = request->headers; header && *header; header++)
        call->headers_out = http->curl.slist_append(call->headers_out, *header);
    /* Servers that do not know it cost a second each; what is sent here is small. */
    if (!plain) call->headers_out = http->curl.slist_append(call->headers_out, "Expect:");
    /* Without a body there is no kind of one; curl would call it a form. */
    if (!plain && !request->body.len && !has_header(request->headers, "Content-Type:"))
        call->headers_out = http->curl.slist_append(call->headers_out, "Content-Type:");
    call->index = list_of(call)->count;
    vec_push(list_of(call), call);
    if (call->easy) set_options(call, request);
    if (call->easy && call->is_mail) {
        loop_work(http->loop, mail_hand_over, mail_handed_over, call);
        return call;
    }
    if (call->easy && http->curl.multi_add_handle(http->multi, call->easy) == CURLM_OK) return call;
    error_set(error, "the request cannot be made");
    call->is_plain = false; /* nothing is known of the handle */
    call_free(call);
    return NULL;
}

void http_cancel(HttpCall *call)
{
    if (call->is_mail)
        atomic_store(&call->dropped, true);
    else
        call_free(call);
}
