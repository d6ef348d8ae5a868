/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-status.c - what the watcher says of itself. See watch-internal.h. */
#include "watch-internal.h"

#include "base/journal.h"
#include "base/notify.h"

static void fill_figures(Watch *watch)
{
    const FpSummary *summary = &watch->state.totals.summary;
    uint64_t *figures = watch->status.figures;

    if (watch->pass != NULL) {
        fp_pass_sum_up(watch->pass);
        figures[FP_FIGURE_LINES_WAITING] = fp_pass_n_waiting(watch->pass);
    }
    figures[FP_FIGURE_FILES] = watch->state.totals.files;
    figures[FP_FIGURE_FILES_EMPTY] = watch->state.totals.files_empty;
    figures[FP_FIGURE_FILES_FAILED] = watch->state.totals.files_failed;
    figures[FP_FIGURE_FILES_CUT] = summary->captures_cut;
    figures[FP_FIGURE_FILES_OVERTAKEN] = fp_spool_n_waits_over(watch->spool);
    figures[FP_FIGURE_FILES_UNMATCHED] = fp_spool_n_unmatched(watch->spool);
    figures[FP_FIGURE_FRAMES] = summary->frames;
    figures[FP_FIGURE_KEPT] = summary->kept + summary->kept_fragments;
    figures[FP_FIGURE_BYTES_IN] = summary->bytes_in;
    figures[FP_FIGURE_BYTES_OUT] = summary->bytes_out;
    figures[FP_FIGURE_STREAMS] = summary->streams.started;
    figures[FP_FIGURE_STREAMS_WITH_PAYLOAD] = summary->streams_with_payload;
    figures[FP_FIGURE_STREAMS_OPEN] = summary->streams.open;
    figures[FP_FIGURE_STREAMS_FORGOTTEN] =
        summary->streams.forgotten_unanswered + summary->streams.forgotten_closed + summary->streams.forgotten_idle;
    figures[FP_FIGURE_STREAMS_UNMATCHED] = summary->unmatched;
    figures[FP_FIGURE_STREAMS_UNJUDGED] = summary->unjudged;
    figures[FP_FIGURE_STREAMS_WITHOUT_FIELDS] = summary->without_fields;
    figures[FP_FIGURE_TABLE_BYTES] = summary->streams.table_bytes;
    figures[FP_FIGURE_BACKLOG_FILES] = fp_spool_n_claims(watch->spool);
    figures[FP_FIGURE_BACKLOG_BYTES] = fp_spool_backlog_bytes(watch->spool);
    figures[FP_FIGURE_ARCHIVE_BYTES] = fp_spool_archive_bytes(watch->spool);
    figures[FP_FIGURE_CHECKPOINTS] = watch->state.generation;
    figures[FP_FIGURE_COMMITTED] = watch->state.committed;
    figures[FP_FIGURE_TROUBLE] = watch->trouble != NULL;
    figures[FP_FIGURE_LAST_FRAME_NS] = (uint64_t)MAX(watch->state.totals.last_frame_ns, 0);
}

/* A failure is logged once. */
static void save_metrics(Watch *watch)
{
    GError *failure = NULL;

    if (watch->options->metrics == NULL || fp_status_save_metrics(&watch->status, watch->options->metrics, &failure))
        return;
    if (!watch->has_no_metrics)
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s", failure->message);
    watch->has_no_metrics = true;
    g_error_free(failure);
}

void fp_watch_save_status(Watch *watch, const char *state, bool must)
{
    gint64 now_us = g_get_monotonic_time();

    if (!must && now_us < watch->next_status_us)
        return;
    watch->next_status_us = now_us + G_USEC_PER_SEC;
    fill_figures(watch);
    watch->status.written_ns = fp_watch_now_ns();
    fp_status_set_word(&watch->status, FP_WORD_STATE, state);
    fp_status_set_word(&watch->status, FP_WORD_TROUBLE, watch->trouble);
    g_autofree char *waits = fp_spool_waits_text(watch->spool), *immovable = fp_spool_immovable_text(watch->spool);
    fp_status_set_word(&watch->status, FP_WORD_WAITS_FOR, waits != NULL ? waits : immovable);
    (void)fp_status_save(&watch->status, watch->folder.path, NULL);
    save_metrics(watch);
    g_autofree char *text =
        g_strdup_printf("STATUS=%s, %u files wait, %" G_GUINT64_FORMAT " taken%s%s", state, fp_spool_n_claims(watch->spool),
                        watch->state.totals.files, watch->trouble != NULL ? ": " : "", watch->trouble != NULL ? watch->trouble : "");
    g_strdelimit(text, "\n", ' '); /* file names may hold any, and each line is an assignment */
    fp_notify(text);
}

void fp_watch_begin_trouble(Watch *watch, GError *failure)
{
    const char *lost = fp_confinement_lost(watch->confinement);

    if (lost != NULL)
        g_prefix_error(&failure, "%s: is another folder than when the watcher began, and closed to it: restart it; ", lost);
    if (watch->trouble == NULL || !g_str_equal(watch->trouble, failure->message))
        fp_journal(G_LOG_LEVEL_WARNING, watch->state.committed, NULL, "%s; trying again until it works, nothing is lost meanwhile",
                   failure->message);
    g_free(watch->trouble);
    watch->trouble = g_strdup(failure->message);
    g_error_free(failure);
    fp_watch_end_ahead(watch); /* it may be what threads have open, or in memory */
    watch->ahead.is_off = true;
    fp_watch_save_status(watch, "waiting", true);
}

void fp_watch_end_trouble(Watch *watch)
{
    if (watch->trouble == NULL)
        return;
    fp_journal(G_LOG_LEVEL_MESSAGE, watch->state.committed, NULL, "it works again");
    g_clear_pointer(&watch->trouble, g_free);
}

void fp_watch_report(Watch *watch)
{
    fp_progress_end(&watch->progress);
    fill_figures(watch);
    const uint64_t *figures = watch->status.figures;
    fp_journal(G_LOG_LEVEL_MESSAGE, watch->state.committed, NULL,
               "%" G_GUINT64_FORMAT " files taken, %" G_GUINT64_FORMAT " failed, %" G_GUINT64_FORMAT " wait; %" G_GUINT64_FORMAT
               " frames, %" G_GUINT64_FORMAT " kept; %" G_GUINT64_FORMAT " streams open%s%s",
               figures[FP_FIGURE_FILES], figures[FP_FIGURE_FILES_FAILED], figures[FP_FIGURE_BACKLOG_FILES], figures[FP_FIGURE_FRAMES],
               figures[FP_FIGURE_KEPT], figures[FP_FIGURE_STREAMS_OPEN], watch->trouble != NULL ? "; waits: " : "",
               watch->trouble != NULL ? watch->trouble : "");
}
