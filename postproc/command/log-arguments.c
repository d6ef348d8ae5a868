/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-arguments.c - see log-arguments.h. */
#include "log-arguments.h"

#include "base/error.h"
#include "base/size.h"
#include "option-table.h"

#define NOT_GIVEN G_MININT64

void fp_log_arguments_add(FpLogArguments *arguments, GArray *options, const char *format_help)
{
    const GOptionEntry entries[] = {
        {"log-format", 0, 0, G_OPTION_ARG_STRING, &arguments->format, format_help, "FORMAT"},
        {"fields", 0, 0, G_OPTION_ARG_STRING, &arguments->fields,
         "Add these fields of Wireshark's to each line, comma-separated; asks tshark", "FIELDS"},
        {"log-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->payload_bytes, "Log the first N bytes of each payload (default: 256)", "N"},
        {"message-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->message_bytes,
         "Log the first N bytes of each message in JSON (default: all; with --log-bytes, as many as that)", "N"},
        {"message-wait", 0, 0, G_OPTION_ARG_INT64, &arguments->message_wait_s,
         "Wait for the rest of a message until nothing of it has come for N seconds (default: 5)", "N"},
        {"message-memory", 0, 0, G_OPTION_ARG_STRING, &arguments->message_memory,
         "Messages that wait for their rest take at most SIZE: bytes, or with K, M, G, T (default: 64M)", "SIZE"},
        {"log-reply", 0, 0, G_OPTION_ARG_NONE, &arguments->reply,
         "Have what the other side answers in each line too, which waits for it; neither with --fields nor with -Y", NULL},
        {"redact", 0, 0, G_OPTION_ARG_NONE, &arguments->redact,
         "Replace passwords, cookies and tokens in each line by asterisks; what --fields asks for stays", NULL},
        {"in-order", 0, 0, G_OPTION_ARG_NONE, &arguments->in_order,
         "Write lines in the order of first payload frames, not as their messages become complete", NULL},
        {"host", 0, 0, G_OPTION_ARG_STRING, &arguments->host, "Have NAME, the sensor's, in each JSON line as host", "NAME"},
        {"community-id-seed", 0, 0, G_OPTION_ARG_INT64, &arguments->community_id_seed, "The seed of Community IDs in the log (default: 0)",
         "N"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpLogArguments){
        .payload_bytes = NOT_GIVEN, .message_bytes = NOT_GIVEN, .message_wait_s = NOT_GIVEN, .community_id_seed = NOT_GIVEN};
    fp_option_table_add(options, entries);
    fp_choice_arguments_add(&arguments->choice, options);
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
    return fp_choice_arguments_are_given(&arguments->choice) || arguments->format != NULL || arguments->fields != NULL ||
           arguments->host != NULL || arguments->message_memory != NULL || arguments->in_order || arguments->redact || arguments->reply ||
           arguments->payload_bytes != NOT_GIVEN || arguments->message_bytes != NOT_GIVEN || arguments->message_wait_s != NOT_GIVEN ||
           arguments->community_id_seed != NOT_GIVEN;
}

static bool is_within(gint64 number, gint64 max)
{
    return number >= 0 && number <= max;
}

/* Reads the options about messages. Returns what is wrong, or NULL. */
static const char *read_messages(const FpLogArguments *arguments, FpLogStyle *style)
{
    gint64 wait_s = number_or(arguments->message_wait_s, FP_LOG_MESSAGE_WAIT_SECONDS_DEFAULT);
    gint64 bytes = number_or(arguments->message_bytes, number_or(arguments->payload_bytes, G_MAXUINT32));

    if (!is_within(bytes, G_MAXUINT32))
        return "--message-bytes takes a number from 0 to 4294967295";
    if (!is_within(wait_s, G_MAXUINT32))
        return "--message-wait takes a number of seconds from 0 to 4294967295";
    style->message_memory = FP_LOG_MESSAGE_MEMORY_DEFAULT;
    if (arguments->message_memory != NULL &&
        (!fp_size_from_text(arguments->message_memory, &style->message_memory) || style->message_memory < FP_LOG_MESSAGE_MEMORY_MIN ||
         style->message_memory > FP_LOG_MESSAGE_MEMORY_MAX))
        return "--message-memory takes a number of bytes, or one with K, M or G, from 1M to 1G";
    style->message_bytes = (uint32_t)bytes;
    style->message_wait_ns = wait_s * 1000000000;
    style->in_order = arguments->in_order;
    style->redacts = arguments->redact;
    style->has_reply = arguments->reply;
    return NULL;
}

/* Reads the others. Returns what is wrong, or NULL. */
static const char *read_style(FpLogArguments *arguments, FpLogStyle *style)
{
    gint64 payload_bytes = number_or(arguments->payload_bytes, FP_LOG_PAYLOAD_BYTES_DEFAULT);
    gint64 seed = number_or(arguments->community_id_seed, 0);

    if (arguments->format != NULL && !fp_log_format_from_text(arguments->format, &style->format))
        return "--log-format takes text or json";
    if (!read_fields(arguments))
        return "--fields takes names of Wireshark's fields, comma-separated, each once";
    if (!is_within(payload_bytes, FP_LOG_PAYLOAD_BYTES_MAX))
        return "--log-bytes takes a number from 0 to 65535";
    if (!is_within(seed, G_MAXUINT16))
        return "--community-id-seed takes a number from 0 to 65535";
    style->fields = arguments->field_names;
    style->payload_bytes = (uint32_t)payload_bytes;
    style->community_id_seed = (uint16_t)seed;
    style->host = arguments->host;
    return NULL;
}

bool fp_log_arguments_check(FpLogArguments *arguments, bool has_log, FpLogFormat format, FpLogStyle *style, GError **error)
{
    const char *wrong = NULL;

    *style = (FpLogStyle){.format = format};
    if (!has_log && is_any_given(arguments))
        wrong =
            "--log-format, --fields, --log-bytes, --message-bytes, --message-wait, --message-memory, --log-reply, --redact, --only, --sni, "
            "--in-order, --host and --community-id-seed go with --log";
    if (wrong == NULL)
        wrong = read_style(arguments, style);
    if (wrong == NULL)
        wrong = read_messages(arguments, style);
    if (wrong != NULL)
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
    return wrong == NULL && fp_choice_arguments_check(&arguments->choice, &style->choice, error);
}

void fp_log_arguments_clear(FpLogArguments *arguments)
{
    fp_choice_arguments_clear(&arguments->choice);
    g_free(arguments->format);
    g_free(arguments->fields);
    g_free(arguments->host);
    g_free(arguments->message_memory);
    g_strfreev(arguments->field_names);
}
