/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng-check.c - see pcapng-check.h. */
#include "pcapng-check.h"

#include "pcapng-format.h"

static bool is_custom_option(uint16_t code)
{
    return code == OPTION_CUSTOM || code == OPTION_CUSTOM_BYTES || code == OPTION_CUSTOM_NOT_TO_COPY ||
           code == OPTION_CUSTOM_BYTES_NOT_TO_COPY;
}

/* Like pcapng_process_custom_option; Netflix's options hold a type as well. */
static bool is_custom_option_sound(bool swapped, const uint8_t *value, uint16_t length)
{
    return length >= 4 && (length >= 8 || fp_load32_host(value, swapped) != ENTERPRISE_NETFLIX);
}

/* Like pcapng_process_packet_block_option. */
static bool is_packet_option_sound(uint16_t code, const uint8_t *value, uint16_t length)
{
    switch (code) {
    case OPTION_FLAGS:
    case OPTION_QUEUE:
        return length == 4;
    case OPTION_DROP_COUNT:
    case OPTION_PACKET_ID:
        return length == 8;
    case OPTION_VERDICT:
        return length >= 1 && ((value[0] != VERDICT_EBPF_TC && value[0] != VERDICT_EBPF_XDP) || length == 9);
    default:
        return true;
    }
}

/* Whether libwiretap accepts the value of an option in a block of this type. */
static bool is_option_sound(bool swapped, uint32_t type, uint16_t code, const uint8_t *value, uint16_t length)
{
    if (is_custom_option(code))
        return is_custom_option_sound(swapped, value, length);
    if (type == ENHANCED_PACKET || type == OLD_PACKET)
        return is_packet_option_sound(code, value, length);
    return type != INTERFACE || code != OPTION_FILTER || length >= 1;
}

const char *fp_pcapng_check_options(bool swapped, uint32_t type, const uint8_t *at, size_t n)
{
    uint16_t code, length;

    while (next_option(swapped, &at, &n, &code, &length))
        if (!is_option_sound(swapped, type, code, at - pad(length), length))
            return "an option is not as long as options of its kind are";
    return n == 0 ? NULL : "an option is longer than its block";
}

/* Whether a record of a name resolution block holds an address and terminated names. */
static bool is_name_record_sound(uint16_t type, const uint8_t *value, uint16_t length)
{
    const unsigned address_bytes = type == NAME_RECORD_IPV4 ? 4 : type == NAME_RECORD_IPV6 ? 16 : 0;

    return address_bytes == 0 || length == address_bytes || (length > address_bytes && value[length - 1] == 0);
}

/* Like pcapng_read_name_resolution_block: records up to one that ends them, then options. */
const char *fp_pcapng_check_names(bool swapped, const uint8_t *block, size_t bytes)
{
    const uint8_t *at = block + BLOCK_MIN - LENGTH_AT_END;
    size_t n = bytes - BLOCK_MIN;

    if (n < OPTION_HEADER)
        return "a block of names is too short";
    while (n > 0) {
        if (n < OPTION_HEADER)
            return "a record of names is longer than its block";
        uint16_t type = fp_load16_host(at, swapped), length = fp_load16_host(at + 2, swapped);
        at += OPTION_HEADER;
        n -= OPTION_HEADER;
        if (type == NAME_RECORD_END)
            return fp_pcapng_check_options(swapped, NAMES, at, n);
        if (pad(length) > n)
            return "a record of names is longer than its block";
        if (!is_name_record_sound(type, at, length))
            return "a record of names is not an address with its names";
        at += pad(length);
        n -= pad(length);
    }
    return NULL;
}

size_t fp_pcapng_secrets_end(bool swapped, const uint8_t *block)
{
    return SECRETS_FIXED + pad(fp_load32_host(block + 12, swapped)) + LENGTH_AT_END;
}

/* Does not look at the options, as libwiretap does not. */
const char *fp_pcapng_check_secrets(bool swapped, const uint8_t *block, size_t bytes)
{
    if (bytes < SECRETS_FIXED + LENGTH_AT_END || bytes < fp_pcapng_secrets_end(swapped, block))
        return "secrets are longer than their block";
    return NULL;
}

const char *fp_pcapng_check_statistics(bool swapped, const uint8_t *block, size_t bytes)
{
    if (bytes < STATISTICS_FIXED + LENGTH_AT_END)
        return "statistics of an interface are too short";
    return fp_pcapng_check_options(swapped, STATISTICS, block + STATISTICS_FIXED, bytes - STATISTICS_FIXED - LENGTH_AT_END);
}
