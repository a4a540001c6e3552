/* HTTP requests on the loop and mail beside it, by libcurl, which is opened when the first one is made. */
#ifndef PLAN_LIVE_HTTP_H
#define PLAN_LIVE_HTTP_H

#include "vm/live/loop.h"

typedef struct Http Http;
typedef struct HttpCall HttpCall;

/* Whom a mail is for, and how it is handed over. */
typedef struct MailEnvelope {
    const char *from;
    char **to;                   /* NULL-terminated */
    const char *user, *password; /* NULL: the server is not told who we are */
    bool plain;                  /* without TLS */
} MailEnvelope;

typedef struct HttpRequest {
    const char *method, *url;
    const MailEnvelope *mail; /* a mail, of which the body is the whole text; NULL: a request */
    char **headers;           /* "Name: value", NULL-terminated */
    Str body;
    const char *basic;           /* "user:password"; NULL: none */
    const char *ca, *cert, *key; /* paths; NULL: the machine's authorities; no certificate of ours */
    const char *proxy;           /* NULL: as the environment says */
    int64_t timeout;             /* ms for all of it */
    int64_t connect_timeout;     /* ms until there is a connection; 0: as `timeout` */
    bool change;                 /* fresh connection, sent at most once, no redirects */
    bool follow;                 /* up to five redirects (never for a change) */
    bool secret;                 /* there is a secret in it: nothing of it stays in memory */
} HttpRequest;

typedef struct HttpHeader {
    char *name, *value; /* the name in lower case */
} HttpHeader;

typedef struct HttpEnd {
    int status; /* of HTTP, or the last of SMTP; 0: no answer */
    const HttpHeader *headers;
    size_t header_count;
    Str refusal; /* of a mail: the line in which the server said no */
    bool timed_out;
    bool sent; /* the server may have had the request */
    int64_t elapsed;
    int64_t lookup, connected, secured, first_byte; /* ms from the beginning; 0: it did not come to that */
    const char *error;                              /* NULL: a whole answer came */
} HttpEnd;

typedef struct HttpEvents {
    void *ctx;
    bool (*body)(void *ctx, Str bytes); /* of the answer, as it comes; false: no more of it is wanted */
    void (*end)(void *ctx, const HttpEnd *end); /* once, last */
} HttpEvents;

/* NULL and an error: libcurl is not there. */
Http *http_open(Loop *loop, Error *error);
void http_close(Http *http); /* open calls are dropped; before the loop is freed, which waits for mail under way */

/* Events come from the loop; nothing of the request is needed any more when this is back. NULL and an error: the
 * request cannot be made at all. */
HttpCall *http_start(Http *http, const HttpRequest *request, const HttpEvents *events, Error *error);
void http_cancel(HttpCall *call); /* no more events come */

#endif
