/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verdict.c - the names of classes, transports and sides. The definition itself is the comment in verdict.h; stream.c implements it. */
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

/* Names of bits, from bit 0 on. */
typedef struct {
    const char *const *names;
    unsigned n;
} Names;

static const char *const transport_names[] = {"tcp", "udp", "quic"};
static const Names classes_named = {class_names, N_CLASSES};
static const Names transports_named = {transport_names, sizeof transport_names / sizeof transport_names[0]};

static size_t to_text(const Names *named, unsigned bits, char *text)
{
    size_t length = 0;

    for (unsigned i = 0; i < named->n; i++) {
        if (!(bits & 1U << i))
            continue;
        if (length > 0)
            text[length++] = ',';
        size_t name_length = strlen(named->names[i]);
        memcpy(text + length, named->names[i], name_length);
        length += name_length;
    }
    text[length] = '\0';
    return length;
}

static unsigned bit_of_name(const Names *named, const char *name, size_t length)
{
    for (unsigned i = 0; i < named->n; i++)
        if (strlen(named->names[i]) == length && memcmp(named->names[i], name, length) == 0)
            return 1U << i;
    return 0;
}

static bool from_text(const Names *named, const char *text, unsigned *bits)
{
    unsigned found = 0;

    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned bit = bit_of_name(named, text, length);
        if (bit == 0)
            return false;
        found |= bit;
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    *bits = found;
    return true;
}

size_t fp_classes_to_text(unsigned classes, char *text)
{
    return to_text(&classes_named, classes, text);
}

bool fp_classes_from_text(const char *text, unsigned *classes)
{
    return from_text(&classes_named, text, classes);
}

size_t fp_transports_to_text(unsigned transports, char *text)
{
    return to_text(&transports_named, transports, text);
}

bool fp_transports_from_text(const char *text, unsigned *transports)
{
    return from_text(&transports_named, text, transports);
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
