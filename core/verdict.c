/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verdict.c - the names of classes and sides. The definition itself is the comment in verdict.h; stream.c implements it. */
#include "verdict.h"

#include <string.h>

static const char *const class_names[] = {"first", "reply", "flight", "handshake", "opening", "closing"};
#define N_CLASSES (sizeof class_names / sizeof class_names[0])

const char *fp_class_name(unsigned class_bit)
{
    for (unsigned i = 0; i < N_CLASSES; i++)
        if (class_bit == 1U << i)
            return class_names[i];
    return NULL;
}

size_t fp_classes_to_text(unsigned classes, char *text)
{
    size_t length = 0;

    for (unsigned i = 0; i < N_CLASSES; i++) {
        if (!(classes & 1U << i))
            continue;
        if (length > 0)
            text[length++] = ',';
        size_t name_length = strlen(class_names[i]);
        memcpy(text + length, class_names[i], name_length);
        length += name_length;
    }
    text[length] = '\0';
    return length;
}

static unsigned class_of_name(const char *name, size_t length)
{
    for (unsigned i = 0; i < N_CLASSES; i++)
        if (strlen(class_names[i]) == length && memcmp(class_names[i], name, length) == 0)
            return 1U << i;
    return 0;
}

bool fp_classes_from_text(const char *text, unsigned *classes)
{
    unsigned found = 0;

    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned class_bit = class_of_name(text, length);
        if (class_bit == 0)
            return false;
        found |= class_bit;
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    *classes = found;
    return true;
}

const char *fp_side_name(FpSide side)
{
    switch (side) {
    case FP_SIDE_CLIENT:
        return "client";
    case FP_SIDE_SERVER:
        return "server";
    case FP_SIDE_UNKNOWN:
        break;
    }
    return "unknown";
}
