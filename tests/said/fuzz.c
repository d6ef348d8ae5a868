/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.c - any bytes for one recogniser. Built once for each, with RECOGNISER set to its name; "recognise" is the public function,
 * "datagrams" UDP, "sealed" UDP with packets that are put together from the input, so that it gets past the encryption.
 *
 * The input is a message of each speaker, one that goes on and one that is over; each datagram has a length of two bytes in front.
 * Whatever the input is: only bytes of the message are read, texts lie where they may lie, and what half of the message says with
 * certainty, the whole message says, too.
 */
#include "print.h"
#include "seal.h"
#include "target.h"

#define DATAGRAMS_MAX 32

static FpSaid *said;

/* Reads every byte that the facts point to. The caller frees it. */
static char *text_of(const FpSaidFacts *facts)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);

    REQUIRE(file != NULL);
    print_facts(file, facts);
    fclose(file);
    return text;
}

static char *told(FpSaidResult result, bool is_over, const FpSaidFacts *facts)
{
    REQUIRE(result != FP_SAID_MORE || !is_over);
    return result == FP_SAID_ENOUGH ? text_of(facts) : NULL;
}

/* Answers to a part and to the whole of it. */
static void compare(FpSaidResult part_result, const char *part, FpSaidResult whole_result, const char *whole)
{
    if (part_result == FP_SAID_MORE)
        return;
    REQUIRE(part_result == whole_result);
    REQUIRE(part == NULL || strcmp(part, whole) == 0);
}

#ifdef RECOGNISER

static FpSaidResult ask(const FpSaidMessage *message, FpSaidFacts *facts)
{
    /* a copy of its own, so that reading past its end is reading past the end of memory */
    uint8_t *copy = malloc(message->n > 0 ? message->n : 1);
    FpSaidMessage copied = *message;

    REQUIRE(copy != NULL);
    if (message->n > 0)
        memcpy(copy, message->bytes, message->n);
    copied.bytes = copy;
    memset(facts, 0, sizeof *facts);
    FpSaidResult result = RECOGNISER(said, &copied, facts);
    if (result == FP_SAID_MORE)
        REQUIRE(facts->wanted_bytes > message->n);
    char *text = told(result, message->is_over, facts);
    free(text);
    free(copy);
    return result;
}

static void try_message(FpSaidMessage message)
{
    FpSaidMessage half = message;
    FpSaidFacts whole_facts, half_facts;

    ask(&message, &whole_facts);
    half.n = message.n / 2;
    ask(&half, &half_facts);
    memset(&half_facts, 0, sizeof half_facts);
    FpSaidResult half_result = RECOGNISER(said, &half, &half_facts);
    char *half_text = told(half_result, half.is_over, &half_facts);
    memset(&whole_facts, 0, sizeof whole_facts);
    FpSaidResult whole_result = RECOGNISER(said, &message, &whole_facts);
    char *whole_text = told(whole_result, message.is_over, &whole_facts);
    if (!half.is_over)
        compare(half_result, half_text, whole_result, whole_text);
    if (half_result == FP_SAID_MORE && half_facts.wanted_bytes > message.n)
        REQUIRE(whole_result == FP_SAID_MORE);
    free(half_text);
    free(whole_text);
}

static void try_input(const uint8_t *bytes, size_t n)
{
    for (unsigned way = 0; way < 6; way++)
        try_message((FpSaidMessage){bytes, n, (FpSaidSpeaker)(way / 2), way % 2, false});
}

#else

static void try_datagrams(const FpSaidText *datagrams, size_t n)
{
    FpSaidFacts facts;

    FpSaidResult half_result = fp_said_recognise_datagrams(said, datagrams, n / 2, false, &facts);
    char *half = told(half_result, false, &facts);
    FpSaidResult result = fp_said_recognise_datagrams(said, datagrams, n, false, &facts);
    char *whole = told(result, false, &facts);
    compare(half_result, half, result, whole);
    FpSaidResult over_result = fp_said_recognise_datagrams(said, datagrams, n, true, &facts);
    char *over = told(over_result, true, &facts);
    compare(result, whole, over_result, over);
    free(half);
    free(whole);
    free(over);
}

#ifdef SEALED

/* The first byte of each piece says which version and keys the packet has, and how long its number is. */
static FpSaidText seal_piece(Bytes *packet, FpSaidText piece, uint32_t number)
{
    static const uint32_t versions[] = {1, FP_SAID_QUIC_V2, 0xff00001d, 0xfaceb001};
    uint8_t how = piece.n > 0 ? piece.bytes[0] : 0;
    Initial initial = {.version = versions[how & 3], .connection_id = how & 4 ? "0011" : "8394c8f03e515708", .number = number};

    initial.number_bytes = (how >> 4 & 3) + 1U;
    if (how & 8)
        initial.key_id = "8394c8f03e515708";
    bytes_clear(packet);
    static uint8_t frames[2048]; /* padded, because the tag alone is not a sample */
    size_t n = piece.n > 1 ? piece.n - 1 : 0;
    n = n < sizeof frames - 4 ? n : sizeof frames - 4;
    memset(frames, 0, sizeof frames);
    if (n > 0)
        memcpy(frames, piece.bytes + 1, n);
    seal(said, packet, &initial, frames, n + 4);
    return (FpSaidText){packet->bytes, packet->n};
}

#endif

static void try_input(const uint8_t *bytes, size_t n)
{
    FpReader reader = fp_reader(bytes, n);
    FpSaidText datagrams[DATAGRAMS_MAX];
    size_t count = 0;

    while (count < DATAGRAMS_MAX && fp_reader_left(&reader) > 2) {
        size_t wanted = fp_read16(&reader);
        FpSaidText piece = fp_read_text_at_most(&reader, wanted);
#ifdef SEALED
        static Bytes packets[DATAGRAMS_MAX];
        piece = seal_piece(&packets[count], piece, (uint32_t)count);
#endif
        datagrams[count++] = piece;
    }
    try_datagrams(datagrams, count);
}

#endif

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (said == NULL)
        said = fp_said_new();
    REQUIRE(said != NULL);
    try_input(bytes, n);
    return 0;
}
