/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-arguments.c - see log-arguments.h. */
#include "log-arguments.h"

#include "base/error.h"
#include "option-table.h"

#define NOT_GIVEN G_MININT64

void fp_log_arguments_add(FpLogArguments *arguments, GArray *options, const char *format_help)
{
    const GOptionEntry entries[] = {
        {"log-format", 0, 0, G_OPTION_ARG_STRING, &arguments->format, format_help, "FORMAT"},
        {"fields", 0, 0, G_OPTION_ARG_STRING, &arguments->fields,
         "Add these fields of Wireshark's to each line, comma-separated; asks tshark", "FIELDS"},
        {"log-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->payload_bytes, "Log the first N bytes of each payload (default: 256)", "N"},
        {"community-id-seed", 0, 0, G_OPTION_ARG_INT64, &arguments->community_id_seed, "The seed of Community IDs in the log (default: 0)",
         "N"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpLogArguments){.payload_bytes = NOT_GIVEN, .community_id_seed = NOT_GIVEN};
    fp_option_table_add(options, entries);
}

/* Returns number if it was given, else other. */
static gint64 number_or(gint64 number, gint64 other)
{
    return number != NOT_GIVEN ? number : other;
}

/* Splits --fields into names. Returns false if one is empty, or comes twice. */
static bool read_fields(FpLogArguments *arguments)
{
    g_strfreev(arguments->field_names);
    arguments->field_names = arguments->fields == NULL ? NULL : g_strsplit(arguments->fields, ",", -1);
    for (char **name = arguments->field_names; name != NULL && *name != NULL; name++) {
        g_strstrip(*name);
        if (**name == '\0')
            return false;
        for (char **before = arguments->field_names; before < name; before++)
            if (g_str_equal(*before, *name))
                return false;
    }
    return arguments->field_names == NULL || arguments->field_names[0] != NULL;
}

static bool is_any_given(const FpLogArguments *arguments)
{
    return arguments->format != NULL || arguments->fields != NULL || arguments->payload_bytes != NOT_GIVEN ||
           arguments->community_id_seed != NOT_GIVEN;
}

bool fp_log_arguments_check(FpLogArguments *arguments, bool has_log, FpLogFormat format, FpLogStyle *style, GError **error)
{
    gint64 payload_bytes = number_or(arguments->payload_bytes, FP_LOG_PAYLOAD_BYTES_DEFAULT);
    gint64 seed = number_or(arguments->community_id_seed, 0);
    const char *wrong = NULL;

    *style = (FpLogStyle){.format = format};
    if (!has_log && is_any_given(arguments))
        wrong = "--log-format, --fields, --log-bytes and --community-id-seed go with --log";
    else if (arguments->format != NULL && !fp_log_format_from_text(arguments->format, &style->format))
        wrong = "--log-format takes text or json";
    else if (!read_fields(arguments))
        wrong = "--fields takes names of Wireshark's fields, comma-separated, each once";
    else if (payload_bytes < 0 || payload_bytes > FP_LOG_PAYLOAD_BYTES_MAX)
        wrong = "--log-bytes takes a number from 0 to 65535";
    else if (seed < 0 || seed > G_MAXUINT16)
        wrong = "--community-id-seed takes a number from 0 to 65535";
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return false;
    }
    style->fields = arguments->field_names;
    style->payload_bytes = (uint32_t)payload_bytes;
    style->community_id_seed = (uint16_t)seed;
    return true;
}

void fp_log_arguments_clear(FpLogArguments *arguments)
{
    g_free(arguments->format);
    g_free(arguments->fields);
    g_strfreev(arguments->field_names);
}
