/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said-facts.c - reads first messages and prints the facts, for tests.
 *
 * usage: said-facts <MESSAGES
 *
 * Input, for each message: a line "client", "server" or "quic", then a line with the bytes of the message as hexadecimal digits; for
 * quic, datagrams with spaces between them. Output: facts, or "unknown", and an empty line. Every message is over; one that is enough
 * before it is over must then say the same.
 */
#include "print.h"

#include <stdlib.h>
#include <string.h>

#define DATAGRAMS_MAX 1024

static uint8_t digit(char character)
{
    return (uint8_t)(character <= '9' ? character - '0' : character - 'a' + 10);
}

/* In place: the bytes are never longer than their digits. */
static size_t decode(char *digits, FpSaidText *texts)
{
    size_t n = 0;

    for (char *word = strtok(digits, " \n"); word != NULL && n < DATAGRAMS_MAX; word = strtok(NULL, " \n")) {
        size_t bytes = strlen(word) / 2;
        for (size_t i = 0; i < bytes; i++)
            word[i] = (char)(digit(word[2 * i]) << 4 | digit(word[2 * i + 1]));
        texts[n++] = (FpSaidText){(const uint8_t *)word, bytes};
    }
    return n;
}

static FpSaidResult ask(FpSaid *said, const char *kind, const FpSaidText *texts, size_t n, bool is_over, FpSaidFacts *facts)
{
    if (strcmp(kind, "quic\n") == 0)
        return fp_said_recognise_datagrams(said, texts, n, is_over, facts);
    FpSaidMessage message = {n > 0 ? texts->bytes : NULL, n > 0 ? texts->n : 0, FP_SAID_BY_SERVER, is_over, false};
    if (strcmp(kind, "client\n") == 0)
        message.speaker = FP_SAID_BY_CLIENT;
    return fp_said_recognise(said, &message, facts);
}

static char *told(FpSaidResult result, const FpSaidFacts *facts)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);

    if (file == NULL)
        abort();
    if (result == FP_SAID_ENOUGH)
        print_facts(file, facts);
    else
        fputs("unknown\n", file);
    fclose(file);
    return text;
}

static bool answer(FpSaid *said, const char *kind, char *digits)
{
    static FpSaidText texts[DATAGRAMS_MAX];
    size_t n = decode(digits, texts);
    FpSaidFacts facts;

    FpSaidResult early_result = ask(said, kind, texts, n, false, &facts);
    char *early = told(early_result, &facts);
    FpSaidResult result = ask(said, kind, texts, n, true, &facts);
    char *over = told(result, &facts);
    bool agrees = early_result == FP_SAID_MORE || strcmp(early, over) == 0;
    puts(over);
    if (!agrees)
        fprintf(stderr, "said-facts: it was enough, and then said something else:\n%s\n%s", early, over);
    free(early);
    free(over);
    return agrees;
}

int main(void)
{
    char *kind = NULL, *digits = NULL;
    size_t kind_bytes = 0, digits_bytes = 0;
    FpSaid *said = fp_said_new();
    bool agree = said != NULL;

    while (agree && getline(&kind, &kind_bytes, stdin) > 0 && getline(&digits, &digits_bytes, stdin) > 0)
        agree = answer(said, kind, digits);
    free(kind);
    free(digits);
    fp_said_free(said);
    return agree ? EXIT_SUCCESS : EXIT_FAILURE;
}
