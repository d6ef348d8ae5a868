/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - rows of cells -> lines with aligned columns.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Rows keep their order. The first ones wait, because the widths of columns are taken from them. A cell that is wider later widens its
 * column from then on.
 */
#ifndef FP_TABLE_H
#define FP_TABLE_H

#include <glib.h>
#include <stdbool.h>

#include "output/output.h"

/* The cells of a row: text without control characters, in ASCII except for the source. */
typedef enum {
    FP_CELL_SOURCE, /* the capture file; on a line of its own before its rows */
    FP_CELL_FRAME,
    FP_CELL_FROM,
    FP_CELL_TO,
    FP_CELL_SIDE,
    FP_CELL_DELAY,
    FP_CELL_PAYLOAD, /* cut to what is left of a line */
    FP_CELL_REMARK,
    FP_N_CELLS,
} FpCell;

typedef struct {
    bool has_sources; /* there are several, so they are named */
    bool has_colors;
    int terminal_fd; /* of the terminal that lines have to fit, see terminal.h; -1: none */
} FpTableStyle;

typedef struct FpTable FpTable;

/* Returns an empty table. style is copied. */
FpTable *fp_table_new(const FpTableStyle *style);
/* Frees a table. NULL is allowed. */
void fp_table_free(FpTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpTable, fp_table_free)

/* Sets a function that is called right before rows are written, to make room for them on a terminal. */
void fp_table_on_rows(FpTable *table, void (*before)(void *user), void *user);

/* Adds a row: FP_N_CELLS cells with tabs between them. What can be laid out goes to output. Returns false with error set if that fails. */
bool fp_table_add(FpTable *table, FpOutput *output, const char *row, GError **error);

/* Lays out the rows that wait, as no more are at hand, and writes them to output, which the caller flushes. Returns false with error set
 * when writing fails. */
bool fp_table_flush(FpTable *table, FpOutput *output, GError **error);

#endif
