/* The bytes of an image file come in, an Image whose every index can be trusted goes out, or an error.
 *
 * Called by the machine's hosts, the disassembler and tests. Sections are found and checked to lie inside of
 * the file here; what they say is checked in verify.c. */
#include "vm/code/layout.h"

#include "vm/base/hash.h"
#include "vm/code/liveness.h"
#include "vm/code/object.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool section_find(const Image *image, const ImageHeader *header, int number, size_t size, Error *error)
{
    const ImageSection *section = &header->sections[number];
    uint64_t end = (uint64_t)section->offset + (uint64_t)section->count * size;
    if (section->offset % 8 || section->offset < sizeof *header || end > image->size) {
        return error_set(error, "the program file is damaged: section %d lies outside of it", number);
    }
    return true;
}

static bool sections_find(Image *image, const ImageHeader *header, Error *error)
{
#define SECTION(member, counter, T)                                                                          \
    if (!section_find(image, header, SECTION_##member, sizeof(T), error)) return false;                      \
    image->member = (const T *)(const void *)(image->bytes + header->sections[SECTION_##member].offset);     \
    image->counter = header->sections[SECTION_##member].count;
    IMAGE_SECTIONS(SECTION)
#undef SECTION
    if (!section_find(image, header, SECTION_metadata, 1, error)) return false;
    const ImageSection *metadata = &header->sections[SECTION_metadata];
    image->metadata = (Str){(const char *)image->bytes + metadata->offset, metadata->count};
    image->global_scalars = header->global_scalars;
    image->global_refs = header->global_refs;
    return true;
}

static bool header_check(const Image *image, const ImageHeader *header, Error *error)
{
    if (memcmp(header->magic, "PLAN", 4) != 0) return error_set(error, "this is no compiled plan");
    if (header->format != image_format()) {
        return error_set(error,
                         "the compiled plan has format %08x; this program reads format %08x: compile it again",
                         (unsigned)header->format, (unsigned)image_format());
    }
    if (header->size != image->size) {
        return error_set(error, "the program file is damaged: it has %zu bytes and should have %llu",
                         image->size, (unsigned long long)header->size);
    }
    Hash hash = hash_bytes(image->bytes + IMAGE_HASHED_FROM, image->size - IMAGE_HASHED_FROM);
    if (hash.words[0] != header->hash[0] || hash.words[1] != header->hash[1]) {
        return error_set(error, "the program file is damaged: its checksum does not match");
    }
    return true;
}

static const Image *sorted_image; /* qsort has no argument for the context; set and used within one call */

static int compare_code(const void *a, const void *b)
{
    uint32_t left = sorted_image->functions[*(const uint32_t *)a].code;
    uint32_t right = sorted_image->functions[*(const uint32_t *)b].code;
    return (left > right) - (left < right);
}

static void functions_sort(Image *image)
{
    image->functions_by_code = memory_alloc(image->function_count * sizeof(uint32_t));
    for (uint32_t i = 0; i < image->function_count; i++)
        image->functions_by_code[i] = i;
    sorted_image = image;
    qsort(image->functions_by_code, image->function_count, sizeof(uint32_t), compare_code);
    sorted_image = NULL;
}

bool image_open(Str bytes, Image *image, Error *error)
{
    *image = (Image){0};
    if (bytes.len < sizeof(ImageHeader)) return error_set(error, "this is no compiled plan");
    image->bytes = (const uint8_t *)bytes.data;
    image->size = bytes.len;
    assert((uintptr_t)bytes.data % 8 == 0);
    ImageHeader header;
    memcpy(&header, image->bytes, sizeof header);
    bool good = header_check(image, &header, error) && sections_find(image, &header, error);
    if (good) {
        memcpy(image->hash, header.hash, sizeof image->hash);
        image->sites = image_sites_new();
        image->places = image_places_new();
        functions_sort(image);
        good = image_verify(image, error);
    }
    if (!good) image_close(image);
    return good;
}

void image_close(Image *image)
{
    image_sites_free(image->sites);
    image_places_free(image->places);
    free(image->functions_by_code);
    *image = (Image){0};
}

Str image_string(const Image *image, uint32_t constant)
{
    const ObjectHeader *header =
        (const ObjectHeader *)(const void *)(image->constants + (size_t)constant * 8);
    return (Str){(const char *)(header + 1), header->len};
}

const ImageFunction *image_function_at(const Image *image, uint32_t pc)
{
    uint32_t low = 0, high = image->function_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (image->functions[image->functions_by_code[middle]].code <= pc)
            low = middle;
        else
            high = middle;
    }
    return &image->functions[image->functions_by_code[low]];
}

const ImageLine *image_line_at(const Image *image, uint32_t pc)
{
    uint32_t low = 0, high = image->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (image->lines[middle].pc <= pc)
            low = middle;
        else
            high = middle;
    }
    if (!image->line_count || image->lines[low].pc > pc || !image->lines[low].line) return NULL;
    return &image->lines[low];
}

void image_place(const Image *image, uint32_t pc, Buffer *out)
{
    const ImageLine *line = image_line_at(image, pc);
    if (!line) return;
    buffer_add_str(out, image_string(image, image->files[line->file].name));
    buffer_add_char(out, ':');
    buffer_add_int(out, line->line);
}

bool image_find_entry(const Image *image, Str name, uint32_t *function)
{
    for (uint32_t i = 0; i < image->entry_count; i++) {
        if (str_equal(image_string(image, image->entries[i].name), name)) {
            *function = image->entries[i].function;
            return true;
        }
    }
    return false;
}

bool image_type_is_scalar(const Image *image, uint32_t type)
{
    return image_kind_is_scalar((ImageTypeKind)image->types[type].kind);
}
