/* The text of a mail as it stands on the wire (RFC 5322, 2045, 2047): headers and a body of plain text.
 *
 * Whatever a value holds, it stays one header or the body: what could end a header early is refused, what is
 * not ASCII is encoded. */
#ifndef PLAN_LIVE_MAIL_TEXT_H
#define PLAN_LIVE_MAIL_TEXT_H

#include "vm/base/error.h"

/* Appends `name: value` and a line end. False: the value holds a line break or another control character. */
bool mail_write_header(Buffer *out, Str name, Str value, Error *error);
/* Appends `name: address, …`; an address is `ann@example.com` or `Ann Smith <ann@example.com>`. */
bool mail_write_addresses(Buffer *out, Str name, const Str *addresses, size_t count, Error *error);
/* The part of an address that a server is told: ann@example.com. False: it is none. */
bool mail_address(Str text, Str *address, Error *error);
/* Appends `Date: …` with a time in milliseconds since 1970. */
void mail_write_date(Buffer *out, int64_t time);
/* Appends the headers that describe the body, an empty line, and the body. */
void mail_write_body(Buffer *out, Str body);

#endif
