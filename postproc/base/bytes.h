/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bytes.h - loads numbers from bytes and stores them there, at any alignment. */
#ifndef FP_BYTES_H
#define FP_BYTES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Loads 16 bits in network byte order. */
static inline uint16_t fp_load16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Loads 32 bits in network byte order. */
static inline uint32_t fp_load32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Loads 16 bits, little-endian. */
static inline uint16_t fp_load16_little(const uint8_t *bytes)
{
    return (uint16_t)(bytes[1] << 8 | bytes[0]);
}

/* Loads 32 bits, little-endian. */
static inline uint32_t fp_load32_little(const uint8_t *bytes)
{
    return (uint32_t)fp_load16_little(bytes + 2) << 16 | fp_load16_little(bytes);
}

/* Loads 16 bits in this machine's byte order, or in the other one when swapped. */
static inline uint16_t fp_load16_host(const uint8_t *bytes, bool swapped)
{
    uint16_t value;

    memcpy(&value, bytes, sizeof value);
    return (uint16_t)(swapped ? GUINT16_SWAP_LE_BE(value) : value);
}

/* Like fp_load16_host, for 32 bits. */
static inline uint32_t fp_load32_host(const uint8_t *bytes, bool swapped)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

/* Like fp_load16_host, for 64 bits. */
static inline uint64_t fp_load64_host(const uint8_t *bytes, bool swapped)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return swapped ? GUINT64_SWAP_LE_BE(value) : value;
}

/* Stores the low 16 bits of value in network byte order. Returns where the next byte goes. */
static inline uint8_t *fp_put16(uint8_t *at, unsigned value)
{
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

/* Stores 32 bits in network byte order. Returns where the next byte goes. */
static inline uint8_t *fp_put32(uint8_t *at, uint32_t value)
{
    return fp_put16(fp_put16(at, value >> 16), value & 0xffffU);
}

#endif
