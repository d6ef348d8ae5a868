/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-arguments.h - the options that say how lines of the log are, the same for every command. */
#ifndef FP_LOG_ARGUMENTS_H
#define FP_LOG_ARGUMENTS_H

#include "log/log.h"

typedef struct {
    char *format;
    char *fields;
    char **field_names;
    gint64 payload_bytes;
    gint64 community_id_seed;
} FpLogArguments;

/* Adds them to options (option-table.h), and sets *arguments to what they are when not given. format_help says what is so of --log-format;
 * it must live as long as options. */
void fp_log_arguments_add(FpLogArguments *arguments, GArray *options, const char *format_help);

/* Fills in *style, which borrows from *arguments; format: unless another is given. has_log: whether there is a log that the options can be
 * of. Returns false with error set when they make no sense. */
bool fp_log_arguments_check(FpLogArguments *arguments, bool has_log, FpLogFormat format, FpLogStyle *style, GError **error);

void fp_log_arguments_clear(FpLogArguments *arguments);

#endif
