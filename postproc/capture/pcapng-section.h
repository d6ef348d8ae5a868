/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng-section.h - what a section of a pcapng says of its frames: byte order and interfaces. Nobody but capture-pcapng.c includes it. */
#ifndef FP_PCAPNG_SECTION_H
#define FP_PCAPNG_SECTION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "record.h"

#define FP_PCAPNG_UNITS_DEFAULT 1000000U

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
    bool swapped;       /* its byte order is not this machine's */
    GArray *interfaces; /* of FpPcapngInterface */
} FpPcapngSection;

/* A section without interfaces. End with fp_pcapng_section_clear. */
FpPcapngSection fp_pcapng_section_new(void);
void fp_pcapng_section_clear(FpPcapngSection *section);

/* Reads the byte order from the magic number of a section header. Returns false when that is another number. */
bool fp_pcapng_read_byte_order(const uint8_t *header, bool *swapped);

/* Learns what a sound record says of the frames behind it: nothing, unless it is a section header or an interface description. */
void fp_pcapng_section_learn(FpPcapngSection *section, const FpRecord *record);

#endif
