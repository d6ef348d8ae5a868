/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outbox.h - the folder in which finished outputs appear, and the hidden one beside them where they are built.
 *
 * The name of a built file holds the claim's number and the final name, so that after a crash nothing else has to be known: up to the
 * committed number everything is published, the rest is built anew.
 */
#ifndef FP_OUTBOX_H
#define FP_OUTBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FpOutbox FpOutbox;

/* Creates the build folder and locks it. id: tells watchers apart that share folder; letters and digits. Returns NULL and sets error. */
FpOutbox *fp_outbox_open(const char *folder, const char *id, GError **error);
void fp_outbox_free(FpOutbox *outbox);

/* Creates the build folder again if it is gone. *is_new: it had to be created, now or by fp_outbox_open, so that nothing that was built is
 * left; that is said once. Returns false and sets error. */
bool fp_outbox_find(FpOutbox *outbox, bool *is_new, GError **error);

/*
 * Returns the name of a claim's output: the name of the input, without the suffix of a compression. If recent, which holds the names of
 * earlier outputs (see recent-names.h), has that name, the claim's number comes before the suffix. Caller frees.
 */
char *fp_outbox_name(const char *input, uint64_t number, const GArray *recent);

/* Returns the path at which to build the output. Caller frees. */
char *fp_outbox_build_path(const FpOutbox *outbox, uint64_t number, const char *name);

/* Syncs the build folder. Returns false and sets error, also when it holds fewer than n files for claims above after. */
bool fp_outbox_sync_built(const FpOutbox *outbox, uint64_t after, unsigned n, GError **error);

/* Publishes what was built for claims up to number, in order, and syncs the output folder. If a name is taken, the claim's number is added
 * to it. Returns false and sets error. */
bool fp_outbox_publish(const FpOutbox *outbox, uint64_t number, GError **error);

/* Removes what was built for claims above number. Returns false and sets error. */
bool fp_outbox_discard(const FpOutbox *outbox, uint64_t number, GError **error);

#endif
