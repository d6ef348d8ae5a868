/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filters.c - any text as what chooses: a pattern of server names (the first line) against a name (the rest), and a display filter. */
#include <glib.h>

#include "target.h"

#include "log/choice.h"
#include "tshark/display-filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *end = n > 0 ? memchr(bytes, '\n', n) : NULL;
    size_t pattern_bytes = end != NULL ? (size_t)(end - bytes) : n, name_bytes = end != NULL ? n - pattern_bytes - 1 : 0;
    g_autofree char *pattern = g_strndup((const char *)bytes, pattern_bytes), *text = g_strndup((const char *)bytes, n);
    g_autofree uint8_t *name = g_memdup2(end != NULL ? end + 1 : bytes, name_bytes);
    g_autofree char *everything = g_strconcat("*", pattern, "*", NULL);

    if (fp_choice_matches(pattern, (FpSaidText){name, name_bytes}))
        REQUIRE(fp_choice_matches(everything, (FpSaidText){name, name_bytes}));
    (void)fp_display_filter_only_grows(text);
    return 0;
}
