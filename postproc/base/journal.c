/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.c - see journal.h. */
#include "journal.h"

#include <stdarg.h>
#include <unistd.h>

#include "message.h"

static const char *message_of(const GLogField *fields, gsize n)
{
    for (gsize i = 0; i < n; i++)
        if (g_str_equal(fields[i].key, "MESSAGE"))
            return fields[i].value;
    return "";
}

static GLogWriterOutput write_entry(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user)
{
    if (g_log_writer_is_journald(STDERR_FILENO) && g_log_writer_journald(level, fields, n, user) == G_LOG_WRITER_HANDLED)
        return G_LOG_WRITER_HANDLED;
    fp_message_print("%s", message_of(fields, n));
    return G_LOG_WRITER_HANDLED;
}

void fp_journal_begin(void)
{
    g_log_set_writer_func(write_entry, NULL, NULL);
}

static const char *priority(GLogLevelFlags level)
{
    return level == G_LOG_LEVEL_WARNING ? "4" : level == G_LOG_LEVEL_MESSAGE ? "5" : "6"; /* syslog(3) */
}

void fp_journal(GLogLevelFlags level, uint64_t number, const char *path, const char *format, ...)
{
    g_autofree char *claim = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *message = fp_message_printable(text); /* with unprintable bytes in it, journalctl would hide the text */
    const GLogField fields[] = {
        {"MESSAGE", message, -1},
        {"PRIORITY", priority(level), -1},
        {"SYSLOG_IDENTIFIER", "firstpayload", -1},
        {"FIRSTPAYLOAD_CLAIM", claim, -1},
        {"FIRSTPAYLOAD_FILE", path != NULL ? path : "", -1},
    };
    g_log_structured_array(level, fields, path != NULL ? G_N_ELEMENTS(fields) : G_N_ELEMENTS(fields) - 2);
}
