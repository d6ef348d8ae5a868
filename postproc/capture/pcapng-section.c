/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng-section.c - see pcapng-section.h. */
#include "pcapng-section.h"

#include "capture-pcapng.h"
#include "link-type.h"

#define UNITS_DEFAULT 1000000U

bool fp_pcapng_read_byte_order(const uint8_t *header, bool *swapped)
{
    uint32_t magic;

    memcpy(&magic, header + 8, sizeof magic);
    *swapped = magic != BYTE_ORDER_MAGIC;
    return magic == BYTE_ORDER_MAGIC || magic == GUINT32_SWAP_LE_BE(BYTE_ORDER_MAGIC);
}

/* Converts if_tsresol, a negative power of 10 or of 2, to units per second. */
static uint64_t units_of(uint8_t resolution)
{
    unsigned exponent = resolution & 0x7f;
    uint64_t units = 1;

    if (resolution & 0x80)
        return exponent < 64 ? (uint64_t)1 << exponent : UINT64_MAX;
    if (exponent >= 20)
        return UINT64_MAX;
    while (exponent-- > 0)
        units *= 10;
    return units;
}

static void clear_interface(gpointer data)
{
    g_free(((FpPcapngInterface *)data)->name);
}

/* Of several options of a kind, the first counts. */
static void read_interface_options(const FpPcapngSection *section, const uint8_t *at, size_t n, FpPcapngInterface *interface)
{
    uint16_t code, length;
    bool has_units = false, has_offset = false;

    while (next_option(section->swapped, &at, &n, &code, &length)) {
        const uint8_t *value = at - pad(length);
        if (code == OPTION_INTERFACE_NAME && length > 0 && interface->name == NULL) {
            interface->name = g_strndup((const char *)value, length);
        } else if (code == OPTION_TIME_RESOLUTION && length == 1 && !has_units) {
            has_units = true;
            interface->units = units_of(value[0]);
        } else if (code == OPTION_TIME_OFFSET && length == 8 && !has_offset) {
            has_offset = true;
            interface->offset_seconds = (int64_t)fp_load64_host(value, section->swapped);
        }
    }
}

/* About what an interface takes: here, a second time in a capture that is read ahead, and where it is written again. */
static size_t interface_cost(size_t block_bytes)
{
    return 3 * block_bytes + 2 * sizeof(FpPcapngInterface);
}

bool fp_pcapng_has_room(const FpPcapngSection *section, size_t bytes)
{
    return section->interface_bytes + interface_cost(bytes) <= INTERFACES_MAX;
}

void fp_pcapng_add_interface(FpPcapngSection *section, const uint8_t *block, size_t bytes)
{
    FpPcapngInterface interface = {.link_type = fp_load16_host(block + 8, section->swapped),
                                   .snaplen = fp_load32_host(block + 12, section->swapped),
                                   .units = UNITS_DEFAULT};

    interface.link = fp_link_of_link_type(interface.link_type, section->swapped == (G_BYTE_ORDER == G_LITTLE_ENDIAN));
    interface.packet_max = fp_link_has_giant_records(interface.link_type) ? PACKET_MAX_GIANT : FP_FRAME_BYTES_MAX;
    read_interface_options(section, block + INTERFACE_MIN - LENGTH_AT_END, bytes - INTERFACE_MIN, &interface);
    g_array_append_val(section->interfaces, interface);
    section->interface_bytes += interface_cost(bytes);
}

void fp_pcapng_section_learn(FpPcapngSection *section, const FpRecord *record)
{
    if (record->kind == FP_RECORD_SECTION) {
        fp_pcapng_read_byte_order(record->raw, &section->swapped);
        g_array_set_size(section->interfaces, 0);
        section->interface_bytes = 0;
    } else if (record->kind == FP_RECORD_INTERFACE) {
        fp_pcapng_add_interface(section, record->raw, record->raw_bytes);
    }
}

static GArray *new_interfaces(void)
{
    GArray *interfaces = g_array_new(FALSE, FALSE, sizeof(FpPcapngInterface));

    g_array_set_clear_func(interfaces, clear_interface);
    return interfaces;
}

void fp_pcapng_common_init(FpPcapngCommon *common)
{
    common->base.format.is_pcapng = true;
    common->section.interfaces = new_interfaces();
    common->taken.interfaces = new_interfaces();
}

void fp_pcapng_common_clear(FpPcapngCommon *common)
{
    g_array_unref(common->section.interfaces);
    g_array_unref(common->taken.interfaces);
}

/* The section that a record is in which somebody takes. */
static const FpPcapngSection *section_of(const FpCapture *capture)
{
    const FpPcapngCommon *common = (const FpPcapngCommon *)fp_capture_read_from(capture);

    return common->base.is_read_ahead ? &common->taken : &common->section;
}

static const FpPcapngInterface *interface_of(const FpCapture *capture, const FpRecord *record)
{
    return &g_array_index(section_of(capture)->interfaces, FpPcapngInterface, fp_pcapng_interface(capture, record));
}

uint32_t fp_pcapng_interface(const FpCapture *capture, const FpRecord *record)
{
    const FpPcapngSection *section = section_of(capture);

    switch (fp_load32_host(record->raw, section->swapped)) {
    case ENHANCED_PACKET:
        return fp_load32_host(record->raw + 8, section->swapped);
    case OLD_PACKET:
        return fp_load16_host(record->raw + 8, section->swapped);
    default:
        return 0;
    }
}

const char *fp_pcapng_interface_name(const FpCapture *capture, const FpRecord *record)
{
    return record->link == FP_LINK_NONE ? NULL : interface_of(capture, record)->name;
}

uint32_t fp_pcapng_link_type(const FpCapture *capture, const FpRecord *record)
{
    if (record->link == FP_LINK_NONE)
        return FP_LINK_TYPE_NONE;
    return interface_of(capture, record)->link_type;
}

bool fp_pcapng_has_nanoseconds(const FpCapture *capture, const FpRecord *record)
{
    return record->link != FP_LINK_NONE && interface_of(capture, record)->units > UNITS_DEFAULT;
}

int64_t fp_pcapng_seconds(const FpCapture *capture, const FpRecord *record)
{
    const FpPcapngSection *section = section_of(capture);
    uint32_t type = fp_load32_host(record->raw, section->swapped);

    if (type != ENHANCED_PACKET && type != OLD_PACKET)
        return 0;
    const FpPcapngInterface *interface = interface_of(capture, record);
    return (int64_t)(fp_pcapng_ticks(section, record->raw) / interface->units + (uint64_t)interface->offset_seconds);
}

/* The two lowest bits of epb_flags: 1 inbound, 2 outbound. */
FpDirection fp_pcapng_direction(const FpCapture *capture, const FpRecord *record)
{
    const FpPcapngSection *section = section_of(capture);
    uint16_t code, length;

    if (fp_load32_host(record->raw, section->swapped) != ENHANCED_PACKET)
        return FP_DIRECTION_UNKNOWN;
    const size_t before = PACKET_HEADER + pad(fp_load32_host(record->raw + 20, section->swapped)); /* of the options */
    if (record->raw_bytes < before + LENGTH_AT_END)
        return FP_DIRECTION_UNKNOWN;
    const uint8_t *at = record->raw + before;
    size_t n = record->raw_bytes - before - LENGTH_AT_END;
    while (next_option(section->swapped, &at, &n, &code, &length)) {
        uint32_t flags = code == OPTION_FLAGS && length == 4 ? fp_load32_host(at - 4, section->swapped) & 3 : 0;
        if (flags != 0)
            return flags == 1 ? FP_DIRECTION_IN : flags == 2 ? FP_DIRECTION_OUT : FP_DIRECTION_UNKNOWN;
    }
    return FP_DIRECTION_UNKNOWN;
}
