/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng-format.h - the layout of pcapng (draft-ietf-opsawg-pcapng), for its reader and its checks, and for what reads and writes digests.
 * Nobody else includes it. */
#ifndef FP_PCAPNG_FORMAT_H
#define FP_PCAPNG_FORMAT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

#define BLOCK_MIN 12U /* type, length, and the length again at its end */
#define PACKET_MAX_GIANT (128U * 1024U * 1024U)
#define BLOCK_MAX (32U + PACKET_MAX_GIANT + 131072U) /* libwiretap's MAX_BLOCK_SIZE */
#define INTERFACES_MAX (64U * 1024U * 1024U)         /* memory for the interfaces of a section */
#define WHOLE_MAX (1024U * 1024U)                    /* a longer block that is not a frame is taken in pieces if possible */

#define SECTION 0x0a0d0d0aU
#define INTERFACE 1U
#define OLD_PACKET 2U
#define SIMPLE_PACKET 3U
#define ENHANCED_PACKET 6U
#define JOURNAL 9U
#define NAMES 4U
#define STATISTICS 5U
#define SECRETS 10U
#define SYSDIG_1 0x204U
#define SYSDIG_2 0x216U
#define SYSDIG_2_LARGE 0x221U
#define CUSTOM 0xbadU
#define CUSTOM_NOT_TO_COPY 0x40000badU

#define SECTION_FIXED 24U
#define SECTION_MIN (SECTION_FIXED + LENGTH_AT_END)
#define INTERFACE_MIN 20U
#define PACKET_HEADER 28U /* of the enhanced packet block and the old one, up to the frame */
#define SIMPLE_HEADER 12U
#define LENGTH_AT_END 4U

#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define OPTION_HEADER 4U
#define OPTION_INTERFACE_NAME 2 /* of an interface */
#define OPTION_FLAGS 2          /* this and the next four: of a packet */
#define OPTION_DROP_COUNT 4
#define OPTION_PACKET_ID 5
#define OPTION_QUEUE 6
#define OPTION_VERDICT 7
#define OPTION_TIME_RESOLUTION 9 /* this and the next two: of an interface */
#define OPTION_FILTER 11
#define OPTION_TIME_OFFSET 14
#define OPTION_CUSTOM 2988 /* this and the next three: of any block */
#define OPTION_CUSTOM_BYTES 2989
#define OPTION_CUSTOM_NOT_TO_COPY 19372
#define OPTION_CUSTOM_BYTES_NOT_TO_COPY 19373

#define VERDICT_EBPF_TC 1
#define VERDICT_EBPF_XDP 2
#define ENTERPRISE_NETFLIX 10949U

#define NAME_RECORD_END 0
#define NAME_RECORD_IPV4 1
#define NAME_RECORD_IPV6 2
#define STATISTICS_FIXED 20U
#define SECRETS_FIXED 16U

static inline size_t pad(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

/* Steps to the next option: a code, a length, and as many bytes, padded to four; *at is then behind these. Returns false at the end of the
 * options, with *n 0 if they are sound. */
static inline bool next_option(bool swapped, const uint8_t **at, size_t *n, uint16_t *code, uint16_t *length)
{
    if (*n < OPTION_HEADER)
        return false;
    *code = fp_load16_host(*at, swapped);
    *length = fp_load16_host(*at + 2, swapped);
    if (pad(*length) > *n - OPTION_HEADER)
        return false;
    if (*code == 0) {
        *n = 0; /* end of options: nothing that follows matters */
        return false;
    }
    *at += OPTION_HEADER + pad(*length);
    *n -= OPTION_HEADER + pad(*length);
    return true;
}

#endif
