/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selection-arguments.c - see selection-arguments.h. */
#include "selection-arguments.h"

#include "base/error.h"
#include "base/size.h"
#include "capture/filter.h"
#include "capture/formats.h"
#include "decode/network.h"
#include "option-table.h"

#define MAX_STREAMS_MIN 16
#define MAX_MEMORY_MIN (1U << 20)
#define NOT_GIVEN G_MININT64

void fp_selection_arguments_add(FpSelectionArguments *arguments, GArray *options, gint64 max_streams, const char *max_streams_help)
{
    const GOptionEntry entries[] = {
        {"formats", 0, 0, G_OPTION_ARG_STRING, &arguments->format_list,
         "Read only files in these formats, comma-separated: pcap, pcapng ... (default: whatever Wireshark reads)", "LIST"},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &arguments->filter, "Look only at frames that match, see pcap-filter(7)", "EXPRESSION"},
        {"display-filter", 'Y', 0, G_OPTION_ARG_STRING, &arguments->display_filter,
         "Keep only streams whose first flight matches, see wireshark-filter(4); asks tshark", "FILTER"},
        {"transport", 0, 0, G_OPTION_ARG_STRING, &arguments->transport,
         "Take streams of tcp, of udp, or those of udp that begin as quic, comma-separated (default: tcp)", "TRANSPORTS"},
        {"all-hellos", 0, 0, G_OPTION_ARG_NONE, &arguments->all_hellos,
         "Log each TLS ClientHello that comes later in the opening, as after STARTTLS, too", NULL},
        {"flight-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->flight_bytes,
         "A flight ends after N bytes of its side's sequence space (default: 16384)", "N"},
        {"idle", 0, 0, G_OPTION_ARG_INT64, &arguments->idle_s,
         "A stream of which nothing was captured for SECONDS is over, and another begins (default: 0, never)", "SECONDS"},
        {"no-midstream", 0, 0, G_OPTION_ARG_NONE, &arguments->no_midstream, "Leave out streams whose start was not captured", NULL},
        {"syn-restarts-clock", 0, 0, G_OPTION_ARG_NONE, &arguments->syn_restarts_clock,
         "Count the delay in the log from a stream's last SYN, not from its first", NULL},
        {"max-streams", 0, 0, G_OPTION_ARG_INT64, &arguments->max_streams, max_streams_help, "N"},
        {"max-memory", 0, 0, G_OPTION_ARG_STRING, &arguments->max_memory,
         "Remember at most as many streams as are sure to fit into SIZE, one for each 96 bytes: bytes, or with K, M, G, T", "SIZE"},
        {"stream-key", 0, 0, G_OPTION_ARG_STRING, &arguments->stream_key,
         "Tell streams with the same endpoints apart by vlan, vni, interface, comma-separated (default: none)", "KINDS"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpSelectionArguments){.flight_bytes = FP_FLIGHT_BYTES_DEFAULT,
                                        .opening_bytes = FP_OPENING_BYTES_DEFAULT,
                                        .max_streams = NOT_GIVEN,
                                        .max_streams_default = max_streams};
    fp_option_table_add(options, entries);
}

void fp_selection_arguments_add_kept(FpSelectionArguments *arguments, GArray *options)
{
    const GOptionEntry entries[] = {
        {"keep", 'k', 0, G_OPTION_ARG_STRING, &arguments->keep, "Keep frames of these classes, comma-separated (default: first)",
         "CLASSES"},
        {"opening-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->opening_bytes,
         "The class opening has the first N bytes of each side's sequence space (default: 16384)", "N"},
        {"format", 'F', 0, G_OPTION_ARG_STRING, &arguments->format,
         "Write captures in this format: pcapng, pcap ... (default: the first input's)", "FORMAT"},
        {"compress", 0, 0, G_OPTION_ARG_STRING, &arguments->compress,
         "Compress captures by gzip, zstd or lz4 as they are written; none: do not", "HOW"},
        {"marked-only", 0, 0, G_OPTION_ARG_NONE, &arguments->marked_only,
         "Leave out the IP fragments with which a kept frame completes a datagram", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    fp_option_table_add(options, entries);
}

static const char *check_numbers(const FpSelectionArguments *arguments)
{
    if (arguments->flight_bytes < 0 || arguments->flight_bytes > FP_FLIGHT_BYTES_MAX)
        return "--flight-bytes takes a number from 0 to 2147483647";
    if (arguments->opening_bytes < 0 || arguments->opening_bytes > FP_OPENING_BYTES_MAX)
        return "--opening-bytes takes a number from 0 to 536870912";
    if (arguments->idle_s < 0 || arguments->idle_s > G_MAXUINT32)
        return "--idle takes a number of seconds from 0 to 4294967295";
    if (arguments->max_streams != NOT_GIVEN && (arguments->max_streams < MAX_STREAMS_MIN || arguments->max_streams > G_MAXUINT32))
        return "--max-streams takes a number from 16 to 4294967295";
    return NULL;
}

/* Sets *max_streams to the lower of both bounds, if both are given. Returns what is wrong, or NULL. */
static const char *read_bounds(const FpSelectionArguments *arguments, const FpRules *rules, size_t *max_streams)
{
    uint64_t bytes = 0;

    if (arguments->max_memory != NULL && (!fp_size_from_text(arguments->max_memory, &bytes) || bytes < MAX_MEMORY_MIN))
        return "--max-memory takes a number of bytes, or one with K, M, G or T, from 1M on";
    gint64 streams = arguments->max_streams;
    if (streams == NOT_GIVEN)
        streams = arguments->max_memory != NULL ? G_MAXUINT32 : arguments->max_streams_default;
    *max_streams = (size_t)streams;
    if (arguments->max_memory != NULL)
        *max_streams = MIN(*max_streams, fp_streams_fitting(rules, bytes));
    return NULL;
}

/* Reads the options that are words. Returns what is wrong, or NULL. */
static const char *read_words(const FpSelectionArguments *arguments, FpSelection *selection)
{
    if (arguments->keep != NULL && !fp_classes_from_text(arguments->keep, &selection->keep))
        return "--keep takes first, reply, flight, handshake, opening and closing, comma-separated";
    if (arguments->stream_key != NULL && !fp_network_kinds_from_text(arguments->stream_key, &selection->network_kinds))
        return "--stream-key takes vlan, vni and interface, comma-separated";
    if (arguments->transport != NULL && !fp_transports_from_text(arguments->transport, &selection->rules.transports))
        return "--transport takes tcp, udp and quic, comma-separated";
    if (arguments->display_filter != NULL && *arguments->display_filter == '\0')
        return "-Y takes a display filter, see wireshark-filter(4)";
    return NULL;
}

bool fp_selection_arguments_check(FpSelectionArguments *arguments, FpSelection *selection, int *format, GError **error)
{
    *selection = (FpSelection){
        .keep = FP_CLASS_FIRST,
        .rules = {.flight_bytes = (uint32_t)arguments->flight_bytes,
                  .opening_bytes = (uint32_t)arguments->opening_bytes,
                  .transports = FP_TAKES_TCP,
                  .idle_ns = arguments->idle_s * 1000000000,
                  .skip_midstream = arguments->no_midstream,
                  .syn_restarts_clock = arguments->syn_restarts_clock},
        .marked_only = arguments->marked_only,
        .all_hellos = arguments->all_hellos,
        .filter = arguments->filter,
        .questions = {.filter = arguments->display_filter},
    };
    const char *wrong = check_numbers(arguments);
    if (wrong == NULL)
        wrong = read_words(arguments, selection);
    selection->rules.asked = arguments->all_hellos ? FP_CLASS_ASKED : selection->keep & FP_CLASS_ASKED;
    if (wrong == NULL)
        wrong = read_bounds(arguments, &selection->rules, &selection->max_streams);
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return false;
    }
    if (arguments->filter != NULL && !fp_filter_check(arguments->filter, error))
        return false;
    if (arguments->format_list != NULL) {
        g_strfreev(arguments->formats);
        arguments->formats = selection->formats = fp_formats_from_text(arguments->format_list, error);
        if (arguments->formats == NULL)
            return false;
    }
    *format = FP_WRITER_AS_INPUT;
    if (arguments->format != NULL)
        *format = fp_writer_format(arguments->format, error);
    return arguments->format == NULL || *format != FP_WRITER_AS_INPUT;
}

bool fp_selection_arguments_add_replies(FpSelection *selection, GError **error)
{
    selection->rules.asked = FP_CLASS_ASKED;
    if (selection->questions.fields == NULL && selection->questions.filter == NULL)
        return true;
    g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, "--log-reply goes neither with --fields nor with -Y");
    return false;
}

bool fp_selection_arguments_check_questions(const FpSelection *selection, GError **error)
{
    if (selection->rules.transports == FP_TAKES_TCP || (selection->questions.fields == NULL && selection->questions.filter == NULL))
        return true;
    g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE,
                        "-Y and --fields ask tshark about streams of TCP alone; leave them out, or leave --transport at tcp");
    return false;
}

bool fp_selection_arguments_packing(const FpSelectionArguments *arguments, const char *path, FpPacking *packing, GError **error)
{
    *packing = path != NULL ? fp_packing_of_path(path) : FP_PACKING_NONE;
    if (arguments->compress == NULL || fp_packing_from_text(arguments->compress, packing))
        return true;
    g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, "--compress takes " FP_PACKING_NAMES);
    return false;
}

bool fp_selection_arguments_check_hellos(const FpSelection *selection, bool has_messages, GError **error)
{
    if (!selection->all_hellos || has_messages)
        return true;
    g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, "--all-hellos goes with --log");
    return false;
}

void fp_selection_arguments_clear(FpSelectionArguments *arguments)
{
    g_free(arguments->keep);
    g_free(arguments->filter);
    g_free(arguments->display_filter);
    g_free(arguments->format);
    g_free(arguments->format_list);
    g_strfreev(arguments->formats);
    g_free(arguments->transport);
    g_free(arguments->stream_key);
    g_free(arguments->max_memory);
    g_free(arguments->compress);
}
