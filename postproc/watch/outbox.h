/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outbox.h - the folder in which finished outputs appear, and the hidden one beside them where they are built.
 *
 * What is built has the claim's number and the name that it will have in its name, so that after a crash nothing else has to be known:
 * up to the committed number everything is published, the rest is built anew.
 */
#ifndef FP_OUTBOX_H
#define FP_OUTBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FpOutbox FpOutbox;

/* id: tells watchers apart that share folder; letters and digits. Makes the folder to build in. Returns NULL with error set. */
FpOutbox *fp_outbox_open(const char *folder, const char *id, GError **error);
void fp_outbox_free(FpOutbox *outbox);

/* Makes the folder to build in anew where it is gone. *is_new: whether it had to be made, now or when it was opened, and so nothing is left
 * of what was built; that is said once. Returns false with error set. */
bool fp_outbox_find(FpOutbox *outbox, bool *is_new, GError **error);

/*
 * The name of the output of a claim: that of the input, without what says that it is compressed; with the claim's number before the suffix
 * where the name is in recent, which holds the names of earlier outputs (see recent-names.h). The caller's.
 */
char *fp_outbox_name(const char *input, uint64_t number, const GArray *recent);

/* Where the output is to be built; the caller's. */
char *fp_outbox_build_path(const FpOutbox *outbox, uint64_t number, const char *name);

/* Brings to the disk that files were built for claims above after. Returns false with error set also when fewer than n are there. */
bool fp_outbox_sync_built(const FpOutbox *outbox, uint64_t after, unsigned n, GError **error);

/* Publishes what was built for claims up to number and not published yet, in order, and brings that to the disk. A name that is taken gets
 * the claim's number. */
bool fp_outbox_publish(const FpOutbox *outbox, uint64_t number, GError **error);

/* Removes what was built for claims above number. */
bool fp_outbox_discard(const FpOutbox *outbox, uint64_t number, GError **error);

#endif
