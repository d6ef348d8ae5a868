/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.c - see status.h. */
#include "status.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/message.h"
#include "base/metrics.h"
#include "base/printable.h"
#include "base/replace.h"

#define GROUP "firstpayload"

static const FpMetric figures[FP_N_FIGURES] = {
    [FP_FIGURE_FILES] = {"files", "Captures taken", true, false},
    [FP_FIGURE_FILES_EMPTY] = {"files_empty", "Of these, without a record", true, false},
    [FP_FIGURE_FILES_FAILED] = {"files_failed", "Files moved to failed/", true, false},
    [FP_FIGURE_FILES_CUT] = {"files_cut", "Captures whose last record was cut", true, false},
    [FP_FIGURE_FILES_OVERTAKEN] = {"files_overtaken", "Files waited for in vain since the start: younger ones were taken before them", true,
                                   false},
    [FP_FIGURE_FILES_UNMATCHED] = {"files_unmatched", "Finished files in the inbox that match only when compressed", false, false},
    [FP_FIGURE_FRAMES] = {"frames", "Frames read", true, false},
    [FP_FIGURE_KEPT] = {"frames_kept", "Frames written", true, false},
    [FP_FIGURE_BYTES_IN] = {"bytes_in", "Bytes read", true, false},
    [FP_FIGURE_BYTES_OUT] = {"bytes_out", "Bytes written", true, false},
    [FP_FIGURE_STREAMS] = {"streams", "Streams seen", true, false},
    [FP_FIGURE_STREAMS_WITH_PAYLOAD] = {"streams_with_payload", "Of these, with a first payload frame", true, false},
    [FP_FIGURE_STREAMS_OPEN] = {"streams_open", "Streams in the table", false, false},
    [FP_FIGURE_STREAMS_FORGOTTEN] = {"streams_forgotten", "Streams forgotten as the table was full", true, false},
    [FP_FIGURE_STREAMS_UNMATCHED] = {"streams_unmatched", "Streams left out by -Y, --only or --sni", true, false},
    [FP_FIGURE_STREAMS_UNJUDGED] = {"streams_unjudged", "Streams kept because the display filter could not be asked", true, false},
    [FP_FIGURE_STREAMS_WITHOUT_FIELDS] = {"streams_without_fields", "Streams whose fields tshark could not be asked for", true, false},
    [FP_FIGURE_TABLE_BYTES] = {"table_bytes", "Memory of the table of streams", false, false},
    [FP_FIGURE_BACKLOG_FILES] = {"backlog_files", "Finished files that wait", false, false},
    [FP_FIGURE_BACKLOG_BYTES] = {"backlog_bytes", "Their size", false, false},
    [FP_FIGURE_ARCHIVE_BYTES] = {"archive_bytes", "Size of done/", false, false},
    [FP_FIGURE_CHECKPOINTS] = {"checkpoints", "Checkpoints written", true, false},
    [FP_FIGURE_COMMITTED] = {"committed", "Number of the last claim that is done", false, false},
    [FP_FIGURE_TROUBLE] = {"trouble", "1 while something does not work and is tried again", false, false},
    [FP_FIGURE_LAST_FRAME_NS] = {"last_frame_seconds", "Time of the newest frame", false, true},
    [FP_FIGURE_LAST_PUBLISHED_NS] = {"last_published_seconds", "When an output was last published", false, true},
    [FP_FIGURE_LAG_NS] = {"lag_seconds", "From the last change of the last file to its output", false, true},
    [FP_FIGURE_LINES_WAITING] = {"lines_waiting", "Lines of the log that wait for the rest of a message", false, false},
    [FP_FIGURE_CHECKPOINT_NS] = {"checkpoint_seconds", "How long the last checkpoint took", false, true},
};

static const char *const words[FP_N_WORDS] = {
    [FP_WORD_STATE] = "state",   [FP_WORD_TROUBLE] = "trouble_reason", [FP_WORD_WAITS_FOR] = "waits_for",       [FP_WORD_INBOX] = "inbox",
    [FP_WORD_OUTPUT] = "output", [FP_WORD_LAST_FILE] = "last_file",    [FP_WORD_LAST_FAILURE] = "last_failure", [FP_WORD_RIGHTS] = "rights",
};

void fp_status_clear(FpStatus *status)
{
    for (int i = 0; i < FP_N_WORDS; i++)
        g_clear_pointer(&status->words[i], g_free);
}

void fp_status_set_word(FpStatus *status, FpWord word, const char *value)
{
    g_free(status->words[word]);
    status->words[word] = g_strdup(value);
}

bool fp_status_save(const FpStatus *status, const char *folder, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = g_build_filename(folder, "status", NULL);

    g_key_file_set_uint64(file, GROUP, "pid", status->pid);
    g_key_file_set_int64(file, GROUP, "written", status->written_ns);
    for (int i = 0; i < FP_N_WORDS; i++)
        if (status->words[i] != NULL) {
            g_autofree char *escaped = g_strescape(status->words[i], NULL); /* file names need not be UTF-8 */
            g_key_file_set_string(file, GROUP, words[i], escaped);
        }
    for (int i = 0; i < FP_N_FIGURES; i++)
        g_key_file_set_uint64(file, GROUP, figures[i].name, status->figures[i]);
    g_autofree char *text = g_key_file_to_data(file, NULL, NULL);
    return fp_replace_file(path, text, error);
}

bool fp_status_load(FpStatus *status, const char *folder, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = g_build_filename(folder, "status", NULL);
    GError *failure = NULL;

    *status = (FpStatus){0};
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &failure)) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: cannot be read: %s; name the state folder of a watcher", path,
                    failure->message);
        g_error_free(failure);
        return false;
    }
    status->pid = g_key_file_get_uint64(file, GROUP, "pid", NULL);
    status->written_ns = g_key_file_get_int64(file, GROUP, "written", NULL);
    for (int i = 0; i < FP_N_WORDS; i++) {
        g_autofree char *escaped = g_key_file_get_string(file, GROUP, words[i], NULL);
        status->words[i] = escaped != NULL ? g_strcompress(escaped) : NULL;
    }
    for (int i = 0; i < FP_N_FIGURES; i++)
        status->figures[i] = g_key_file_get_uint64(file, GROUP, figures[i].name, NULL);
    return true;
}

/* value as it is documented: times in seconds. Caller frees. */
static char *figure_text(const FpMetric *figure, uint64_t value)
{
    GString *text = g_string_new(NULL);

    fp_metrics_append_value(text, figure, value);
    return g_string_free(text, FALSE);
}

bool fp_status_save_metrics(const FpStatus *status, const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *inbox = status->words[FP_WORD_INBOX] != NULL ? status->words[FP_WORD_INBOX] : "";

    for (int i = 0; i < FP_N_FIGURES; i++) {
        fp_metrics_append_head(text, &figures[i]);
        fp_metrics_append(text, &figures[i], "inbox", inbox, status->figures[i]);
    }
    return fp_replace_file(path, text->str, error);
}

static const char *shown_state(const FpStatus *status, bool is_running)
{
    const char *state = status->words[FP_WORD_STATE];

    if (state == NULL)
        return "unknown";
    return !is_running && !g_str_equal(state, "stopped") ? "dead" : state;
}

static char *time_text(uint64_t ns)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(ns / 1000000000));

    return time != NULL && ns != 0 ? g_date_time_format(time, "%F %T") : g_strdup("never");
}

void fp_status_print(const FpStatus *status, bool is_running, FILE *file)
{
    fprintf(file, "%-22s %s", "state", shown_state(status, is_running));
    if (is_running)
        fprintf(file, ", process %" PRIu64, status->pid);
    fputc('\n', file);
    for (int i = 1; i < FP_N_WORDS; i++) {
        if (status->words[i] == NULL)
            continue;
        g_autofree char *shown = fp_message_printable(status->words[i]);
        fprintf(file, "%-22s %s\n", words[i], shown);
    }
    for (int i = 0; i < FP_N_FIGURES; i++) {
        bool is_time = i == FP_FIGURE_LAST_FRAME_NS || i == FP_FIGURE_LAST_PUBLISHED_NS;
        g_autofree char *text = is_time ? time_text(status->figures[i]) : figure_text(&figures[i], status->figures[i]);
        fprintf(file, "%-22s %s\n", figures[i].name, text);
    }
}

static void print_json_string(FILE *file, const char *value)
{
    g_autoptr(GString) text = g_string_new(NULL);

    fp_printable_json(text, value);
    fputs(text->str, file);
}

void fp_status_print_json(const FpStatus *status, bool is_running, FILE *file)
{
    fprintf(file, "{\"running\": %s, \"pid\": %" PRIu64 ", \"state\": ", is_running ? "true" : "false", status->pid);
    print_json_string(file, shown_state(status, is_running));
    for (int i = 1; i < FP_N_WORDS; i++) {
        fprintf(file, ", \"%s\": ", words[i]);
        if (status->words[i] != NULL)
            print_json_string(file, status->words[i]);
        else
            fputs("null", file);
    }
    for (int i = 0; i < FP_N_FIGURES; i++) {
        g_autofree char *text = figure_text(&figures[i], status->figures[i]);
        fprintf(file, ", \"%s\": %s", figures[i].name, text);
    }
    fputs("}\n", file);
}
