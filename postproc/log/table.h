/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - rows of cells -> lines with aligned columns.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Rows come out in the order in which they come in. How wide columns are is found out from the first ones, which wait for that; what turns
 * out to be wider later widens its column from then on.
 */
#ifndef FP_TABLE_H
#define FP_TABLE_H

#include <glib.h>
#include <stdbool.h>

#include "output/output.h"

/* The cells of a row, each text without control characters, of ASCII but for the source. */
typedef enum {
    FP_CELL_SOURCE, /* the capture file; a line of its own before the rows that are from it */
    FP_CELL_FRAME,
    FP_CELL_FROM,
    FP_CELL_TO,
    FP_CELL_SIDE,
    FP_CELL_DELAY,
    FP_CELL_PAYLOAD, /* is cut to what is left of a line */
    FP_CELL_REMARK,
    FP_N_CELLS,
} FpCell;

typedef struct {
    bool has_sources; /* there are several of them, so they are named */
    bool has_colors;
    int terminal_fd; /* lines are as wide as it is, see terminal.h; -1: none */
} FpTableStyle;

typedef struct FpTable FpTable;

FpTable *fp_table_new(const FpTableStyle *style);
void fp_table_free(FpTable *table); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpTable, fp_table_free)

/* Has before called right before rows are written, to make room for them on a terminal. */
void fp_table_on_rows(FpTable *table, void (*before)(void *user), void *user);

/* Adds a row: FP_N_CELLS cells with tabs between them. What can be laid out goes to output. */
bool fp_table_add(FpTable *table, FpOutput *output, const char *row, GError **error);

/* Lays out the rows that wait, as no more are at hand. Flushing output is the caller's. */
bool fp_table_flush(FpTable *table, FpOutput *output, GError **error);

#endif
