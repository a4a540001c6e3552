/* What an effect may do to the world. Written "look", "change" and "notify" in journals and requests. */
#ifndef PLAN_CODE_EFFECT_CLASS_H
#define PLAN_CODE_EFFECT_CLASS_H

typedef enum EffectClass {
    EFFECT_LOOK,   /* changes nothing: may be done again at any time */
    EFFECT_CHANGE, /* changes the world: never done twice unless somebody says so */
    EFFECT_NOTIFY, /* tells people: rather twice than not at all */
} EffectClass;

static inline const char *effect_class_name(EffectClass effect_class)
{
    static const char *const names[] = {"look", "change", "notify"};
    return names[effect_class];
}

#endif
