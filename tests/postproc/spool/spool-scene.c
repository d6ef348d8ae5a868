/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-scene.c - see spool-scene.h. */
#include "spool-scene.h"

FpSpoolOptions options;

void begin_spool(void)
{
    begin_world();
    make_folder("state");
    make_file("state/lock", "", 0);
    options =
        (FpSpoolOptions){.inbox = in_tree("in"), .state = in_tree("state"), .then = FP_THEN_ARCHIVE, .unchanged_s = 30, .wait_s = WAIT_S};
}

void end_spool(FpSpool *spool)
{
    fp_spool_free(spool);
    g_free((char *)options.inbox);
    g_free((char *)options.state);
    end_tree();
}

FpSpool *open_spool(void)
{
    g_autoptr(GError) error = NULL;
    FpSpool *spool = fp_spool_open(&options, &error);

    g_assert_no_error(error);
    g_assert_nonnull(spool);
    return spool;
}

void check_claims(const FpSpool *spool, const char *expected)
{
    GString *claims = g_string_new("");

    for (guint i = 0; i < fp_spool_n_claims(spool); i++) {
        const FpClaim *claim = fp_spool_claim_at(spool, i);
        g_autofree char *before = claim->records_before > 0 ? g_strdup_printf("+%u", (unsigned)claim->records_before) : g_strdup("");
        g_autofree char *file = g_strdup_printf("%016u%s-%s", (unsigned)claim->number, before, claim->name);
        g_autofree char *path = claim->identity != 0 ? in_inbox(claim->name) : g_build_filename(tree, "state", "claim", file, NULL);
        g_assert_cmpstr(claim->path, ==, path);
        g_string_append_printf(claims, "%s%u%s %s", i > 0 ? ", " : "", (unsigned)claim->number, before, claim->name);
    }
    g_assert_cmpstr(claims->str, ==, expected);
    g_string_free(claims, TRUE);
}

void claim_all(FpSpool *spool, uint64_t after)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fp_spool_claim(spool, after, NULL, &error));
    g_assert_no_error(error);
}
