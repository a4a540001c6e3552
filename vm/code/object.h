/* The kinds of objects that references point to, and the header that each begins with.
 *
 * Constants in an image have the layout of objects in the heap, so that the machine uses them in place.
 * Objects are aligned to 8 bytes and a multiple of 8 bytes long; what is left over is zero. */
#ifndef PLAN_CODE_OBJECT_H
#define PLAN_CODE_OBJECT_H

#include <stdint.h>

typedef enum ObjectKind {
    OBJECT_NONE,   /* what reference 0 finds */
    OBJECT_STRING, /* len bytes follow */
    OBJECT_SLICE,  /* a string: len bytes of a buffer */
    OBJECT_BUFFER, /* len: room; shared by the slices that end up in it */
    OBJECT_NULL,   /* json null */
    OBJECT_BOOL,   /* json bool: one scalar follows */
    OBJECT_INT,    /* json int */
    OBJECT_FLOAT,  /* json float */
    OBJECT_BOX,    /* an optional scalar that is there */
    OBJECT_LIST_S, /* len elements of a data object */
    OBJECT_LIST_R, /* also json lists */
    OBJECT_DATA_S, /* len: room */
    OBJECT_DATA_R,
    OBJECT_MAP_S,   /* len: the first len entries of a table */
    OBJECT_MAP_R,   /* also json objects */
    OBJECT_TABLE_S, /* len: room */
    OBJECT_TABLE_R,
    OBJECT_RECORD,  /* aux: scalars; len: references */
    OBJECT_CLOSURE, /* aux: scalars; len: references; function */
    OBJECT_ERROR,
    OBJECT_FIBER,
    OBJECT_STACK,   /* len: references */
    OBJECT_FORWARD, /* during a collection: len is the new reference */
    OBJECT_KIND_COUNT,
} ObjectKind;

typedef enum ObjectFlag {
    OBJECT_OWNED = 1, /* a list, map or record that one variable alone holds, with all its data: changed in place */
} ObjectFlag;

typedef struct ObjectHeader {
    uint8_t kind;
    uint8_t flags; /* ObjectFlag; none in constants */
    uint16_t aux;
    uint32_t len;
} ObjectHeader;

#endif
