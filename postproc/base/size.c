/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.c - see size.h. */
#include "size.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

bool fp_size_from_text(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char *end = NULL;

    errno = 0;
    uint64_t number = g_ascii_strtoull(text, &end, 10);
    if (errno != 0 || !g_ascii_isdigit(*text) || number == 0)
        return false;
    const char *unit = *end == '\0' ? NULL : strchr(units, g_ascii_toupper(*end));
    unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
    if ((*end != '\0' && (unit == NULL || end[1] != '\0')) || number > UINT64_MAX >> shift)
        return false;
    *bytes = number << shift;
    return true;
}
