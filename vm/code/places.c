/* The places of instructions as text, each made once: effects and marks name theirs every time.
 *
 * A table by the word's number (open addressing, half full at most), filled by and by; texts are never thrown away before
 * the image. */
#include "vm/code/image.h"

#include <stdlib.h>

typedef struct KnownPlace {
    uint32_t pc;
    bool is_known;
    Str text;
} KnownPlace;

struct ImagePlaces {
    KnownPlace *slots;
    uint32_t room, count;
    Arena texts;
};

ImagePlaces *image_places_new(void)
{
    ImagePlaces *places = memory_alloc(sizeof *places);
    places->texts.chunk = 512;
    return places;
}

void image_places_free(ImagePlaces *places)
{
    if (!places) return;
    arena_free(&places->texts);
    free(places->slots);
    free(places);
}

/* Where the word's entry is, or would be. */
static KnownPlace *slot_of(const ImagePlaces *places, uint32_t pc)
{
    uint32_t at = pc * 2654435769u & (places->room - 1);
    while (places->slots[at].is_known && places->slots[at].pc != pc)
        at = (at + 1) & (places->room - 1);
    return &places->slots[at];
}

static void places_grow(ImagePlaces *places)
{
    ImagePlaces old = *places;
    places->room = old.room ? old.room * 2 : 32;
    places->slots = memory_alloc(places->room * sizeof *places->slots);
    for (uint32_t i = 0; i < old.room; i++) {
        if (old.slots[i].is_known) *slot_of(places, old.slots[i].pc) = old.slots[i];
    }
    free(old.slots);
}

Str image_place_text(const Image *image, uint32_t pc)
{
    ImagePlaces *places = image->places;
    if (places->count >= places->room / 2) places_grow(places);
    KnownPlace *known = slot_of(places, pc);
    if (!known->is_known) {
        Buffer text = {0};
        image_place(image, pc, &text);
        *known = (KnownPlace){pc, true, arena_copy(&places->texts, buffer_str(&text))};
        places->count++;
        buffer_free(&text);
    }
    return known->text;
}
