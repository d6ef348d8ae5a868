/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-answer.c - any bytes, as an answer (answer.h), to go on and over.
 *
 * Whatever they are: only they are read, texts lie in what they may lie in, and what half of them says with certainty the whole says, too.
 */
#include "print-answer.h"
#include "target.h"

static FpSaid *said;

/* Asks about a copy of its own. Caller frees. */
static char *ask(const uint8_t *bytes, size_t n, bool is_over)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    FpSaidAnswer answer;

    REQUIRE(copy != NULL);
    memcpy(copy, bytes, n);
    const FpSaidMessage message = {.bytes = copy, .n = n, .is_over = is_over};
    FpSaidResult result = fp_said_answer(said, &message, &answer);
    REQUIRE(result != FP_SAID_MORE || !is_over);
    char *text = answer_text(result, &answer);
    free(copy);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (said == NULL)
        said = fp_said_new();
    REQUIRE(said != NULL);
    char *half = ask(bytes, n / 2, false), *whole = ask(bytes, n, false), *over = ask(bytes, n, true);
    REQUIRE(strcmp(half, "more") == 0 || strcmp(half, whole) == 0);
    REQUIRE(strcmp(whole, "more") == 0 || strcmp(whole, over) == 0);
    free(half);
    free(whole);
    free(over);
    return 0;
}
