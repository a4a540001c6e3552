/* libcrypto behind hmac.h; the only includer of its headers. Like libcurl it is opened when first needed, so
 * that a run that signs nothing does not pay for it. Called by http_effect.c. */
#include "vm/live/hmac.h"

#include <dlfcn.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

typedef const EVP_MD *(*DigestFn)(void);
typedef unsigned char *(*HmacFn)(const EVP_MD *digest, const void *key, int key_len,
                                 const unsigned char *data, size_t data_len, unsigned char *mac,
                                 unsigned int *mac_len);

static struct {
    void *handle;
    DigestFn sha256;
    HmacFn hmac;
} library;

static bool library_open(Error *error)
{
    static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so"};
    if (library.hmac) return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !library.handle; i++)
        library.handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library.handle)
        return error_set(error, "libcrypto.so.3 is not on this machine: nothing can be signed");
    /* ISO C has no cast from an object pointer to a function; POSIX promises that the bytes are the same. */
    void *digest = dlsym(library.handle, "EVP_sha256"), *hmac = dlsym(library.handle, "HMAC");
    if (!digest || !hmac)
        return error_set(error, "libcrypto on this machine lacks a function: nothing can be signed");
    memcpy(&library.sha256, &digest, sizeof digest);
    memcpy(&library.hmac, &hmac, sizeof hmac);
    return true;
}

bool hmac_sha256(Str key, Str text, unsigned char mac[HMAC_SIZE], Error *error)
{
    unsigned int len = HMAC_SIZE;
    if (!library_open(error)) return false;
    if (key.len > INT_MAX) return error_set(error, "the key of a signature is too long");
    return library.hmac(library.sha256(), key.len ? key.data : "", (int)key.len,
                        (const unsigned char *)(text.len ? text.data : ""), text.len, mac, &len) ||
           error_set(error, "libcrypto makes no signature");
}
