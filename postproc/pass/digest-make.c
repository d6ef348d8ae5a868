/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-make.c - see digest-make.h. */
#include "digest-make.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/message.h"
#include "base/stop.h"
#include "capture/capture-digest.h"
#include "capture/capture-pcapng.h"
#include "decode/decode.h"
#include "digest-cut.h"
#include "digest-fit.h"
#include "digest-streams.h"
#include "output/digest-writer.h"
#include "streams.h"

#define BATCH 32
#define HELD_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define HELD_BYTES_EACH (sizeof(GByteArray) + 32U) /* of memory, beside the block */

typedef struct {
    const FpDigestOptions *options;
    FpDigestSummary *summary;
    FpOutput *output;
    FpDecoder *decoder;
    FpDigestCut *cut;
    FpStreams *keys; /* for keys alone; no stream is ever in it */
    FpDigestStreams *streams;
    GArray *asserted;  /* of uint64_t: hashes of streams that asserted in the capture */
    size_t held_bytes; /* what these and the blocks that they may keep take at most */
    GByteArray *block;
    FpCapture *capture;
    uint64_t number; /* of the frame, in its capture */
    uint64_t kept;   /* of the capture */
} Making;

static bool write_block(Making *making, const GByteArray *block, GError **error)
{
    making->kept++;
    making->summary->kept++;
    return fp_output_write(making->output, block->data, block->len, error);
}

static bool write_later(Making *making, const FpDigestEntry *entry, GError **error)
{
    making->summary->cut++;
    return entry->later == NULL || write_block(making, entry->later, error);
}

/* What a frame is marked with. What a digest has said of it stays true. */
static uint64_t number_of(const Making *making, const FpRecord *record, FpDigestPart part, bool is_cut)
{
    return making->number | (is_cut || record->digest & FP_RECORD_CUT ? FP_DIGEST_CUT : 0) |
           (part == FP_DIGEST_ASSERTS || record->digest & FP_RECORD_ASSERTS ? FP_DIGEST_ASSERTION : 0) |
           (record->digest & FP_RECORD_LATE ? FP_DIGEST_LATE : 0);
}

/* Makes the block of a frame: of all of it, or of its headers. */
static bool make_block(Making *making, GByteArray *block, const FpRecord *record, const FpSegment *segment, FpDigestPart part,
                       GError **error)
{
    uint32_t captured_bytes = record->captured_bytes;

    if (part != FP_DIGEST_WHOLE)
        captured_bytes = fp_digest_cut_length(making->cut, making->decoder, record, segment);
    const bool is_cut = part != FP_DIGEST_WHOLE;
    making->summary->cut += is_cut && part != FP_DIGEST_LATER;
    return fp_digest_make_block(block, making->capture, record, captured_bytes, number_of(making, record, part, is_cut), error);
}

static bool keep_frame(Making *making, const FpRecord *record, const FpSegment *segment, FpDigestPart part, GError **error)
{
    return make_block(making, making->block, record, segment, part, error) && write_block(making, making->block, error);
}

/* A late frame of a digest came for what was before it; it is as late in this one. */
static bool hold(Making *making, FpDigestEntry *entry, const FpRecord *record, const FpSegment *segment, GError **error)
{
    const bool swapped = !fp_capture_format(making->capture)->is_pcap && fp_pcapng_is_swapped(making->capture);

    if (entry->later == NULL) {
        entry->later = g_byte_array_new();
        making->held_bytes += HELD_BYTES_EACH;
    }
    const guint before = entry->later->len;
    if (!make_block(making, entry->later, record, segment, FP_DIGEST_LATER, error))
        return false;
    making->held_bytes += 2 * (size_t)(MAX(entry->later->len, before) - before); /* arrays grow by doubling */
    fp_digest_mark_late(entry->later, swapped);
    return true;
}

/* Keeps what was left out of all streams of the capture: it ends, or its interfaces do, or too much is held. */
static bool end_streams(Making *making, GError **error)
{
    bool is_well = true;

    for (guint i = 0; is_well && i < making->asserted->len; i++) {
        FpDigestEntry *entry = fp_digest_streams_entry(making->streams, g_array_index(making->asserted, uint64_t, i));
        if (fp_digest_end_file(&entry->known))
            is_well = write_later(making, entry, error);
        g_clear_pointer(&entry->later, g_byte_array_unref);
    }
    g_array_set_size(making->asserted, 0);
    making->held_bytes = 0;
    return is_well;
}

/* Forgets what takes too much memory. That is right at any frame: more is kept then. */
static bool make_room(Making *making, GError **error)
{
    const bool is_full = fp_digest_streams_is_full(making->streams);

    if (!is_full && making->held_bytes <= HELD_BYTES_MAX)
        return true;
    if (!end_streams(making, error))
        return false;
    if (is_full)
        fp_digest_streams_forget(making->streams);
    return true;
}

static FpDigestEntry *entry_of(Making *making, const FpSegment *segment, unsigned *direction)
{
    FpStreamKey key = fp_streams_key(making->keys, segment);

    if (making->options->network_kinds != 0)
        key = fp_streams_key_in_network(making->keys, key, segment->network);
    *direction = key.direction;
    return fp_digest_streams_entry(making->streams, key.hash);
}

static bool take_segment(Making *making, const FpRecord *record, const FpSegment *segment, GError **error)
{
    unsigned direction;
    bool flushes;
    FpDigestEntry *entry = entry_of(making, segment, &direction);
    const FpDigestPart part =
        fp_digest_take(&entry->known, direction, segment, &making->options->rules, fp_digest_is_one(making->capture), &flushes);

    if (flushes && !write_later(making, entry, error))
        return false;
    switch (part) {
    case FP_DIGEST_NOTHING:
        return true;
    case FP_DIGEST_LATER:
        return hold(making, entry, record, segment, error);
    case FP_DIGEST_ASSERTS:
        g_array_append_val(making->asserted, entry->hash);
        making->held_bytes += 2 * sizeof entry->hash;
        break;
    case FP_DIGEST_HEADERS:
    case FP_DIGEST_WHOLE:
        break;
    }
    return keep_frame(making, record, segment, part, error);
}

/* A segment of a frame that is kept whatever it says, as it has others, or completes a datagram: nothing is known of its stream any more.
 */
static bool forget_segment(Making *making, const FpSegment *segment, GError **error)
{
    unsigned direction;
    FpDigestEntry *entry = entry_of(making, segment, &direction);
    const bool has_later = fp_digest_end_file(&entry->known);

    entry->known = (FpDigestStream){0};
    return !has_later || write_later(making, entry, error);
}

static bool take_several(Making *making, const FpRecord *record, const FpSegment *last, FpExtra *extra, GError **error)
{
    bool is_well = forget_segment(making, last, error);

    for (guint i = 0; is_well && extra->earlier != NULL && i < extra->earlier->len; i++)
        is_well = forget_segment(making, &g_array_index(extra->earlier, FpSegment, i), error);
    fp_extra_free(extra);
    return is_well && keep_frame(making, record, last, FP_DIGEST_WHOLE, error);
}

static bool take_decoded(Making *making, const FpRecord *record, FpDecoded decoded, const FpSegment *segment, GError **error)
{
    if (decoded == FP_DECODED_FRAGMENT)
        return keep_frame(making, record, segment, FP_DIGEST_WHOLE, error);
    if (decoded != FP_DECODED_SEGMENT)
        return true;
    FpExtra *extra = fp_decoder_take_extra(making->decoder);
    return extra != NULL ? take_several(making, record, segment, extra, error) : take_segment(making, record, segment, error);
}

static bool take_frame(Making *making, const FpRecord *record, GError **error)
{
    const bool takes_tcp = making->options->rules.transports & FP_TAKES_TCP;
    FpSegment segment = {0};
    uint32_t interface;

    if (!(record->digest & FP_RECORD_LATE))
        making->summary->frames++;
    if (!make_room(making, error))
        return false;
    if (making->options->network_kinds & FP_NETWORK_INTERFACE && fp_capture_interface(making->capture, record, &interface))
        segment.network = fp_network_mix(0, FP_NETWORK_INTERFACE, interface);
    if (takes_tcp && fp_decode_plain(record, &segment))
        return take_segment(making, record, &segment, error);
    FpDecoded decoded = fp_decode(making->decoder, record, &segment);
    bool is_well = take_decoded(making, record, decoded, &segment, error);
    fp_decoder_end_batch(making->decoder);
    return is_well;
}

/* Frames of a digest that follow one another have consecutive numbers, but for the first, before which some may be left out. */
static bool take_frames(Making *making, const FpRecord *records, int n, GError **error)
{
    const int64_t left_out = fp_digest_left_out(making->capture);

    if (left_out > 0) {
        making->number += (uint64_t)left_out;
        making->summary->frames += (uint64_t)left_out;
    }
    for (int i = 0; i < n; i++) {
        making->number += !(records[i].digest & FP_RECORD_LATE);
        if (!take_frame(making, &records[i], error))
            return false;
    }
    return true;
}

/* Behind a section, frames have other interfaces, and another byte order. A classic pcap's digest has none of its blocks. */
static bool take_block(Making *making, const FpRecord *block, GError **error)
{
    if (block->kind == FP_RECORD_SECTION && !end_streams(making, error))
        return false;
    return fp_digest_write_block(making->output, block, error);
}

static bool take_records(Making *making, GError **error)
{
    FpRecord records[BATCH];
    int n;

    while ((n = fp_capture_read(making->capture, records, BATCH, error)) > 0) {
        bool is_well = records[0].kind == FP_RECORD_FRAME ? take_frames(making, records, n, error) : take_block(making, records, error);
        if (!is_well)
            return false;
        fp_stop_attend();
        if (fp_stop_asked()) {
            g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: a signal ended the reading; no digest was made",
                        fp_capture_path(making->capture));
            return false;
        }
    }
    return n == 0;
}

/* The path of a file from the folder of the output, or absolute when one of them has none. Caller frees. */
static char *path_from_output(const char *output, const char *file)
{
    g_autofree char *folder = g_path_get_dirname(output);
    g_autofree char *from = realpath(g_str_equal(output, "-") ? "." : folder, NULL);
    g_autofree char *name = g_path_get_basename(file);
    g_autofree char *file_folder = g_path_get_dirname(file);
    g_autofree char *to = realpath(file_folder, NULL);
    g_autoptr(GString) path = g_string_new(NULL);

    if (from == NULL || to == NULL)
        return NULL;
    g_auto(GStrv) up = g_strsplit(from + 1, "/", -1);
    g_auto(GStrv) down = g_strsplit(to + 1, "/", -1);
    size_t same = 0;
    while (up[same] != NULL && down[same] != NULL && g_str_equal(up[same], down[same]))
        same++;
    for (size_t i = same; up[i] != NULL && *up[i] != '\0'; i++)
        g_string_append(path, "../");
    for (size_t i = same; down[i] != NULL && *down[i] != '\0'; i++)
        g_string_append_printf(path, "%s/", down[i]);
    g_string_append(path, name);
    return g_string_free(g_steal_pointer(&path), FALSE);
}

/* Where the capture itself is, from here. Caller frees. */
static char *file_of(const Making *making)
{
    const char *path = fp_capture_path(making->capture);

    if (!fp_digest_is_one(making->capture))
        return fp_capture_file_bytes(making->capture) < 0 ? NULL : path_from_output(making->options->output, path);
    const char *file = fp_digest_note(making->capture)->file;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *found = file == NULL ? NULL : g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(folder, file, NULL);
    return found != NULL ? path_from_output(making->options->output, found) : NULL;
}

static FpDigestNote note_of(const Making *making, bool is_only)
{
    const FpCaptureFormat *format = fp_capture_format(making->capture);
    const FpRules *rules = &making->options->rules;
    FpDigestNote note = {.name = g_strdup(fp_digest_source(making->capture)),
                         .file = file_of(making),
                         .is_pcap = format->is_pcap,
                         .is_alone = is_only && fp_digest_is_alone(making->capture),
                         .has_opening = rules->asked & FP_CLASS_OPENING,
                         .flight_bytes = rules->flight_bytes,
                         .opening_bytes = rules->opening_bytes,
                         .transports = rules->transports,
                         .stream_key = g_strdup(making->options->stream_key)};

    memcpy(note.file_header, format->file_header, sizeof note.file_header);
    return note;
}

static void note_cut(Making *making, FpDigestEnd *end)
{
    const char *cut = fp_capture_cut(making->capture);

    if (cut == NULL)
        return;
    end->cut = g_strdup(cut);
    making->summary->captures_cut++;
    fp_message_print("%s: %s", fp_digest_source(making->capture), cut);
}

static bool take_capture(Making *making, bool is_only, GError **error)
{
    FpDigestNote note = note_of(making, is_only);
    FpDigestEnd end = {0};

    making->number = making->kept = 0;
    making->summary->captures++;
    bool is_well =
        fp_digest_write_begin(making->output, making->capture, &note, error) && take_records(making, error) && end_streams(making, error);
    if (is_well) {
        const int64_t left_out = fp_digest_left_out(making->capture);
        making->summary->frames += (uint64_t)MAX(left_out, 0);
        end.frames = making->number + (uint64_t)MAX(left_out, 0);
        end.kept = making->kept;
        note_cut(making, &end);
        is_well = fp_digest_write_end(making->output, &end, error);
    }
    g_free(end.cut);
    fp_digest_note_clear(&note);
    return is_well;
}

static bool check_settings(const Making *making, GError **error)
{
    const FpDigestNote *note = fp_digest_note(making->capture);
    const FpDigestOptions *options = making->options;
    const char *wrong = fp_digest_refusal(note, &options->rules, options->network_kinds);

    if (wrong == NULL)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: %s", fp_capture_path(making->capture), wrong);
    return false;
}

/* Takes all that the capture at hand stands for. */
static bool take_captures(Making *making, bool is_only, GError **error)
{
    int n = 1;

    while (n > 0) {
        if (fp_digest_is_one(making->capture) && !check_settings(making, error))
            return false;
        if (!take_capture(making, is_only, error))
            return false;
        n = fp_digest_is_one(making->capture) ? fp_digest_next(making->capture, error) : 0;
    }
    making->summary->bytes_in += fp_capture_bytes_read(making->capture);
    return n == 0;
}

static bool take_input(Making *making, const char *input, bool is_only, GError **error)
{
    making->capture = fp_digest_open_any(input, false, error);
    if (making->capture == NULL)
        return false;
    const FpCaptureFormat *format = fp_capture_format(making->capture);
    bool is_well = format->is_pcap || format->is_pcapng;
    if (!is_well)
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: is neither classic pcap nor pcapng, of which alone digests are made; editcap -F pcapng converts it", input);
    is_well = is_well && take_captures(making, is_only, error);
    g_clear_pointer(&making->capture, fp_capture_close);
    return is_well;
}

static bool take_inputs(Making *making, GError **error)
{
    char **inputs = making->options->inputs;

    for (size_t i = 0; inputs[i] != NULL; i++)
        if (!take_input(making, inputs[i], inputs[1] == NULL, error))
            return false;
    return true;
}

/* What is kept of fragments' records: that there were any. */
static void *keep_nothing(void *user, const FpRecord *record, size_t *bytes)
{
    (void)record;
    *bytes = 1;
    return user;
}

static void drop_nothing(void *kept)
{
    (void)kept;
}

/* Whoever could choose endpoints that collide could make one stream of two. */
static uint64_t random_seed(void)
{
    uint64_t seed;

    return getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed ? seed : (uint64_t)g_get_real_time();
}

bool fp_digest_make(const FpDigestOptions *options, FpDigestSummary *summary, GError **error)
{
    static int anything;
    const FpKeeper keeper = {.keep = keep_nothing, .drop = drop_nothing, .user = &anything};
    const FpRules no_rules = {0};
    Making making = {.options = options, .summary = summary};

    *summary = (FpDigestSummary){0};
    fp_stop_catch(false);
    making.output = fp_output_open(options->output, options->inputs, error);
    if (making.output == NULL)
        return false;
    making.decoder = fp_decoder_new(&keeper, options->network_kinds, options->rules.transports);
    making.cut = fp_digest_cut_new(options->network_kinds, options->rules.transports);
    making.keys = fp_streams_new(&no_rules, random_seed(), 0);
    making.streams = fp_digest_streams_new();
    making.asserted = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    making.block = g_byte_array_new();
    bool is_well = fp_output_pack(making.output, options->packing, error) && take_inputs(&making, error);
    if (is_well)
        is_well = fp_output_publish(g_steal_pointer(&making.output), &summary->bytes_out, error);
    fp_output_discard(making.output);
    fp_decoder_free(making.decoder);
    fp_digest_cut_free(making.cut);
    fp_streams_free(making.keys);
    fp_digest_streams_free(making.streams);
    g_array_unref(making.asserted);
    g_byte_array_unref(making.block);
    return is_well;
}
