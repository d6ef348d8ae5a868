/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c - the kinds of numbers by name. See network.h. */
#include "network.h"

#include <string.h>

static unsigned kind_of_name(const char *name, size_t length)
{
    static const struct {
        const char *name;
        unsigned kind;
    } kinds[] = {{"vlan", FP_NETWORK_VLAN}, {"vni", FP_NETWORK_VNI}, {"interface", FP_NETWORK_INTERFACE}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            return kinds[i].kind;
    return 0;
}

bool fp_network_kinds_from_text(const char *text, unsigned *kinds)
{
    unsigned found = 0;

    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned kind = kind_of_name(text, length);
        if (kind == 0)
            return false;
        found |= kind;
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    *kinds = found;
    return true;
}
