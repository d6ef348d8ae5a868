/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-folder.h - the folder that holds a watcher's state: its lock, so that only one watcher works on it, and its name. */
#ifndef FP_STATE_FOLDER_H
#define FP_STATE_FOLDER_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define FP_STATE_ID_BYTES 9

typedef struct {
    char *path;
    int lock_fd;
    char id[FP_STATE_ID_BYTES]; /* random; stays the same as long as the folder lives */
} FpStateFolder;

/* Creates the folder if it is missing, and locks it. Returns false and sets error, which names the process that holds it, if one does. */
bool fp_state_folder_open(const char *path, FpStateFolder *folder, GError **error);
void fp_state_folder_close(FpStateFolder *folder);

/* Whether the folder is still there, and still the one that was locked. */
bool fp_state_folder_is_there(const FpStateFolder *folder);

/* Creates the folder again if it is missing, and locks it, under the same name. Returns false and sets error; FP_ERROR_HELD when it belongs
 * to another watcher now. */
bool fp_state_folder_make_again(FpStateFolder *folder, GError **error);

/* Returns the output folder that was noted last; if none was, the folder that the state folder is in, which is the default. Caller
 * frees. */
char *fp_state_folder_output(const FpStateFolder *folder);

/* Notes the output folder. Returns false and sets error. */
bool fp_state_folder_note_output(const FpStateFolder *folder, const char *output, GError **error);

/* The process that works on the folder at path; 0: none, or there is no such folder. */
pid_t fp_state_folder_holder(const char *path);

#endif
