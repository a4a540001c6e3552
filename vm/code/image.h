/* A compiled program: one contiguous, little-endian, position-independent file that is used in place.
 *
 *   header | constants | scalars | code | functions | handlers | types | fields | effects | entries | lines |
 * files | metadata
 *
 * The compiler's emitter makes one with an ImageBuilder; image_open checks and verifies one before the
 * machine or the disassembler sees it, so that nobody after it has to check an index. Strings in tables are
 * constants: a string's number is its position in the constants section, in units of 8 bytes, and the machine
 * refers to it by that number with the top bit set. The same building calls in the same order give the same
 * bytes. docs/image.md draws the file. */
#ifndef PLAN_CODE_IMAGE_H
#define PLAN_CODE_IMAGE_H

#include "vm/base/error.h"
#include "vm/code/effect_class.h"
#include "vm/code/opcode.h"

enum { IMAGE_FORMAT = 3, IMAGE_MAX_FUNCTIONS = 65535, IMAGE_MAX_TYPES = 65535, IMAGE_MAX_REGISTERS = 256 };

/* What marshalling between values and JSON needs to know of types; values themselves carry none. */
typedef enum ImageTypeKind {
    IMAGE_UNIT,
    IMAGE_BOOL,
    IMAGE_INT,
    IMAGE_FLOAT,
    IMAGE_PERCENT,  /* a float; in JSON the hundredfold: 12.3 is 0.123 */
    IMAGE_DURATION, /* milliseconds */
    IMAGE_TIME,     /* milliseconds since 1970 */
    IMAGE_ENUM,     /* members: fields' names; in JSON the name */
    IMAGE_STRING,   /* also secrets */
    IMAGE_JSON,
    IMAGE_LIST,     /* element */
    IMAGE_MAP,      /* element */
    IMAGE_OPTIONAL, /* element; a scalar is boxed */
    IMAGE_RECORD,   /* fields */
    IMAGE_FN,       /* cannot become JSON */
    IMAGE_FIBER,    /* cannot become JSON */
    IMAGE_ERROR,    /* cannot become JSON */
    IMAGE_FORM,     /* what an effect or a mark says: JSON text with holes (vm/code/form.h); a mark's is named by its kind */
} ImageTypeKind;

static inline bool image_kind_is_scalar(ImageTypeKind kind)
{
    return kind >= IMAGE_BOOL && kind <= IMAGE_ENUM;
}

/* Types that every image begins with. */
enum { IMAGE_TYPE_UNIT = 0, IMAGE_TYPE_JSON = 1 };

/* Tables as they stand in the file. */
typedef struct ImageType {
    uint32_t kind;
    uint32_t name;    /* constant */
    uint32_t element; /* type */
    uint32_t first_field, field_count;
    uint32_t scalars, refs; /* RECORD, FORM: number of fields, or holes, in each bank */
} ImageType;

typedef struct ImageField {
    uint32_t name;  /* constant; FORM: the text before the hole */
    uint32_t type;  /* 0 for members of an enum, and for the text behind a form's holes */
    uint32_t index; /* position in its bank, in order of declaration: the imm of FIELD_S and FIELD_R */
} ImageField;

typedef enum FunctionResult { RESULT_NONE, RESULT_SCALAR, RESULT_REF } FunctionResult;

typedef struct ImageFunction {
    uint32_t name;             /* constant */
    uint32_t code, code_count; /* words of the code section */
    uint16_t scalars, refs;    /* registers that it uses, with all its windows; at most 256 */
    uint16_t param_scalars, param_refs;
    uint32_t result; /* FunctionResult */
    uint32_t first_handler, handler_count;
} ImageFunction;

typedef struct ImageHandler { /* the first one of a function whose range holds the place is taken: inner
                                 before outer */
    uint32_t start, end;      /* words of the code section, [start, end) */
    uint32_t target;
    uint16_t error; /* reference register that gets the error */
    uint16_t catches_cancel;
} ImageHandler;

typedef struct ImageEffect {
    uint32_t op; /* constant */
    uint32_t effect_class;
    uint32_t args, result; /* types; args: a form */
} ImageEffect;

typedef struct ImageEntry {
    uint32_t name; /* constant */
    uint32_t function;
} ImageEntry;

typedef struct ImageLine { /* of the words from pc to before the next entry's pc */
    uint32_t pc;
    uint32_t file;   /* position in the files */
    uint32_t offset; /* bytes from the file's beginning */
    uint32_t line;   /* from 1; 0: no place */
} ImageLine;

typedef struct ImageFile {
    uint32_t name; /* constant */
    uint32_t pad;
    uint64_t hash[2]; /* of the file's bytes: vm/base/hash.h */
} ImageFile;

typedef struct ImageSites ImageSites;   /* vm/code/liveness.h */
typedef struct ImagePlaces ImagePlaces; /* vm/code/places.c */

/* An opened image; everything points into the bytes that it was opened on. For one thread. */
typedef struct Image {
    const uint8_t *bytes; /* NULL: it is closed */
    size_t size;
    uint64_t hash[2]; /* of the whole file: identifies the program */
    const uint8_t *constants;
    const int64_t *scalars;
    const uint64_t *code;
    const ImageFunction *functions;
    uint32_t *functions_by_code; /* function numbers in the order of their code */
    ImageSites *sites;           /* filled by and by */
    ImagePlaces *places;         /* the same */
    const ImageHandler *handlers;
    const ImageType *types;
    const ImageField *fields;
    const ImageEffect *effects;
    const ImageEntry *entries;
    const ImageLine *lines;
    const ImageFile *files;
    uint32_t constants_size, scalar_count, code_count, function_count, handler_count, type_count, field_count;
    uint32_t effect_count, entry_count, line_count, file_count;
    uint32_t global_scalars, global_refs;
    Str metadata; /* JSON */
} Image;

/* Verifies; false: the bytes are no image that this program can trust, and error says why. They are used in
 * place: they must be aligned to 8 bytes, as what malloc gives is, and stay as they are until image_close; a
 * file that somebody else may write to meanwhile must not be mapped for this. */
bool image_open(Str bytes, Image *image, Error *error);
void image_close(Image *image);

Str image_string(const Image *image, uint32_t constant); /* a view into the image */
const ImageFunction *image_function_at(const Image *image, uint32_t pc);
const ImageLine *image_line_at(const Image *image, uint32_t pc); /* NULL: no place */
void image_place(const Image *image, uint32_t pc, Buffer *out);  /* adds "file:line", or nothing */
Str image_place_text(const Image *image, uint32_t pc); /* the same, kept as long as the image */
ImagePlaces *image_places_new(void);
void image_places_free(ImagePlaces *places);
bool image_find_entry(const Image *image, Str name, uint32_t *function);
bool image_type_is_scalar(const Image *image, uint32_t type);

/* What may be noted of each word of the code that was run (vm_cover). */
enum { COVERED_RUN = 1, COVERED_JUMPED = 2 };

/* Constants that every image begins with. */
enum { CONSTANT_EMPTY = 0, CONSTANT_NULL = 1, CONSTANT_FALSE = 2, CONSTANT_TRUE = 4 };

/* A line of a source file, from 1, without its newline; empty: not known. */
typedef Str ImageSourceLine(void *ctx, Str file, uint32_t line);
/* The whole program as text: functions, instructions between the source lines that they are made of, tables. source_line
 * may be NULL: then the lines' places stand there alone. */
void image_disassemble(const Image *image, ImageSourceLine *source_line, void *ctx, Buffer *out);
/* One instruction, without a newline. */
void image_disassemble_word(const Image *image, uint32_t pc, Buffer *out);

/* ---- making one ---- */

/* Owns all that it is given (strings are copied). Mistakes of the caller (an unknown type, an open function)
 * are asserted; what a program may exceed (number of functions, sizes) makes image_builder_finish fail. */
typedef struct ImageBuilder ImageBuilder;

ImageBuilder *image_builder_new(void);
void image_builder_free(ImageBuilder *builder);

uint32_t image_builder_string(ImageBuilder *builder, Str text);     /* constant; equal strings are one */
uint32_t image_builder_scalar(ImageBuilder *builder, int64_t bits); /* imm of SCALAR; equal ones are one */

/* Types. Kinds without parts, and lists, maps and optionals of the same element, are each made once. element
 * is 0 where the kind has none. */
uint32_t image_builder_type(ImageBuilder *builder, ImageTypeKind kind, uint32_t element);
/* A new record or enum; its fields or members are set later, once, so that a record may mention itself. */
uint32_t image_builder_record(ImageBuilder *builder, Str name);
void image_builder_fields(ImageBuilder *builder, uint32_t record, const Str *names, const uint32_t *types,
                          size_t count);
/* A form: before each hole stands a text, behind the last one texts[count]. Equal ones are one. */
uint32_t image_builder_form(ImageBuilder *builder, Str name, const Str *texts, const uint32_t *types, size_t count);
uint32_t image_builder_enum(ImageBuilder *builder, Str name, const Str *members, size_t count);

uint32_t image_builder_effect(ImageBuilder *builder, Str op, EffectClass effect_class, uint32_t args,
                              uint32_t result); /* imm of EFFECT; equal ones are one */
uint32_t image_builder_file(ImageBuilder *builder, Str name, Str bytes); /* the same name: one file */
void image_builder_globals(ImageBuilder *builder, uint32_t scalars, uint32_t refs);
void image_builder_metadata(ImageBuilder *builder, Str json);

/* Functions. Numbers are given before bodies, so that functions can call each other; each is defined once,
 * one at a time. Positions are counted in words from the function's beginning. */
uint32_t image_builder_function(ImageBuilder *builder, Str name);
void image_builder_begin(ImageBuilder *builder, uint32_t function, unsigned param_scalars,
                         unsigned param_refs, FunctionResult result);
uint32_t image_builder_here(const ImageBuilder *builder); /* position of the next word */
uint32_t image_builder_emit(ImageBuilder *builder, Opcode op, unsigned a, unsigned b, unsigned c,
                            int32_t imm); /* its position */
void image_builder_patch_jump(ImageBuilder *builder, uint32_t at,
                              uint32_t target); /* sets imm of the jump at `at` */
/* Handlers of inner ranges are added before those of outer ones. An empty range is left out. */
void image_builder_handler(ImageBuilder *builder, uint32_t start, uint32_t end, uint32_t target,
                           unsigned error_ref, bool catches_cancel);
/* The words from here on belong to this place. */
void image_builder_line(ImageBuilder *builder, uint32_t file, uint32_t offset, uint32_t line);
void image_builder_end(ImageBuilder *builder, unsigned scalars,
                       unsigned refs); /* registers that it uses in all */
void image_builder_entry(ImageBuilder *builder, Str name,
                         uint32_t function); /* its one parameter: the START event's json (R0) */

/* The file's bytes. False: the program is too large for an image, and error says in what. */
bool image_builder_finish(ImageBuilder *builder, Buffer *bytes, Error *error);

#endif
