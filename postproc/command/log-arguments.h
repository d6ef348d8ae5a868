/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-arguments.h - the options for lines of the log, shared by all commands. */
#ifndef FP_LOG_ARGUMENTS_H
#define FP_LOG_ARGUMENTS_H

#include "choice-arguments.h"
#include "log/log.h"

typedef struct {
    FpChoiceArguments choice;
    char *format;
    char *fields;
    char **field_names;
    char *host;
    char *message_memory;
    gint64 payload_bytes;
    gint64 message_bytes;
    gint64 message_wait_s;
    gboolean in_order;
    gboolean redact;
    gboolean reply;
    gint64 community_id_seed;
} FpLogArguments;

/* Adds these options to options (option-table.h), and sets *arguments to the defaults. format_help: the help for --log-format; it must live
 * as long as options. */
void fp_log_arguments_add(FpLogArguments *arguments, GArray *options, const char *format_help);

/* Checks the options and fills in *style, which borrows from *arguments. format: the default. has_log: whether there is a log for them to
 * apply to. Returns false and sets error when they make no sense. */
bool fp_log_arguments_check(FpLogArguments *arguments, bool has_log, FpLogFormat format, FpLogStyle *style, GError **error);

/* Frees what *arguments holds. */
void fp_log_arguments_clear(FpLogArguments *arguments);

#endif
