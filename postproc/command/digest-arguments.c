/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-arguments.c - see digest-arguments.h. */
#include "digest-arguments.h"

#include "base/error.h"
#include "decode/network.h"
#include "option-table.h"

#define NOT_GIVEN G_MININT64

static const char summary[] = "Makes a digest of captures: what slim, show and said need of them, and no more. The FILEs are\n"
                              "taken in the order given, and may be digests themselves. Digests take the place of their\n"
                              "captures: the result is that of the captures, in one pass, in order.";

static const char description[] = "A digest is a pcapng. It has the frames that can be in a class whole, of others the headers, and\n"
                                  "says what it was made for: slim refuses to be asked for more.\n"
                                  "\n"
                                  "Keep the captures where they are, or at the same place seen from the digest: slim says so when a\n"
                                  "digest alone cannot tell, which is rare, and reads the capture itself if it is there.\n"
                                  "\n"
                                  "Exit status: as for firstpayload slim.\n";

/* What the command line holds, before it is checked. */
struct FpDigestArguments {
    char *output;
    char *transport;
    char *stream_key;
    char *compress;
    gint64 flight_bytes;
    gint64 opening_bytes;
    gboolean quiet;
    char **files;
};

static bool parse(FpDigestArguments *arguments, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &arguments->output, "Write the digest to OUT, - for standard output", "OUT"},
        {"flight-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->flight_bytes,
         "Make it for flights of up to N bytes of their side's sequence space (default: 16384)", "N"},
        {"opening-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->opening_bytes,
         "Make it for the opening, too, of up to N bytes of each side; then all payload of TCP stays (default: without)", "N"},
        {"transport", 0, 0, G_OPTION_ARG_STRING, &arguments->transport,
         "Take streams of tcp, of udp, or those of udp that begin as quic, comma-separated (default: tcp)", "TRANSPORTS"},
        {"stream-key", 0, 0, G_OPTION_ARG_STRING, &arguments->stream_key,
         "Tell streams with the same endpoints apart by vlan, vni, interface, comma-separated (default: none)", "KINDS"},
        {"compress", 0, 0, G_OPTION_ARG_STRING, &arguments->compress, "Compress it by gzip, zstd or lz4 as it is written; none: do not",
         "HOW"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "No summary", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->files, NULL, "FILE..."},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GArray) options = fp_option_table_new();

    fp_option_table_add(options, entries);
    return fp_option_table_parse(options, summary, description, argv, error);
}

/* Returns what is wrong, or NULL. */
static const char *check(const FpDigestArguments *arguments)
{
    if (arguments->files == NULL)
        return "no FILE is given; - is standard input";
    if (arguments->output == NULL || *arguments->output == '\0')
        return "-w OUT says where the digest goes; it has to be given";
    if (arguments->flight_bytes < 0 || arguments->flight_bytes > FP_FLIGHT_BYTES_MAX)
        return "--flight-bytes takes a number from 0 to 2147483647";
    if (arguments->opening_bytes != NOT_GIVEN && (arguments->opening_bytes < 0 || arguments->opening_bytes > FP_OPENING_BYTES_MAX))
        return "--opening-bytes takes a number from 0 to 536870912";
    return NULL;
}

static const char *fill(const FpDigestArguments *arguments, FpDigestOptions *options)
{
    const bool has_opening = arguments->opening_bytes != NOT_GIVEN;

    *options = (FpDigestOptions){
        .inputs = arguments->files,
        .output = arguments->output,
        .packing = fp_packing_of_path(arguments->output),
        .rules = {.flight_bytes = (uint32_t)arguments->flight_bytes,
                  .opening_bytes = has_opening ? (uint32_t)arguments->opening_bytes : 0,
                  .transports = FP_TAKES_TCP,
                  .asked = has_opening ? FP_CLASS_ASKED : FP_CLASS_CLOSING},
        .stream_key = arguments->stream_key,
    };
    if (arguments->transport != NULL && !fp_transports_from_text(arguments->transport, &options->rules.transports))
        return "--transport takes tcp, udp and quic, comma-separated";
    if (arguments->stream_key != NULL && !fp_network_kinds_from_text(arguments->stream_key, &options->network_kinds))
        return "--stream-key takes vlan, vni and interface, comma-separated";
    if (arguments->compress != NULL && !fp_packing_from_text(arguments->compress, &options->packing))
        return "--compress takes " FP_PACKING_NAMES;
    return NULL;
}

FpDigestArguments *fp_digest_arguments_parse(char **argv, FpDigestOptions *options, bool *is_quiet, GError **error)
{
    g_autoptr(FpDigestArguments) arguments = g_new0(FpDigestArguments, 1);

    arguments->flight_bytes = FP_FLIGHT_BYTES_DEFAULT;
    arguments->opening_bytes = NOT_GIVEN;
    if (!parse(arguments, argv, error))
        return NULL;
    const char *wrong = check(arguments);
    if (wrong == NULL)
        wrong = fill(arguments, options);
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return NULL;
    }
    *is_quiet = arguments->quiet;
    return g_steal_pointer(&arguments);
}

void fp_digest_arguments_free(FpDigestArguments *arguments)
{
    g_strfreev(arguments->files);
    g_free(arguments->output);
    g_free(arguments->transport);
    g_free(arguments->stream_key);
    g_free(arguments->compress);
    g_free(arguments);
}
