/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.h - the configuration file of a service (firstpayload.conf(5)) -> options, as a command line has them. */
#ifndef FP_CONFIG_H
#define FP_CONFIG_H

#include <glib.h>
#include <stdbool.h>

/* A key that stands for no option: where its value goes, which the caller frees. */
typedef struct {
    const char *name; /* NULL ends a list of these */
    char **value;
} FpConfigValue;

/* What such a file may have. */
typedef struct {
    const char *group;           /* the only one */
    const char *const *not_keys; /* options that make sense on a command line only */
    const FpConfigValue *values; /* NULL: none */
    const char *page;            /* says which keys there are */
} FpConfigForm;

/* Reads the file at path and adds what its keys stand for to words, as strings from g_malloc: a key is a long option of these, by its name.
 * Returns false and sets error: FP_ERROR_CONFIG, with the path. */
bool fp_config_read(const FpConfigForm *form, const char *path, const GArray *options, GPtrArray *words, GError **error);

#endif
