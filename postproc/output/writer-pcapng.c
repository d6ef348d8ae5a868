/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer-pcapng.c - copies blocks of pcapng as they stand. The output begins with the first section header that is read. */
#include <string.h>

#include "capture/capture-pcapng.h"
#include "writer-internal.h"

#define SECTION_LENGTH_OFFSET 16

typedef struct {
    FpWriter base;
    GBytes *section;       /* the header of the section that is being written; NULL: none yet */
    GPtrArray *interfaces; /* its description blocks, as GBytes */
} Pcapng;

typedef struct {
    FpKept base;
    uint32_t interface;  /* its number in the section that the record is from */
    GBytes *description; /* the block that describes it there */
    size_t n;
    uint8_t block[];
} Kept;

/* Only the length of the section changes; it is not known yet. */
static bool write_section(const Pcapng *pcapng, const uint8_t *section, size_t bytes, GError **error)
{
    uint8_t unknown[8];

    memset(unknown, 0xff, sizeof unknown);
    return fp_output_write(pcapng->base.output, section, SECTION_LENGTH_OFFSET, error) &&
           fp_output_write(pcapng->base.output, unknown, sizeof unknown, error) &&
           fp_output_write(pcapng->base.output, section + SECTION_LENGTH_OFFSET + sizeof unknown,
                           bytes - SECTION_LENGTH_OFFSET - sizeof unknown, error);
}

/* Sections become sections of the output. Everything in them but frames stays as it is, and so do the numbers of interfaces. */
static bool write_block(FpWriter *writer, const FpRecord *block, GError **error)
{
    Pcapng *pcapng = (Pcapng *)writer;

    if (block->kind == FP_RECORD_SECTION) {
        g_ptr_array_set_size(pcapng->interfaces, 0);
        g_clear_pointer(&pcapng->section, g_bytes_unref);
        pcapng->section = g_bytes_new(block->raw, block->raw_bytes);
        return write_section(pcapng, block->raw, block->raw_bytes, error);
    }
    if (block->kind == FP_RECORD_INTERFACE)
        g_ptr_array_add(pcapng->interfaces, g_bytes_new(block->raw, block->raw_bytes));
    return fp_output_write(writer->output, block->raw, block->raw_bytes, error);
}

static bool next_capture(FpWriter *writer, FpCapture *capture, GError **error)
{
    (void)writer;
    return fp_capture_format(capture)->is_pcapng || fp_writer_refuse(capture, 0, FP_WRITER_OTHER_FORMAT, error);
}

static bool write_record(FpWriter *writer, const FpRecord *record, GError **error)
{
    return fp_output_write(writer->output, record->raw, record->raw_bytes, error);
}

static void drop(gpointer data)
{
    Kept *kept = data;

    g_bytes_unref(kept->description);
    g_free(kept);
}

static FpKept *keep(FpWriter *writer, const FpRecord *record, size_t *bytes)
{
    const Pcapng *pcapng = (const Pcapng *)writer;
    Kept *kept = g_malloc(sizeof *kept + record->raw_bytes);

    *kept = (Kept){.base = {drop}, .interface = fp_pcapng_interface(writer->capture, record), .n = record->raw_bytes};
    kept->description = g_bytes_ref(g_ptr_array_index(pcapng->interfaces, kept->interface));
    memcpy(kept->block, record->raw, kept->n);
    *bytes = sizeof *kept + kept->n;
    return &kept->base;
}

/* Fragments of a datagram may be spread over sections, as over the files of a ring. If the current section has the same interface under the
 * same number, as in a ring, the fragment can stand in it; else it is left out. */
static bool write_kept(FpWriter *writer, const FpKept *base, bool *is_written, GError **error)
{
    const Pcapng *pcapng = (const Pcapng *)writer;
    const Kept *kept = (const Kept *)base;

    *is_written = kept->interface < pcapng->interfaces->len &&
                  g_bytes_equal(kept->description, g_ptr_array_index(pcapng->interfaces, kept->interface));
    return !*is_written || fp_output_write(writer->output, kept->block, kept->n, error);
}

static bool flush(FpWriter *writer, GError **error)
{
    return fp_output_flush(writer->output, error);
}

/* The section goes on: what describes its frames stands in each file. */
static bool restart(FpWriter *writer, GError **error)
{
    const Pcapng *pcapng = (const Pcapng *)writer;
    size_t n;

    if (pcapng->section == NULL)
        return true;
    const uint8_t *bytes = g_bytes_get_data(pcapng->section, &n);
    bool is_written = write_section(pcapng, bytes, n, error);
    for (guint i = 0; is_written && i < pcapng->interfaces->len; i++) {
        bytes = g_bytes_get_data(g_ptr_array_index(pcapng->interfaces, i), &n);
        is_written = fp_output_write(writer->output, bytes, n, error);
    }
    return is_written;
}

static void clear(FpWriter *writer)
{
    g_clear_pointer(&((Pcapng *)writer)->section, g_bytes_unref);
    g_ptr_array_unref(((Pcapng *)writer)->interfaces);
}

static const FpWay way = {.copies = true,
                          .next_capture = next_capture,
                          .write = write_record,
                          .write_block = write_block,
                          .keep = keep,
                          .write_kept = write_kept,
                          .flush = flush,
                          .restart = restart,
                          .clear = clear};

FpWriter *fp_writer_pcapng_new(FpOutput *output, FpCapture *first)
{
    Pcapng *pcapng = g_new0(Pcapng, 1);

    pcapng->base = (FpWriter){.way = &way, .output = output, .capture = first, .format = *fp_capture_format(first)};
    pcapng->interfaces = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    return &pcapng->base;
}
