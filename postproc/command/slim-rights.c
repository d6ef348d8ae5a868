/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-rights.c - see slim-rights.h. */
#include "slim-rights.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/helper.h"
#include "base/message.h"
#include "base/notify.h"
#include "base/privileges.h"
#include "base/stop.h"
#include "base/system-calls.h"
#include "output/output.h"
#include "output/rotation.h"
#include "tshark/tshark.h"

#define TICK_US 5000 /* between looks at a process that is waited for */

struct FpSlimRights {
    const FpSlimOptions *options;
    FpConfinement *confinement;
    GArray *inherited; /* of descriptors; NULL: files may be named by them */
};

static bool asks_tshark(const FpQuestions *questions)
{
    return questions->fields != NULL || questions->filter != NULL;
}

/* The helper starts tshark, which takes a right to execute, and looks after outputs in folders that are not the new user's. */
static bool begin_helper(const FpSlimRights *rights, GError **error)
{
    const FpQuestions *questions = &rights->options->selection.questions;
    const FpTsharkQuestion question = {.fields = questions->fields, .filter = questions->filter};

    if (!asks_tshark(questions) && !fp_confinement_changes_user(rights->confinement))
        return true;
    if (asks_tshark(questions))
        fp_tshark_prepare(&question);
    fp_output_expect(rights->options->output);
    fp_output_expect(rights->options->log);
    return fp_helper_begin(error);
}

static bool is_rotated(const FpSlimOptions *options, const char *output)
{
    return options->rotation.seconds > 0 || options->rotation.bytes > 0 ? output == options->output || fp_rotation_is_pattern(output)
                                                                        : false;
}

/* Files of a rotation are begun later, each with another name, by this process itself; and without a helper, all others get their names
 * from it. */
static void name_output(const FpSlimRights *rights, const char *output)
{
    if (output != NULL && (is_rotated(rights->options, output) || (!fp_helper_is_there() && fp_output_is_file_name(output))))
        fp_confinement_creates_beside(rights->confinement, output);
    else
        fp_confinement_may_write_beside(rights->confinement, output);
}

static void name_files(const FpSlimRights *rights)
{
    const FpSlimOptions *options = rights->options;

    for (char **input = options->inputs; input != NULL && *input != NULL; input++)
        fp_confinement_may_read_beside(rights->confinement, *input);
    name_output(rights, options->output);
    name_output(rights, options->log);
    fp_confinement_creates_beside(rights->confinement, options->stats.metrics);
    name_output(rights, options->page);
}

FpSlimRights *fp_slim_rights_new(const FpSlimOptions *options, GError **error)
{
    const bool is_live = options->live.interface != NULL;
    const FpConfinementNeeds needs = {.calls = !is_live                                   ? 0
                                               : options->kernel_cut == FP_KERNEL_CUT_OFF ? FP_CALLS_LIVE
                                                                                          : FP_CALLS_LIVE | FP_CALLS_BPF,
                                      .capabilities = is_live ? 0 : FP_CAPABILITIES_OF_FILES,
                                      .becomes_user = is_live};
    FpSlimRights *rights = g_new0(FpSlimRights, 1);

    rights->options = options;
    rights->inherited = is_live ? fp_descriptor_inherited() : NULL;
    rights->confinement = fp_confinement_new(&options->rights, &needs, error);
    if (rights->confinement != NULL && fp_confinement_changes_user(rights->confinement))
        fp_output_distrust(fp_confinement_user(rights->confinement)->uid); /* no path has been named yet */
    if (rights->confinement != NULL && begin_helper(rights, error)) {
        name_files(rights);
        return rights;
    }
    fp_slim_rights_free(rights);
    return NULL;
}

bool fp_slim_rights_end(FpSlimRights *rights, GError **error)
{
    if (rights->inherited != NULL)
        fp_descriptor_close_inherited(rights->inherited);
    if (!fp_confinement_begin(rights->confinement, error))
        return false;
    if (rights->options->is_verbose)
        fp_message_print("rights: %s", fp_confinement_text(rights->confinement));
    return true;
}

/* A signal to this process is meant for the other one, too. */
static void await(pid_t child)
{
    bool is_told = false;

    while (waitpid(child, NULL, WNOHANG) == 0) {
        if (fp_stop_asked() && !is_told)
            kill(child, SIGTERM);
        is_told = fp_stop_asked();
        fp_notify_feed();
        g_usleep(TICK_US);
    }
}

void fp_slim_rights_try(const FpSlimRights *rights, void (*work)(void *user), void *user)
{
    pid_t child = fp_confinement_user(rights->confinement) != NULL ? fork() : -1;

    if (child > 0)
        await(child);
    if (child > 0)
        return;
    if (child < 0 || fp_confinement_begin(rights->confinement, NULL))
        work(user);
    if (child == 0)
        _exit(0);
}

const FpUser *fp_slim_rights_user(const FpSlimRights *rights)
{
    return fp_confinement_user(rights->confinement);
}

void fp_slim_rights_free(FpSlimRights *rights)
{
    if (rights == NULL)
        return;
    if (rights->inherited != NULL)
        g_array_unref(rights->inherited);
    fp_confinement_free(rights->confinement);
    g_free(rights);
}
