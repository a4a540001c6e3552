/* The only home of zstd.h: bytes in, frames out, and back. Called by whoever keeps much for long. It must
 * trust no frame: sizes come from the caller, and what a frame says of itself is never allocated. */
#include "vm/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum { LEVEL = 1 }; /* what comes in is read while something else waits */

struct Packer {
    int fd;
    int code; /* of the first write that failed */
    ZSTD_CCtx *frame;
    HashRun *hash;
    uint64_t size;
    size_t room;
    char *out;
};

Packer *pack_begin(int fd)
{
    Packer *packer = memory_alloc(sizeof *packer);
    *packer =
        (Packer){.fd = fd, .frame = ZSTD_createCCtx(), .hash = hash_begin(), .room = ZSTD_CStreamOutSize()};
    packer->out = memory_alloc(packer->room);
    if (!packer->frame)
        packer->code = ENOMEM;
    else
        ZSTD_CCtx_setParameter(packer->frame, ZSTD_c_compressionLevel, LEVEL);
    return packer;
}

static void write_out(Packer *packer, size_t len)
{
    for (size_t done = 0; done < len && !packer->code;) {
        ssize_t wrote = write(packer->fd, packer->out + done, len - done);
        if (wrote < 0 && errno != EINTR) packer->code = errno;
        if (wrote > 0) done += (size_t)wrote;
    }
}

/* Gives the frame all of the bytes; at the end, until it has nothing left. */
static void feed(Packer *packer, Str bytes, ZSTD_EndDirective how)
{
    ZSTD_inBuffer in = {bytes.data, bytes.len, 0};
    size_t left = 1;
    while (!packer->code && (in.pos < in.size || (how == ZSTD_e_end && left))) {
        ZSTD_outBuffer out = {packer->out, packer->room, 0};
        left = ZSTD_compressStream2(packer->frame, &out, &in, how);
        if (ZSTD_isError(left)) packer->code = EIO;
        write_out(packer, out.pos);
    }
}

void pack_add(Packer *packer, Str bytes)
{
    if (packer->code || !bytes.len) return;
    hash_add(packer->hash, bytes.data, bytes.len);
    packer->size += bytes.len;
    feed(packer, bytes, ZSTD_e_continue);
}

void pack_drop(Packer *packer)
{
    if (!packer) return;
    ZSTD_freeCCtx(packer->frame);
    hash_end(packer->hash);
    close(packer->fd);
    free(packer->out);
    free(packer);
}

bool pack_end(Packer *packer, Hash *hash, uint64_t *size, Error *error)
{
    feed(packer, STR(""), ZSTD_e_end);
    if (!packer->code && fsync(packer->fd) != 0) packer->code = errno;
    int code = packer->code;
    *size = packer->size;
    *hash = hash_end(packer->hash);
    packer->hash = NULL;
    pack_drop(packer);
    return !code || error_set(error, "it cannot be written: %s", strerror(code));
}

/* ---- back ---- */

typedef struct Unpacker {
    ZSTD_DCtx *frame;
    HashRun *hash;
    char *in, *out;
    size_t in_room, out_room;
    uint64_t size;
} Unpacker;

/* One piece of the file through the frame. *wanted is cleared when the caller has enough. */
static bool unpack_piece(Unpacker *unpacker, size_t got, UnpackFn fn, void *ctx, bool *wanted)
{
    ZSTD_inBuffer in = {unpacker->in, got, 0};
    bool full = false;
    while (*wanted && (in.pos < in.size || full)) {
        ZSTD_outBuffer out = {unpacker->out, unpacker->out_room, 0};
        if (ZSTD_isError(ZSTD_decompressStream(unpacker->frame, &out, &in))) return false;
        full = out.pos == out.size;
        hash_add(unpacker->hash, unpacker->out, out.pos);
        unpacker->size += out.pos;
        if (out.pos) *wanted = fn(ctx, (Str){unpacker->out, out.pos});
    }
    return true;
}

bool unpack_file(int fd, Hash hash, uint64_t size, UnpackFn fn, void *ctx, Error *error)
{
    Unpacker unpacker = {.frame = ZSTD_createDCtx(),
                         .hash = hash_begin(),
                         .in_room = ZSTD_DStreamInSize(),
                         .out_room = ZSTD_DStreamOutSize()};
    unpacker.in = memory_alloc(unpacker.in_room);
    unpacker.out = memory_alloc(unpacker.out_room);
    bool fine = unpacker.frame != NULL, wanted = true;
    while (fine && wanted) {
        ssize_t got = read(fd, unpacker.in, unpacker.in_room);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) break;
        fine = got > 0 && unpack_piece(&unpacker, (size_t)got, fn, ctx, &wanted);
    }
    Hash found = hash_end(unpacker.hash);
    if (wanted) fine = fine && unpacker.size == size && hash_equal(found, hash);
    ZSTD_freeDCtx(unpacker.frame);
    free(unpacker.in);
    free(unpacker.out);
    return fine || error_set(error, "it is damaged");
}

/* ---- short ones ---- */

void pack_bytes(Buffer *out, Str bytes)
{
    size_t most = ZSTD_compressBound(bytes.len);
    buffer_reserve(out, most);
    size_t len = ZSTD_compress(out->data + out->len, most, bytes.data, bytes.len, LEVEL);
    if (ZSTD_isError(len)) len = 0; /* no memory: who sees that nothing came keeps the bytes as they are */
    out->len += len;
    out->data[out->len] = '\0';
}

bool unpack_bytes(Buffer *out, Str packed, size_t size)
{
    buffer_reserve(out, size);
    size_t len = ZSTD_decompress(out->data + out->len, size, packed.data, packed.len);
    if (ZSTD_isError(len) || len != size) return false;
    out->len += len;
    out->data[out->len] = '\0';
    return true;
}
