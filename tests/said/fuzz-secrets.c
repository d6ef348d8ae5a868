/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-secrets.c - any bytes, searched for secrets (secrets.h). The first says which protocol they are said to be of, and whether what
 * stands before them is known.
 *
 * Whatever they are: only they are read; pieces lie in them, in their order; what is found does not depend on whether pieces are
 * overwritten at once; and of half of them nothing is left that is secret in the whole.
 */
#include "secrets.h"
#include "target.h"

typedef struct {
    uint8_t *marks; /* a byte for each, 1: it is secret */
    size_t n, end;
} Found;

static void mark(void *user, size_t start, size_t n)
{
    Found *found = user;

    REQUIRE(n > 0 && start >= found->end && start <= found->n && n <= found->n - start);
    memset(found->marks + start, 1, n);
    found->end = start + n;
}

/* Searches a copy of its own. The caller frees the marks. */
static Found search(const uint8_t *bytes, size_t n, const FpSaidFacts *facts, bool from_middle)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    Found found = {.marks = calloc(n > 0 ? n : 1, 1), .n = n};

    REQUIRE(copy != NULL && found.marks != NULL);
    memcpy(copy, bytes, n);
    fp_said_secrets(copy, n, facts, from_middle, mark, &found);
    REQUIRE(fp_said_redact(copy, n, facts, from_middle) == (found.end > 0));
    for (size_t i = 0; i < n; i++)
        REQUIRE(copy[i] == (found.marks[i] ? '*' : bytes[i]));
    free(copy);
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    FpSaidFacts facts = {0};

    if (n == 0)
        return 0;
    facts.protocol = (FpSaidProtocol)((bytes[0] & 0x3f) % FP_SAID_PROTOCOLS);
    facts.proxy.version = bytes[0] & 0x40 ? 2 : 0;
    const bool from_middle = bytes[0] & 0x80;
    Found whole = search(bytes + 1, n - 1, &facts, from_middle), half = search(bytes + 1, (n - 1) / 2, &facts, from_middle);
    for (size_t i = 0; i < half.n; i++)
        REQUIRE(half.marks[i] || !whole.marks[i]);
    free(whole.marks);
    free(half.marks);
    return 0;
}
