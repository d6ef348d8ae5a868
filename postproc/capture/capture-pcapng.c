/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture-pcapng.c - walks pcapng (draft-ietf-opsawg-pcapng) in blocks of the file; packets are borrowed in place.
 *
 * Which blocks are frames, and what counts as damage, follows libwiretap (pcapng.c of 4.0), because Wireshark has to read what is copied. A
 * block is a block of pcapng here; those of blocks.h are pieces of the file.
 */
#include <unistd.h>

#include "base/error.h"
#include "capture-digest.h"
#include "capture-internal.h"
#include "capture-pcapng.h"
#include "digest-notes.h"
#include "link-type.h"
#include "pcapng-check.h"
#include "pcapng-format.h"
#include "pcapng-section.h"
#include "segment.h"

typedef struct {
    FpPcapngCommon common;
    FpBlocks blocks;
    bool has_section;
    FpRecord given;      /* the block given last that is not a frame; what it says is learnt when reading goes on */
    size_t left_to_give; /* of a block that is given in pieces */
} Pcapng;

static bool is_version_known(bool swapped, const uint8_t *section)
{
    uint16_t minor = fp_load16_host(section + 14, swapped);

    return fp_load16_host(section + 12, swapped) == 1 && (minor == 0 || minor == 2);
}

static int set_damage(const Pcapng *pcapng, const char *what, GError **error)
{
    g_autofree char *sound = fp_capture_sound_part(&pcapng->common.base, pcapng->blocks.start_offset);

    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset %" G_GUINT64_FORMAT ": %s: %s", pcapng->common.base.path,
                pcapng->blocks.start_offset, what, sound);
    return -1;
}

/* Reads an enhanced packet block, or the old one: that has a 16-bit interface number and a 16-bit count of lost packets in place of a
 * 32-bit interface number. Returns what is wrong with it, or NULL. */
static inline const char *fill_packet(const Pcapng *pcapng, const uint8_t *block, size_t bytes, bool is_old, FpRecord *record)
{
    if (bytes < PACKET_HEADER + LENGTH_AT_END)
        return "a packet block is too short";
    uint32_t number =
        is_old ? fp_load16_host(block + 8, pcapng->common.section.swapped) : fp_load32_host(block + 8, pcapng->common.section.swapped);
    uint32_t captured_bytes = fp_load32_host(block + 20, pcapng->common.section.swapped),
             wire_bytes = fp_load32_host(block + 24, pcapng->common.section.swapped);
    size_t options = PACKET_HEADER + pad(captured_bytes);
    if (captured_bytes > BLOCK_MAX || bytes < options + LENGTH_AT_END)
        return "a packet block is too short for its packet";
    if (bytes > options + LENGTH_AT_END) {
        const char *wrong = fp_pcapng_check_options(pcapng->common.section.swapped, is_old ? OLD_PACKET : ENHANCED_PACKET, block + options,
                                                    bytes - options - LENGTH_AT_END);
        if (wrong != NULL)
            return wrong;
    }
    if (number >= pcapng->common.section.interfaces->len)
        return "a packet belongs to an interface that has not been described";
    const FpPcapngInterface *interface = &g_array_index(pcapng->common.section.interfaces, FpPcapngInterface, number);
    if (captured_bytes > interface->packet_max)
        return "a packet is longer than any can be";

    *record = (FpRecord){
        .data = block + PACKET_HEADER,
        .raw = block,
        .time_ns = fp_pcapng_time(interface, fp_pcapng_ticks(&pcapng->common.section, block)),
        .captured_bytes = captured_bytes,
        .wire_bytes = MAX(wire_bytes, captured_bytes), /* like wtap_read */
        .raw_bytes = (uint32_t)bytes,
        .link = interface->link,
    };
    return NULL;
}

/* A simple packet block has no time, belongs to the first interface, and is cut to the snaplen of that. */
static const char *fill_simple_packet(const Pcapng *pcapng, const uint8_t *block, size_t bytes, FpRecord *record)
{
    if (bytes < SIMPLE_HEADER + LENGTH_AT_END)
        return "a packet block is too short";
    if (pcapng->common.section.interfaces->len == 0)
        return "a packet comes before any interface has been described";
    const FpPcapngInterface *interface = &g_array_index(pcapng->common.section.interfaces, FpPcapngInterface, 0);
    uint32_t wire_bytes = fp_load32_host(block + 8, pcapng->common.section.swapped);
    uint32_t captured_bytes = interface->snaplen != 0 ? MIN(wire_bytes, interface->snaplen) : wire_bytes;
    if (captured_bytes > BLOCK_MAX || bytes != SIMPLE_HEADER + pad(captured_bytes) + LENGTH_AT_END)
        return "a simple packet block is not as long as its packet";
    if (captured_bytes > interface->packet_max)
        return "a packet is longer than any can be";

    *record = (FpRecord){
        .data = block + SIMPLE_HEADER,
        .raw = block,
        .captured_bytes = captured_bytes,
        .wire_bytes = wire_bytes,
        .raw_bytes = (uint32_t)bytes,
        .link = interface->link,
    };
    return NULL;
}

typedef enum {
    KIND_PACKET,
    KIND_FRAME, /* not a packet, but Wireshark gives it a frame number */
    KIND_OTHER,
} Kind;

static inline Kind kind_of(uint32_t type)
{
    switch (type) {
    case ENHANCED_PACKET:
    case OLD_PACKET:
    case SIMPLE_PACKET:
        return KIND_PACKET;
    case JOURNAL:
    case SYSDIG_1:
    case SYSDIG_2:
    case SYSDIG_2_LARGE:
    case CUSTOM:
    case CUSTOM_NOT_TO_COPY:
        return KIND_FRAME;
    default:
        return KIND_OTHER;
    }
}

/* Returns what is wrong with the block, or NULL. */
static const char *fill_record(const Pcapng *pcapng, uint32_t type, const uint8_t *block, size_t bytes, FpRecord *record)
{
    if (kind_of(type) == KIND_FRAME) {
        *record = (FpRecord){.data = block + BLOCK_MIN - LENGTH_AT_END, .raw = block, .raw_bytes = (uint32_t)bytes, .link = FP_LINK_NONE};
        return NULL;
    }
    return type == SIMPLE_PACKET ? fill_simple_packet(pcapng, block, bytes, record)
                                 : fill_packet(pcapng, block, bytes, type == OLD_PACKET, record);
}

static const char *check_section(const uint8_t *block, size_t bytes)
{
    bool swapped = false;

    if (bytes < SECTION_MIN)
        return "a section header is too short";
    fp_pcapng_read_byte_order(block, &swapped);
    if (!is_version_known(swapped, block))
        return "a section has an unknown version";
    return fp_pcapng_check_options(swapped, SECTION, block + SECTION_FIXED, bytes - SECTION_MIN);
}

static const char *check_interface(const Pcapng *pcapng, const uint8_t *block, size_t bytes)
{
    if (bytes < INTERFACE_MIN)
        return "an interface description is too short";
    if (!fp_pcapng_has_room(&pcapng->common.section, bytes))
        return "a section describes more interfaces than fit into 64 MiB";
    return fp_pcapng_check_options(pcapng->common.section.swapped, INTERFACE, block + INTERFACE_MIN - LENGTH_AT_END, bytes - INTERFACE_MIN);
}

/* Returns what is wrong with a block that is not a frame, or NULL. */
static const char *check(const Pcapng *pcapng, uint32_t type, const uint8_t *block, size_t bytes)
{
    switch (type) {
    case SECTION:
        return check_section(block, bytes);
    case INTERFACE:
        return check_interface(pcapng, block, bytes);
    case NAMES:
        return fp_pcapng_check_names(pcapng->common.section.swapped, block, bytes);
    case SECRETS:
        return fp_pcapng_check_secrets(pcapng->common.section.swapped, block, bytes);
    case STATISTICS:
        return fp_pcapng_check_statistics(pcapng->common.section.swapped, block, bytes);
    default:
        return NULL;
    }
}

/* Learns what the block given last says of the frames behind it. Not before: it would change what is known of the frames before it, and
 * these are only done with when somebody reads on. */
static void learn(Pcapng *pcapng)
{
    pcapng->has_section |= pcapng->given.kind == FP_RECORD_SECTION;
    fp_pcapng_section_learn(&pcapng->common.section, &pcapng->given);
    pcapng->given.kind = FP_RECORD_FRAME;
}

/* Reads type and length of the block at hand. Returns what is wrong with it, or NULL; *bytes is then its length, or BLOCK_MIN while even
 * its beginning is not all there. */
static inline const char *measure(const Pcapng *pcapng, const uint8_t *block, size_t left, uint32_t *type, size_t *bytes)
{
    bool swapped = pcapng->common.section.swapped;

    *bytes = BLOCK_MIN;
    if (left < BLOCK_MIN)
        return NULL;
    *type = fp_load32_host(block, pcapng->common.section.swapped);
    if (*type == SECTION && !fp_pcapng_read_byte_order(block, &swapped))
        return "a section header without its magic number";
    *bytes = pad(fp_load32_host(block + 4, swapped)); /* some writers leave the padding out of the length */
    if (*bytes > BLOCK_MAX)
        return "a block is longer than any can be";
    if (*bytes < BLOCK_MIN)
        return "a block is shorter than any can be";
    if (left >= *bytes && pad(fp_load32_host(block + *bytes - LENGTH_AT_END, swapped)) != *bytes)
        return "the two lengths of a block differ";
    return NULL;
}

static inline void step(Pcapng *pcapng, size_t bytes)
{
    fp_blocks_step(&pcapng->blocks, bytes);
    pcapng->common.base.bytes_read = fp_blocks_file_offset(&pcapng->blocks);
}

/* Gives the first bytes of what is at hand, a block that is not a frame or a piece of one. Returns 1, as pcapng_read does. */
static int give(Pcapng *pcapng, FpRecordKind kind, size_t bytes, FpRecord *record)
{
    pcapng->given = (FpRecord){.raw = fp_blocks_at(&pcapng->blocks), .raw_bytes = (uint32_t)bytes, .link = FP_LINK_NONE, .kind = kind};
    *record = pcapng->given;
    step(pcapng, bytes);
    if (pcapng->common.base.is_read_ahead)
        learn(pcapng); /* pcapng_learn does it for those who take the records */
    return 1;
}

/* Whether a block says that this is a digest, and nobody knows of it who reads: its frames alone would be another capture. */
static bool is_digest_unasked(const Pcapng *pcapng, uint32_t type, size_t bytes)
{
    const uint8_t *block = fp_blocks_at(&pcapng->blocks);
    bool swapped = false;

    return type == SECTION && pcapng->common.base.digest == NULL && fp_pcapng_read_byte_order(block, &swapped) &&
           fp_digest_is_mark(block, bytes, swapped);
}

static int give_whole(Pcapng *pcapng, uint32_t type, size_t bytes, FpRecord *record, GError **error)
{
    const char *wrong = check(pcapng, type, fp_blocks_at(&pcapng->blocks), bytes);

    if (wrong != NULL)
        return set_damage(pcapng, wrong, error);
    if (is_digest_unasked(pcapng, type, bytes)) {
        fp_digest_set_unasked(pcapng->common.base.path, error);
        return -1;
    }
    return give(pcapng, type == SECTION ? FP_RECORD_SECTION : type == INTERFACE ? FP_RECORD_INTERFACE : FP_RECORD_OTHER, bytes, record);
}

/* Reads n bytes of a regular file, from behind bytes after the start of the block at hand. */
static bool peek(const Pcapng *pcapng, uint8_t *bytes, size_t n, size_t behind)
{
    const FpBlocks *blocks = &pcapng->blocks;
    off_t start = lseek(blocks->fd, 0, SEEK_CUR) - (off_t)fp_blocks_left(blocks);

    return pread(blocks->fd, bytes, n, start + (off_t)behind) == (ssize_t)n;
}

/* Whether the block at hand can be given in pieces: its contents need no check, and the file holds it up to its end. The keys that a proxy
 * has collected can make such a block. */
static bool comes_in_pieces(const Pcapng *pcapng, uint32_t type, size_t bytes)
{
    uint8_t beginning[SECRETS_FIXED], end[LENGTH_AT_END];

    if (bytes <= WHOLE_MAX || kind_of(type) != KIND_OTHER || type == SECTION || type == INTERFACE || type == NAMES || type == STATISTICS)
        return false;
    if (!pcapng->blocks.is_regular || pcapng->blocks.unpack != NULL || !peek(pcapng, beginning, sizeof beginning, 0) ||
        !peek(pcapng, end, sizeof end, bytes - sizeof end))
        return false;
    return pad(fp_load32_host(end, pcapng->common.section.swapped)) == bytes &&
           (type != SECRETS || fp_pcapng_secrets_end(pcapng->common.section.swapped, beginning) <= bytes);
}

static int give_piece(Pcapng *pcapng, FpRecord *record, GError **error)
{
    FpBlocks *blocks = &pcapng->blocks;
    FpRefill result = fp_blocks_left(blocks) == 0 ? fp_blocks_refill(blocks, pcapng->common.base.path, error) : FP_REFILL_MORE;

    if (result == FP_REFILL_END)
        set_damage(pcapng, "the file has become shorter while it was read", error);
    if (result != FP_REFILL_MORE)
        return -1;
    const size_t bytes = MIN(pcapng->left_to_give, fp_blocks_left(blocks));
    pcapng->left_to_give -= bytes;
    return give(pcapng, FP_RECORD_OTHER, bytes, record);
}

static int end(Pcapng *pcapng, GError **error)
{
    if (!pcapng->has_section)
        return set_damage(pcapng, "it ends within its first section header", error);
    fp_capture_note_end(&pcapng->common.base, &pcapng->blocks);
    return 0;
}

/* Returns the frames before an error, or before a block that is not a frame. The next call meets that again. */
static int pcapng_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    Pcapng *pcapng = (Pcapng *)capture;
    FpBlocks *blocks = &pcapng->blocks;
    int n = 0;

    learn(pcapng);
    while (n < max && pcapng->left_to_give == 0) {
        uint32_t type = 0;
        size_t bytes;
        const char *wrong = measure(pcapng, fp_blocks_at(blocks), fp_blocks_left(blocks), &type, &bytes);
        bool is_whole = fp_blocks_left(blocks) >= bytes;
        if (wrong == NULL && is_whole && kind_of(type) != KIND_OTHER)
            wrong = fill_record(pcapng, type, fp_blocks_at(blocks), bytes, &records[n]);
        if (wrong == NULL && is_whole && kind_of(type) != KIND_OTHER) {
            n++;
            step(pcapng, bytes);
            continue;
        }
        if (n > 0)
            return n;
        if (wrong != NULL)
            return set_damage(pcapng, wrong, error);
        if (is_whole)
            return give_whole(pcapng, type, bytes, records, error);
        if (comes_in_pieces(pcapng, type, bytes)) {
            pcapng->left_to_give = bytes;
            break;
        }
        FpRefill result = fp_blocks_refill(blocks, capture->path, error);
        if (result == FP_REFILL_FAILED)
            return -1;
        if (result == FP_REFILL_END)
            return end(pcapng, error);
    }
    return n > 0 ? n : give_piece(pcapng, records, error);
}

/* Blocks that are not frames do not end the wait: whoever waits, waits for frames. */
static bool pcapng_would_wait(const FpCapture *capture)
{
    const Pcapng *pcapng = (const Pcapng *)capture;
    const FpBlocks *blocks = &pcapng->blocks;
    const uint8_t *at = fp_blocks_at(blocks);
    size_t left = fp_blocks_left(blocks);

    while (!blocks->is_regular) {
        uint32_t type = 0;
        size_t bytes;
        if (measure(pcapng, at, left, &type, &bytes) != NULL)
            return false;
        if (left < bytes)
            return fp_blocks_would_wait(blocks);
        if (kind_of(type) != KIND_OTHER)
            return false;
        at += bytes;
        left -= bytes;
    }
    return false;
}

static void pcapng_close(FpCapture *capture)
{
    Pcapng *pcapng = (Pcapng *)capture;

    fp_blocks_clear(&pcapng->blocks);
    fp_pcapng_common_clear(&pcapng->common);
    g_free(pcapng);
}

static void pcapng_swap_buffer(FpCapture *capture, FpBlockBuffer *buffer)
{
    fp_blocks_swap_buffer(&((Pcapng *)capture)->blocks, buffer);
}

static bool pcapng_is_at_hand(const FpCapture *capture)
{
    const Pcapng *pcapng = (const Pcapng *)capture;
    const FpBlocks *blocks = &pcapng->blocks;
    uint32_t type = 0;
    size_t bytes;

    return pcapng->left_to_give == 0 && measure(pcapng, fp_blocks_at(blocks), fp_blocks_left(blocks), &type, &bytes) == NULL &&
           fp_blocks_left(blocks) >= bytes;
}

static void pcapng_learn(FpCapture *capture, const FpRecord *record)
{
    fp_pcapng_section_learn(&((Pcapng *)capture)->common.taken, record);
}

static const FpReader pcapng_reader = {.read = pcapng_read,
                                       .close = pcapng_close,
                                       .would_wait = pcapng_would_wait,
                                       .swap_buffer = pcapng_swap_buffer,
                                       .is_at_hand = pcapng_is_at_hand,
                                       .learn = pcapng_learn};

FpCapture *fp_capture_pcapng_open(FpBlocks *opening)
{
    const uint8_t *section = fp_blocks_at(opening);
    Pcapng probe = {0};

    if (fp_blocks_left(opening) < SECTION_FIXED || fp_load32_host(section, probe.common.section.swapped) != SECTION ||
        !fp_pcapng_read_byte_order(section, &probe.common.section.swapped) || !is_version_known(probe.common.section.swapped, section))
        return NULL;

    Pcapng *pcapng = g_new0(Pcapng, 1);
    pcapng->common.base.reader = &pcapng_reader;
    pcapng->blocks = fp_blocks_take(opening);
    fp_pcapng_common_init(&pcapng->common);
    return &pcapng->common.base;
}

const uint8_t *fp_pcapng_at_hand(const FpCapture *capture, size_t *n)
{
    const FpBlocks *blocks = &((const Pcapng *)capture)->blocks;

    *n = fp_blocks_left(blocks);
    return fp_blocks_at(blocks);
}

bool fp_pcapng_is_swapped(const FpCapture *capture)
{
    return ((const Pcapng *)capture)->common.section.swapped;
}
