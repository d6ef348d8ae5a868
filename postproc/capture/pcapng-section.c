/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng-section.c - see pcapng-section.h. */
#include "pcapng-section.h"

#include "link-type.h"
#include "pcapng-format.h"

bool fp_pcapng_read_byte_order(const uint8_t *header, bool *swapped)
{
    uint32_t magic;

    memcpy(&magic, header + 8, sizeof magic);
    *swapped = magic != BYTE_ORDER_MAGIC;
    return magic == BYTE_ORDER_MAGIC || magic == GUINT32_SWAP_LE_BE(BYTE_ORDER_MAGIC);
}

static void clear_interface(gpointer data)
{
    g_free(((FpPcapngInterface *)data)->name);
}

FpPcapngSection fp_pcapng_section_new(void)
{
    FpPcapngSection section = {.interfaces = g_array_new(FALSE, FALSE, sizeof(FpPcapngInterface))};

    g_array_set_clear_func(section.interfaces, clear_interface);
    return section;
}

void fp_pcapng_section_clear(FpPcapngSection *section)
{
    g_clear_pointer(&section->interfaces, g_array_unref);
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

static void add_interface(FpPcapngSection *section, const uint8_t *block, size_t bytes)
{
    FpPcapngInterface interface = {.link_type = fp_load16_host(block + 8, section->swapped),
                                   .snaplen = fp_load32_host(block + 12, section->swapped),
                                   .units = FP_PCAPNG_UNITS_DEFAULT};

    interface.link = fp_link_of_link_type(interface.link_type, section->swapped == (G_BYTE_ORDER == G_LITTLE_ENDIAN));
    interface.packet_max = fp_link_has_giant_records(interface.link_type) ? PACKET_MAX_GIANT : FP_FRAME_BYTES_MAX;
    read_interface_options(section, block + INTERFACE_MIN - LENGTH_AT_END, bytes - INTERFACE_MIN, &interface);
    g_array_append_val(section->interfaces, interface);
}

void fp_pcapng_section_learn(FpPcapngSection *section, const FpRecord *record)
{
    if (record->kind == FP_RECORD_SECTION) {
        fp_pcapng_read_byte_order(record->raw, &section->swapped);
        g_array_set_size(section->interfaces, 0);
    } else if (record->kind == FP_RECORD_INTERFACE) {
        add_interface(section, record->raw, record->raw_bytes);
    }
}
