/* The image file's header and sections: what image_build.c writes and image.c reads. Used by vm/code only. */
#ifndef PLAN_CODE_LAYOUT_H
#define PLAN_CODE_LAYOUT_H

#include "vm/code/image.h"

/* SECTION(member of Image, member that counts, element type), in the order of the file; each begins at a
 * multiple of 8. */
#define IMAGE_SECTIONS(SECTION)                                                                              \
    SECTION(constants, constants_size, uint8_t)                                                              \
    SECTION(scalars, scalar_count, int64_t)                                                                  \
    SECTION(code, code_count, uint64_t)                                                                      \
    SECTION(functions, function_count, ImageFunction)                                                        \
    SECTION(handlers, handler_count, ImageHandler)                                                           \
    SECTION(types, type_count, ImageType)                                                                    \
    SECTION(fields, field_count, ImageField)                                                                 \
    SECTION(effects, effect_count, ImageEffect)                                                              \
    SECTION(entries, entry_count, ImageEntry)                                                                \
    SECTION(lines, line_count, ImageLine)                                                                    \
    SECTION(files, file_count, ImageFile)

enum {
#define SECTION(member, counter, T) SECTION_##member,
    IMAGE_SECTIONS(SECTION)
#undef SECTION
        SECTION_metadata,
    SECTION_COUNT
};

typedef struct ImageSection {
    uint32_t offset; /* bytes from the beginning of the file */
    uint32_t count;  /* elements; bytes for constants and metadata */
} ImageSection;

typedef struct ImageHeader {
    char magic[4];
    uint32_t format;
    uint64_t hash[2]; /* of all bytes after this member */
    uint64_t size;    /* of the file */
    uint32_t global_scalars, global_refs;
    ImageSection sections[SECTION_COUNT];
} ImageHeader;

enum { IMAGE_HASHED_FROM = 24 };

/* What the header says: the layout's number and the fingerprint of the tables that give its words a meaning. */
static inline uint32_t image_format(void)
{
    return (uint32_t)IMAGE_FORMAT << 24 | opcode_fingerprint() >> 8;
}

/* vm/code/verify.c: is the image, whose sections lie inside of it, safe to run? */
bool image_verify(const Image *image, Error *error);

#endif
