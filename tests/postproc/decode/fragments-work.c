/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments-work.c - gives fp_fragments_add the fragments of a datagram that is never complete, so that test_work.py can count the
 * instructions.
 *
 * usage: fragments-work rising|falling|inwards|even-first|shuffled N
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "decode/fragments.h"

/* Returns which of n places comes at step i. */
static uint32_t place_of(const char *order, uint32_t i, uint32_t n)
{
    if (g_str_equal(order, "falling"))
        return n - 1 - i;
    if (g_str_equal(order, "inwards")) /* first, last, second, last but one, and so on */
        return i % 2 == 0 ? i / 2 : n - 1 - i / 2;
    if (g_str_equal(order, "even-first")) /* no two are adjacent until half have come */
        return i < (n + 1) / 2 ? i * 2 : (i - (n + 1) / 2) * 2 + 1;
    if (g_str_equal(order, "shuffled"))
        return (uint32_t)((uint64_t)i * 2654435761U % n); /* a prime number, and so coprime to n */
    return i;
}

int main(int argc, char **argv)
{
    uint32_t n = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    FpFragments *fragments = fp_fragments_new(NULL);
    FpDatagramKey key = {.id = 1, .version = 4};
    FpSpan datagram;

    for (uint32_t i = 0; i < n; i++)
        if (fp_fragments_add(fragments, &key, (FpSpan){(const uint8_t *)"12345678", 8, 8}, (place_of(argv[1], i, n) + 1) * 8, true,
                             &datagram))
            return 1; /* the first eight bytes are missing */
    fp_fragments_free(fragments);
    return n == 0;
}
