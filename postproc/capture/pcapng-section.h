/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng-section.h - a section of pcapng: its byte order and its interfaces, which say what the time, link type and name of a record are.
 * For those that read, or make, such records: capture-pcapng.c, capture-lives.c. Nobody else includes it. */
#ifndef FP_PCAPNG_SECTION_H
#define FP_PCAPNG_SECTION_H

#include "capture-internal.h"
#include "pcapng-format.h"
#include "segment.h"

typedef struct {
    FpLink link;
    uint32_t link_type;
    uint32_t snaplen;
    uint32_t packet_max;
    uint64_t units; /* per second */
    int64_t offset_seconds;
    char *name; /* NULL: it has none */
} FpPcapngInterface;

typedef struct {
    bool swapped;           /* its byte order is not this machine's */
    GArray *interfaces;     /* of FpPcapngInterface */
    size_t interface_bytes; /* what these take, see fp_pcapng_has_room */
} FpPcapngSection;

/* What both begin with. capture.c and the writer ask for records by it, through capture-pcapng.h and capture-internal.h. */
typedef struct {
    FpCapture base;
    FpPcapngSection section; /* as of what has been read */
    FpPcapngSection taken;   /* as of what has been taken, if the capture is read ahead */
} FpPcapngCommon;

/* Makes it a capture in pcapng, in a section without interfaces, in this machine's byte order. */
void fp_pcapng_common_init(FpPcapngCommon *common);

/* Frees the sections. */
void fp_pcapng_common_clear(FpPcapngCommon *common);

/* Reads the byte order from the magic number of a section header. Returns false when that is another number. */
bool fp_pcapng_read_byte_order(const uint8_t *header, bool *swapped);

/* Whether one more interface, described by a block of so many bytes, may be remembered. A stranger may describe millions. */
bool fp_pcapng_has_room(const FpPcapngSection *section, size_t bytes);

/* Adds the interface that a block describes. It has so many bytes, at least INTERFACE_MIN, and sound options. */
void fp_pcapng_add_interface(FpPcapngSection *section, const uint8_t *block, size_t bytes);

/* Learns what a sound record says of the frames behind it: nothing, unless it is a section header or an interface description. */
void fp_pcapng_section_learn(FpPcapngSection *section, const FpRecord *record);

/* The time of an enhanced packet block, or the old one, in units of its interface. */
static inline uint64_t fp_pcapng_ticks(const FpPcapngSection *section, const uint8_t *block)
{
    return (uint64_t)fp_load32_host(block + 12, section->swapped) << 32 | fp_load32_host(block + 16, section->swapped);
}

static inline int64_t fp_pcapng_time(const FpPcapngInterface *interface, uint64_t ticks)
{
    uint64_t units = interface->units, seconds, nanoseconds;

    if (units == 1000000) { /* nearly always one of these two, and dividing by a constant compiles to a multiplication */
        seconds = ticks / 1000000;
        nanoseconds = ticks % 1000000 * 1000;
    } else if (units == 1000000000) {
        seconds = ticks / 1000000000;
        nanoseconds = ticks % 1000000000;
    } else {
        seconds = ticks / units;
        nanoseconds = ticks % units * 1000000000 / units; /* overflows for fine units, as in libwiretap */
    }
    return fp_time_ns((int64_t)(seconds + (uint64_t)interface->offset_seconds), (int64_t)nanoseconds);
}

#endif
