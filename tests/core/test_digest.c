/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_digest.c - the property that digest.h promises: random segments, cut into files at random, reduced in random trees, against the
 * whole.
 *
 * Every verdict of the whole has to come out again. A segment that a digest leaves out must have had none, and one of which it has the
 * headers alone must be in no class. Where an assertion is wrong, the file itself is read from there on.
 */
#include <glib.h>
#include <string.h>

#include "digest.h"
#include "streams.h"

enum { ROUNDS = 20000, FRAMES = 160, PAIRS = 4, UDP_PAIRS = 2, FILES = 8 };

typedef struct {
    FpSegment segment;
    guint pair, sender;
} Frame;

/* A frame in a digest. Of the original, is_reduced is false, and all are whole. */
typedef struct {
    guint frame;
    FpDigestPart part;
} Item;

typedef struct {
    GArray *items; /* of Item */
    guint first, end;
    gboolean is_reduced;
} File;

typedef struct {
    GRand *rand;
    FpRules rules, digest_rules;
    Frame frames[FRAMES];
    FpVerdict whole[FRAMES];
    guint32 isn[PAIRS][2], end[PAIRS][2];
    gboolean is_flow; /* one side alone sends, mostly in order */
    File files[FILES];
    guint n_files;
    gint64 now_ns;
    guint n_kept, n_reread;
} Round;

static const guint8 addresses[2][4] = {{192, 0, 2, 1}, {198, 51, 100, 7}};

static guint32 pick(GRand *rand, const guint32 *values, guint count)
{
    return values[g_rand_int_range(rand, 0, (gint32)count)];
}
#define PICK(rand, ...) pick(rand, (const guint32[]){__VA_ARGS__}, sizeof((const guint32[]){__VA_ARGS__}) / sizeof(guint32))

static gboolean chance(GRand *rand, gint percent)
{
    return g_rand_int_range(rand, 0, 100) < percent;
}

static guint32 random_seq(Round *round, const Frame *frame)
{
    const guint32 end = round->end[frame->pair][frame->sender], isn = round->isn[frame->pair][frame->sender];

    if (frame->segment.flags & FP_TCP_SYN && chance(round->rand, 80))
        return isn;
    if (chance(round->rand, round->is_flow ? 95 : 70))
        return end - PICK(round->rand, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2);
    return isn + PICK(round->rand, 0, 1, 2, 6, 999, 1000, 1001, 16384, 16385, 0x100000, 0x3ff00000, 0x3fffffff, 0x40000000, 0x7fffffff,
                      0x80000000, 0xffffffff);
}

static void random_datagram(Round *round, FpSegment *segment)
{
    segment->transport = FP_TRANSPORT_UDP;
    segment->header_bytes = FP_UDP_HEADER_BYTES;
    segment->segment_bytes = FP_UDP_HEADER_BYTES + PICK(round->rand, 0, 0, 1, 2, 999, 1000, 1200, 16384, 65507, 0xfffffff0);
    segment->length_unknown = chance(round->rand, 5);
    segment->is_quic_long = segment->segment_bytes > FP_UDP_HEADER_BYTES && chance(round->rand, 30);
}

static void random_segment(Round *round, FpSegment *segment, const Frame *frame)
{
    enum { S = FP_TCP_SYN, A = FP_TCP_ACK, R = FP_TCP_RST, F = FP_TCP_FIN };
    GRand *rand = round->rand;
    const gboolean is_lone = round->is_flow && frame->sender == 0 && frame->pair == 0;
    guint32 payload = PICK(rand, 0, 0, 1, 1, 1, 2, 5, 1000, 16384);

    if (round->is_flow && chance(rand, 97))
        segment->flags = A;
    else
        segment->flags = (guint8)PICK(rand, A, A, A, A, A, A, A, S, S, S | A, S | A, R, R | A, F | A, F, 0, S | F, S | A | F, S | A | R);
    if (is_lone && chance(rand, 95))
        payload = PICK(rand, 1400, 1400, 30000, 65000, 65500);
    if (round->is_flow && !is_lone && chance(rand, 95))
        payload = 0;
    segment->seq = random_seq(round, frame);
    segment->ack = round->end[frame->pair][!frame->sender] - PICK(rand, 0, 0, 0, 1, 5);
    segment->window = (guint16)(chance(rand, round->is_flow ? 3 : 33) ? 0 : PICK(rand, 1, 1000));
    segment->header_bytes = (guint8)PICK(rand, 20, 20, 20, 20, 20, 32);
    segment->segment_bytes = segment->header_bytes + payload;
    if (chance(rand, round->is_flow ? 1 : 4)) {
        segment->header_bytes = (guint8)PICK(rand, 0, 16, 24, 60);
        segment->segment_bytes = 20 + payload;
    }
    segment->length_unknown = chance(rand, round->is_flow ? 0 : 2);
    round->end[frame->pair][frame->sender] =
        segment->seq + segment->segment_bytes - segment->header_bytes + (segment->flags & (S | F) ? 1 : 0);
}

static void random_frame(Round *round, Frame *frame)
{
    GRand *rand = round->rand;
    FpSegment *segment = &frame->segment;

    *frame = (Frame){.pair = round->is_flow            ? PICK(rand, 0, 0, 0, 0, 0, 0, 0, 1, 2)
                             : round->rules.transports ? PICK(rand, 0, 0, 1, 2, 2, 3)
                                                       : PICK(rand, 0, 0, 1),
                     .sender = round->is_flow ? PICK(rand, 0, 0, 1) : PICK(rand, 0, 1)};
    if (chance(rand, round->is_flow ? 0 : 2)) /* the ports are used again */
        round->isn[frame->pair][frame->sender] = PICK(rand, 0, 1000, 0xfffffff0, 0x7ffffff0);
    segment->source = addresses[frame->sender];
    segment->destination = addresses[!frame->sender];
    segment->source_port = (guint16)(frame->sender == 0 ? 1000 + frame->pair : 443);
    segment->destination_port = (guint16)(frame->sender == 0 ? 443 : 1000 + frame->pair);
    segment->address_bytes = 4;
    segment->time_ns = round->now_ns += (gint64)PICK(rand, 0, 1000, 1000000);
    if (frame->pair >= UDP_PAIRS)
        random_datagram(round, segment);
    else
        random_segment(round, segment, frame);
}

static void random_rules(Round *round)
{
    GRand *rand = round->rand;

    round->digest_rules = (FpRules){.flight_bytes = PICK(rand, 0, 1000, 16384, 16384),
                                    .opening_bytes = PICK(rand, 0, 1000, 16384),
                                    .transports = PICK(rand, 0, 0, FP_TAKES_TCP | FP_TAKES_UDP, FP_TAKES_TCP | FP_TAKES_QUIC),
                                    .asked = PICK(rand, 0, FP_CLASS_CLOSING, FP_CLASS_CLOSING, FP_CLASS_ASKED)};
    round->rules = round->digest_rules;
    round->rules.skip_midstream = chance(rand, 20);
    round->rules.syn_restarts_clock = chance(rand, 20);
    if (chance(rand, 20))
        round->rules.flight_bytes /= 2;
    if (chance(rand, 20))
        round->rules.opening_bytes /= 2;
    if (chance(rand, 20))
        round->rules.asked &= FP_CLASS_CLOSING;
}

/* Only pairs that the rules take have segments. */
static gboolean is_taken(const Round *round, const Frame *frame)
{
    return frame->pair < UDP_PAIRS || round->digest_rules.transports & (FP_TAKES_UDP | FP_TAKES_QUIC);
}

static void begin(Round *round)
{
    round->is_flow = chance(round->rand, 50);
    random_rules(round);
    for (guint i = 0; i < PAIRS; i++)
        for (guint j = 0; j < 2; j++)
            round->isn[i][j] = round->end[i][j] = PICK(round->rand, 0, 1000, 0xfffffff0, 0x7ffffff0, 0xbfff0000);
    round->now_ns = 0;
    for (guint i = 0; i < FRAMES; i++)
        random_frame(round, &round->frames[i]);
    if (round->is_flow && chance(round->rand, 30)) /* its numbers come near the end of what a flight can be */
        for (guint i = (guint)g_rand_int_range(round->rand, 1, 20), add = 0x3fe00000; i < FRAMES; i++)
            round->frames[i].segment.seq += round->frames[i].pair == 0 && round->frames[i].sender == 0 ? add : 0;
}

static gboolean take(Round *round, FpStreams *streams, guint i, FpVerdict *verdict)
{
    const FpSegment *segment = &round->frames[i].segment;

    return fp_streams_take(streams, fp_streams_key(streams, segment), segment, verdict);
}

static void judge_whole(Round *round)
{
    FpStreams *streams = fp_streams_new(&round->rules, 1, 1000);

    for (guint i = 0; i < FRAMES; i++) {
        memset(&round->whole[i], 0, sizeof round->whole[i]);
        if (is_taken(round, &round->frames[i]))
            take(round, streams, i, &round->whole[i]);
    }
    fp_streams_free(streams);
}

static void cut(Round *round)
{
    guint first = 0;

    for (round->n_files = 0; first < FRAMES; round->n_files++) {
        File *file = &round->files[round->n_files];
        guint end =
            round->n_files == FILES - 1 || chance(round->rand, 10) ? FRAMES : (guint)g_rand_int_range(round->rand, (gint)first, FRAMES) + 1;
        *file = (File){.items = g_array_new(FALSE, FALSE, sizeof(Item)), .first = first, .end = end};
        for (guint i = first; i < end; i++) {
            const Item item = {i, FP_DIGEST_WHOLE};
            g_array_append_val(file->items, item);
        }
        first = end;
    }
}

/* What a digest holds while it is made. */
typedef struct {
    FpDigestStream known[PAIRS];
    Item later[PAIRS];
} Making;

static void reduce_item(Round *round, Making *making, const File *file, Item item, GArray *items)
{
    const Frame *frame = &round->frames[item.frame];
    bool flushes = false;

    if (!is_taken(round, frame))
        return;
    FpDigestPart part =
        fp_digest_take(&making->known[frame->pair], frame->sender, &frame->segment, &round->digest_rules, file->is_reduced, &flushes);
    if (flushes)
        g_array_append_val(items, making->later[frame->pair]);
    if (part == FP_DIGEST_NOTHING)
        return;
    if (item.part != FP_DIGEST_ASSERTS) /* what a digest asserts, it asserts in a digest of it, too; and what is cut stays so */
        item.part = MIN(item.part, part);
    if (part == FP_DIGEST_LATER)
        making->later[frame->pair] = item;
    else
        g_array_append_val(items, item);
}

/* Makes a digest of files[first] to files[end - 1]. */
static void reduce(Round *round, guint first, guint end)
{
    Making making = {0};

    for (guint i = first; i < end; i++) {
        File *file = &round->files[i];
        GArray *items = g_array_new(FALSE, FALSE, sizeof(Item));
        for (guint j = 0; j < file->items->len; j++)
            reduce_item(round, &making, file, g_array_index(file->items, Item, j), items);
        for (guint pair = 0; pair < PAIRS; pair++)
            if (fp_digest_end_file(&making.known[pair]))
                g_array_append_val(items, making.later[pair]);
        g_array_unref(file->items);
        file->items = items;
        file->is_reduced = TRUE;
    }
}

/* Digests of neighbours, and digests of these, a few times over; some files stay as they are. */
static void reduce_in_trees(Round *round)
{
    for (guint level = 0; level < 3; level++) {
        for (guint first = 0; first < round->n_files;) {
            guint end = first + 1 + (guint)g_rand_int_range(round->rand, 0, (gint)(round->n_files - first));
            if (chance(round->rand, 70))
                reduce(round, first, end);
            first = end;
        }
    }
}

static void compare(Round *round, guint i, const FpVerdict *found)
{
    const FpVerdict *expected = &round->whole[i];

    if (found->classes == expected->classes && found->begins == expected->begins && found->ends_flight == expected->ends_flight &&
        found->ends_silent == expected->ends_silent && found->stream == expected->stream && found->relative_seq == expected->relative_seq &&
        found->side == expected->side && found->delay_ns == expected->delay_ns && found->age_ns == expected->age_ns &&
        found->has_syn == expected->has_syn && found->midstream == expected->midstream && found->out_of_order == expected->out_of_order &&
        found->payload_bytes == expected->payload_bytes)
        return;
    g_test_message("frame %u of pair %u: classes %u, and not %u; stream %u, %u; begins %u, %u; ends %u, %u", i, round->frames[i].pair,
                   found->classes, expected->classes, found->stream, expected->stream, found->begins, expected->begins, found->ends_flight,
                   expected->ends_flight);
    g_test_fail();
}

/* Reads the rest of a file itself, from frame on. asserted: the frames of the last assertions of each pair, plus 1. */
static void reread(Round *round, FpStreams *streams, const File *file, guint from, const guint *asserted)
{
    guint farthest[PAIRS] = {0};

    for (guint i = file->first; i < from; i++) {
        const Frame *frame = &round->frames[i], *last = &round->frames[farthest[frame->pair] ? farthest[frame->pair] - 1 : 0];
        const FpSegment *segment = &frame->segment;
        if (asserted[frame->pair] == 0 || i < asserted[frame->pair] || frame->sender != round->frames[asserted[frame->pair] - 1].sender)
            continue;
        if (segment->flags & (FP_TCP_SYN | FP_TCP_FIN | FP_TCP_RST) || segment->segment_bytes < segment->header_bytes + 2U)
            continue;
        guint32 end = segment->seq + segment->segment_bytes - segment->header_bytes;
        if (farthest[frame->pair] == 0 ||
            (gint32)(end - (last->segment.seq + last->segment.segment_bytes - last->segment.header_bytes)) > 0)
            farthest[frame->pair] = i + 1;
    }
    for (guint pair = 0; pair < PAIRS; pair++) {
        if (farthest[pair] == 0)
            continue;
        const FpSegment *segment = &round->frames[farthest[pair] - 1].segment;
        fp_streams_catch_up(streams, fp_streams_key(streams, segment), segment);
    }
    for (guint i = from; i < file->end; i++) {
        FpVerdict verdict;
        memset(&verdict, 0, sizeof verdict);
        if (is_taken(round, &round->frames[i]))
            take(round, streams, i, &verdict);
        compare(round, i, &verdict);
    }
    round->n_reread++;
}

static void judge_file(Round *round, FpStreams *streams, const File *file, gboolean *is_seen)
{
    guint asserted[PAIRS] = {0};

    for (guint j = 0; j < file->items->len; j++) {
        const Item *item = &g_array_index(file->items, Item, j);
        const Frame *frame = &round->frames[item->frame];
        FpVerdict verdict;
        memset(&verdict, 0, sizeof verdict);
        if (item->part == FP_DIGEST_ASSERTS) {
            if (!fp_streams_confirm(streams, fp_streams_key(streams, &frame->segment), &frame->segment)) {
                for (guint i = item->frame; i < file->end; i++)
                    is_seen[i] = TRUE;
                reread(round, streams, file, item->frame, asserted);
                return;
            }
        }
        asserted[frame->pair] = item->part == FP_DIGEST_ASSERTS ? item->frame + 1 : 0;
        if (is_taken(round, frame))
            take(round, streams, item->frame, &verdict);
        compare(round, item->frame, &verdict);
        is_seen[item->frame] = TRUE;
        round->n_kept++;
        if (item->part < FP_DIGEST_WHOLE)
            g_assert_cmpuint(verdict.classes, ==, 0);
    }
}

static void judge_digests(Round *round)
{
    gboolean is_seen[FRAMES] = {FALSE};
    FpStreams *streams = fp_streams_new(&round->rules, 2, 1000);

    for (guint i = 0; i < round->n_files; i++) {
        judge_file(round, streams, &round->files[i], is_seen);
        g_array_unref(round->files[i].items);
    }
    fp_streams_free(streams);
    for (guint i = 0; i < FRAMES; i++) {
        const FpVerdict nothing = {0};
        if (!is_seen[i])
            compare(round, i, &nothing);
    }
}

static void test_trees(void)
{
    static Round round;
    guint n_kept = 0, n_reread = 0;

    for (guint seed = 0; seed < ROUNDS && !g_test_failed(); seed++) {
        round = (Round){.rand = g_rand_new_with_seed(seed)};
        begin(&round);
        judge_whole(&round);
        cut(&round);
        reduce_in_trees(&round);
        judge_digests(&round);
        g_rand_free(round.rand);
        n_kept += round.n_kept;
        n_reread += round.n_reread;
        if (g_test_failed())
            g_test_message("round %u", seed);
    }
    g_test_message("kept %u of %u, read %u files again", n_kept, ROUNDS * FRAMES, n_reread);
    g_assert_cmpuint(n_kept, <, ROUNDS * FRAMES / 10 * 9); /* else the test tests nothing */
    g_assert_cmpuint(n_reread, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/digest/trees", test_trees);
    return g_test_run();
}
