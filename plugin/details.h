/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * details.h - which of Wireshark's fields tell most about a first message: a table in the preferences, and the file firstpayload_details of
 * the profile.
 */
#ifndef FP_DETAILS_H
#define FP_DETAILS_H

#include "compat.h"

#include <epan/prefs.h>

/* Registers the table, and a preference that takes its place. To be called once. */
void fp_details_register(module_t *module);

/* To be called before the first frame of a file. Fields that this Wireshark does not have are warned about, but for the defaults: those of
 * the preference here, those of the table when they are first looked for. */
void fp_details_begin_file(void);

/* Returns the fields, as an array of int, in the order in which they are to be looked for. NULL before fp_details_begin_file. */
const GArray *fp_details(void);

#endif
