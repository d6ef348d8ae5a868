/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - see table.h. */
#include "table.h"

#include <string.h>
#include <unistd.h>

#include "base/terminal.h"

#define ROWS_FIRST 64      /* at most this many wait for the widths */
#define PAYLOAD_COLUMNS 80 /* if the width is not known */
#define PAYLOAD_COLUMNS_MIN 16
#define CUT "..."        /* stands for the rest */
#define INDENT_COLUMNS 7 /* of a payload on a line of its own */

/* SGR sequences (ECMA-48 8.3.117). */
#define COLOR_END "\033[0m"
#define COLOR_HEAD "\033[1m"
#define COLOR_CLIENT "\033[36m"
#define COLOR_SERVER "\033[33m"
#define COLOR_FAINT "\033[2m"
#define COLOR_REMARK "\033[35m"

static char *const names[FP_N_CELLS] = {"", "frame", "from", "to", "said by", "delay", "first payload", ""};

/* Whether a cell has a number, which is right-aligned. */
static bool is_right(int cell)
{
    return cell == FP_CELL_FRAME || cell == FP_CELL_DELAY;
}

struct FpTable {
    FpTableStyle style;
    GPtrArray *waiting;         /* of GStrv; NULL once the head is written */
    size_t widths[FP_N_CELLS];  /* of the cells before the payload */
    char *source;               /* of the row before; NULL: none */
    void (*before)(void *user); /* called before rows are written; NULL: nothing to call */
    void *user;
};

static void free_row(gpointer row)
{
    g_strfreev(row);
}

FpTable *fp_table_new(const FpTableStyle *style)
{
    FpTable *table = g_new0(FpTable, 1);

    table->style = *style;
    table->waiting = g_ptr_array_new_with_free_func(free_row);
    return table;
}

void fp_table_free(FpTable *table)
{
    if (table == NULL)
        return;
    if (table->waiting != NULL)
        g_ptr_array_unref(table->waiting);
    g_free(table->source);
    g_free(table);
}

void fp_table_on_rows(FpTable *table, void (*before)(void *user), void *user)
{
    table->before = before;
    table->user = user;
}

static void widen(FpTable *table, char *const *cells)
{
    for (int i = FP_CELL_FRAME; i < FP_CELL_PAYLOAD; i++)
        table->widths[i] = MAX(table->widths[i], strlen(cells[i]));
}

/* Appends n bytes of text in color; "" for none. */
static void append_colored(GString *line, const FpTable *table, const char *color, const char *text, size_t n)
{
    bool is_colored = table->style.has_colors && *color != '\0' && n > 0;

    g_string_append(line, is_colored ? color : "");
    g_string_append_len(line, text, (gssize)n);
    g_string_append(line, is_colored ? COLOR_END : "");
}

static void append_spaces(GString *line, size_t n)
{
    g_string_append_printf(line, "%*s", (int)n, "");
}

static void append_cell(GString *line, const FpTable *table, int cell, const char *text, const char *color)
{
    size_t n = strlen(text), space = table->widths[cell] - n;

    append_spaces(line, is_right(cell) ? space : 0);
    append_colored(line, table, color, text, n);
    append_spaces(line, 2 + (is_right(cell) ? 0 : space));
}

static const char *side_color(const char *side)
{
    return g_str_equal(side, "client") ? COLOR_CLIENT : g_str_equal(side, "server") ? COLOR_SERVER : COLOR_FAINT;
}

static void trim_spaces(GString *line)
{
    while (line->len > 0 && line->str[line->len - 1] == ' ')
        g_string_truncate(line, line->len - 1);
}

/* Returns how many columns there are before the payload's. */
static size_t columns_before(const FpTable *table)
{
    size_t n = 0;

    for (int i = FP_CELL_FRAME; i < FP_CELL_PAYLOAD; i++)
        n += table->widths[i] + 2;
    return n;
}

/* Returns how many columns the remark takes, with the space before it. */
static size_t remark_columns(char *const *cells)
{
    const char *remark = cells[FP_CELL_REMARK];

    return *remark == '\0' ? 0 : strlen(remark) + (*cells[FP_CELL_PAYLOAD] == '\0' ? 0 : 2);
}

/* Appends the payload, cut to room columns, and the remark. */
static void append_payload(GString *line, const FpTable *table, char *const *cells, const char *color, size_t room)
{
    const char *payload = cells[FP_CELL_PAYLOAD], *remark = cells[FP_CELL_REMARK];
    size_t n = strlen(payload), n_remark = strlen(remark), shown = n <= room ? n : room - strlen(CUT);

    append_colored(line, table, color, payload, shown);
    g_string_append(line, shown < n ? CUT : "");
    append_spaces(line, remark_columns(cells) - n_remark);
    append_colored(line, table, COLOR_REMARK, remark, n_remark);
}

/* Appends the payload and the remark to a line that has all else. If a terminal's line has too little room left, they get the next one. */
static void append_said(GString *line, const FpTable *table, char *const *cells, const char *color)
{
    const size_t width = fp_terminal_columns(table->style.terminal_fd), remark = remark_columns(cells);
    size_t before = columns_before(table), room = PAYLOAD_COLUMNS;

    if (width > 0) {
        if (width < before + MAX(PAYLOAD_COLUMNS_MIN, remark + MIN(PAYLOAD_COLUMNS_MIN, strlen(cells[FP_CELL_PAYLOAD])))) {
            trim_spaces(line);
            g_string_append_c(line, '\n');
            append_spaces(line, INDENT_COLUMNS);
            before = INDENT_COLUMNS;
        }
        room = MAX(width, before + remark + strlen(CUT)) - before - remark;
    }
    append_payload(line, table, cells, color, room);
}

static bool write_line(const FpTable *table, const GString *line, FpOutput *output, GError **error)
{
    if (table->before != NULL)
        table->before(table->user);
    return fp_output_write(output, line->str, line->len, error);
}

static void append_row(GString *line, const FpTable *table, char *const *cells, bool is_head)
{
    for (int i = FP_CELL_FRAME; i < FP_CELL_PAYLOAD; i++)
        append_cell(line, table, i, cells[i], is_head ? COLOR_HEAD : i == FP_CELL_SIDE ? side_color(cells[i]) : "");
    append_said(line, table, cells, is_head ? COLOR_HEAD : "");
    trim_spaces(line); /* if nothing is said */
    g_string_append_c(line, '\n');
}

/* Names the capture of a row if it is another than before, in the way tail does. */
static void append_source(GString *line, FpTable *table, const char *source)
{
    if (!table->style.has_sources || g_strcmp0(table->source, source) == 0)
        return;
    g_free(table->source);
    table->source = g_strdup(source);
    g_autofree char *named = g_strdup_printf("==> %s <==", source);
    append_colored(line, table, COLOR_HEAD, named, strlen(named));
    g_string_append_c(line, '\n');
}

static bool write_row(FpTable *table, FpOutput *output, char *const *cells, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);

    append_source(line, table, cells[FP_CELL_SOURCE]);
    append_row(line, table, cells, false);
    return write_line(table, line, output, error);
}

bool fp_table_add(FpTable *table, FpOutput *output, const char *row, GError **error)
{
    g_auto(GStrv) cells = g_strsplit(row, "\t", FP_N_CELLS);

    g_assert(g_strv_length(cells) == FP_N_CELLS);
    widen(table, cells);
    if (table->waiting == NULL)
        return write_row(table, output, cells, error);
    g_ptr_array_add(table->waiting, g_steal_pointer(&cells));
    return table->waiting->len < ROWS_FIRST || fp_table_flush(table, output, error);
}

bool fp_table_flush(FpTable *table, FpOutput *output, GError **error)
{
    if (table->waiting == NULL || table->waiting->len == 0)
        return true;
    g_autoptr(GPtrArray) rows = g_steal_pointer(&table->waiting);
    g_autoptr(GString) head = g_string_new(NULL);
    widen(table, names);
    append_row(head, table, names, true);
    bool is_written = write_line(table, head, output, error);
    for (guint i = 0; is_written && i < rows->len; i++)
        is_written = write_row(table, output, g_ptr_array_index(rows, i), error);
    return is_written;
}
