/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-rights.c - which rights the watcher needs for what, and when they end. See watch-internal.h. */
#include <linux/capability.h>

#include "base/error.h"
#include "base/helper.h"
#include "base/journal.h"
#include "base/system-calls.h"
#include "spool/file-writers.h"
#include "tshark/tshark.h"
#include "watch-internal.h"

/* Captures are often another user's: they are read, moved, and asked for leases. */
#define OF_FILES                                                                                                                           \
    (UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_FOWNER | UINT64_C(1) << CAP_LEASE)

/* The folder, and the one that it is in: it is made again there when somebody deletes it. All of / would be no limit. */
static void may_write(FpConfinement *confinement, const char *folder)
{
    g_autofree char *whole = g_canonicalize_filename(folder, NULL);
    g_autofree char *above = g_path_get_dirname(whole);

    fp_confinement_may_write(confinement, whole);
    if (!g_str_equal(above, "/"))
        fp_confinement_may_write(confinement, above);
}

bool fp_watch_begin_rights(Watch *watch, GError **error)
{
    const FpWatchOptions *options = watch->options;
    const FpQuestions *questions = &options->selection.questions;
    const FpTsharkQuestion question = {.fields = questions->fields, .filter = questions->filter};
    const FpConfinementNeeds needs = {.calls = FP_CALLS_WATCH, .capabilities = OF_FILES, .moves_files = true};

    watch->confinement = fp_confinement_new(&options->rights, &needs, error);
    if (watch->confinement == NULL)
        return false;
    fp_tshark_prepare(&question);
    fp_file_writers_prepare();
    fp_inbox_lock_prepare(options->spool.inbox);
    may_write(watch->confinement, options->spool.inbox);
    may_write(watch->confinement, options->spool.state);
    may_write(watch->confinement, options->output);
    fp_confinement_may_write_beside(watch->confinement, options->metrics);
    fp_confinement_may_read_beside(watch->confinement, options->config);
    return fp_helper_begin(error) && fp_confinement_begin_files(watch->confinement, error);
}

bool fp_watch_end_rights(Watch *watch, GError **error)
{
    if (!fp_confinement_begin(watch->confinement, error))
        return false;
    fp_status_set_word(&watch->status, FP_WORD_RIGHTS, fp_confinement_text(watch->confinement));
    if (watch->options->is_verbose)
        fp_journal(G_LOG_LEVEL_MESSAGE, 0, NULL, "rights: %s", fp_confinement_text(watch->confinement));
    return true;
}

bool fp_watch_has_rights_for(const Watch *watch, const FpWatchOptions *options, GError **error)
{
    if (options->metrics == NULL || fp_confinement_reaches(watch->confinement, options->metrics))
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s: metrics can move to another folder only while no watcher runs; restart it",
                options->metrics);
    return false;
}
