/* Which registers of a function are still read after a word of it: a verified image comes in, sets of
 * registers go out.
 *
 * The machine clears what is dead before it hashes its state, so that two states that go on alike are alike.
 * What is found is kept with the image, for all its machines. */
#ifndef PLAN_CODE_LIVENESS_H
#define PLAN_CODE_LIVENESS_H

#include "vm/code/image.h"

/* A word at which a function waits: for the end of a function that it called, a result, a signal or a time.
 */
typedef struct ImageSite {
    uint32_t pc;
    uint16_t scalars, refs; /* registers of the function */
    /* What must be kept meanwhile, a bit for each register, first the scalars' words, then the references'.
     * Registers that the word itself then writes are not kept. */
    const uint64_t *kept;
} ImageSite;

static inline bool site_keeps_scalar(const ImageSite *site, unsigned number)
{
    return site->kept[number / 64] >> number % 64 & 1;
}
static inline bool site_keeps_ref(const ImageSite *site, unsigned number)
{
    return site->kept[((unsigned)site->scalars + 63) / 64 + number / 64] >> number % 64 & 1;
}

/* The word must be one at which a function can wait. Valid until the image is closed. */
const ImageSite *image_site(const Image *image, uint32_t pc);

/* Opened and closed with their image. */
ImageSites *image_sites_new(void);
void image_sites_free(ImageSites *sites);

#endif
