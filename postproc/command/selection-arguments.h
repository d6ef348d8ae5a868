/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selection-arguments.h - the options that say which frames are looked at, and which are kept, shared by all commands. */
#ifndef FP_SELECTION_ARGUMENTS_H
#define FP_SELECTION_ARGUMENTS_H

#include "pass/pass.h"

typedef struct {
    char *keep;
    char *filter;
    char *display_filter;
    char *format;
    char *compress;
    char *format_list;
    char **formats; /* what format_list says */
    char *transport;
    char *stream_key;
    gint64 flight_bytes;
    gint64 opening_bytes;
    gint64 idle_s;
    char *max_memory;
    gint64 max_streams;
    gint64 max_streams_default;
    gboolean no_midstream;
    gboolean syn_restarts_clock;
    gboolean marked_only;
    gboolean all_hellos;
} FpSelectionArguments;

/* Adds the options that say which frames are looked at to options (option-table.h), and sets *arguments to the defaults. max_streams: how
 * many streams are remembered when neither their number nor memory is given. max_streams_help: the help for --max-streams; it must live as
 * long as options. */
void fp_selection_arguments_add(FpSelectionArguments *arguments, GArray *options, gint64 max_streams, const char *max_streams_help);

/* Adds the options that say which of these frames a capture keeps, for commands that write one. Call it after the function above. */
void fp_selection_arguments_add_kept(FpSelectionArguments *arguments, GArray *options);

/* Checks the options and fills in *selection, which borrows from *arguments, and *format: FP_WRITER_AS_INPUT, or from fp_writer_format.
 * Returns false and sets error when they make no sense. */
bool fp_selection_arguments_check(FpSelectionArguments *arguments, FpSelection *selection, int *format, GError **error);

/* Has replies looked for, which takes more classes of frames than are kept. Returns false and sets error when tshark is to be asked, as
 * lines then wait for that. */
bool fp_selection_arguments_add_replies(FpSelection *selection, GError **error);

/* Whether tshark can be asked all of selection->questions about the streams that selection takes. Returns false and sets error. */
bool fp_selection_arguments_check_questions(const FpSelection *selection, GError **error);

/* Sets *packing to how captures are compressed: as --compress says, else as the name of the output at path does. path: NULL if there is
 * none yet. Returns false and sets error. */
bool fp_selection_arguments_packing(const FpSelectionArguments *arguments, const char *path, FpPacking *packing, GError **error);

/* Whether later ClientHellos, if selection wants them, have a log of messages to go to. Returns false and sets error. */
bool fp_selection_arguments_check_hellos(const FpSelection *selection, bool has_messages, GError **error);

/* Frees what *arguments holds. */
void fp_selection_arguments_clear(FpSelectionArguments *arguments);

#endif
