/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-folder.h - the folder that holds a watcher's state: that only one works on it, and its name. */
#ifndef FP_STATE_FOLDER_H
#define FP_STATE_FOLDER_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#define FP_STATE_ID_BYTES 9

typedef struct {
    char *path;
    int lock_fd;
    char id[FP_STATE_ID_BYTES]; /* random, the same as long as the folder lives */
} FpStateFolder;

/* Makes the folder if it is missing, and locks it. Returns false with error set, which says who holds it when somebody does. */
bool fp_state_folder_open(const char *path, FpStateFolder *folder, GError **error);
void fp_state_folder_close(FpStateFolder *folder);

/* Whether it is still there, and still the one that was locked. */
bool fp_state_folder_is_there(const FpStateFolder *folder);

/* Makes and locks it anew, with the same name, where it is not. Returns false with error set; with FP_ERROR_HELD when it is somebody else's
 * now. */
bool fp_state_folder_make_again(FpStateFolder *folder, GError **error);

/* The folder to which outputs went, as it was noted last; before, that in which the state folder is, as it is unless asked otherwise. The
 * caller's. */
char *fp_state_folder_output(const FpStateFolder *folder);

/* Notes it. */
bool fp_state_folder_note_output(const FpStateFolder *folder, const char *output, GError **error);

/* The process that works on the folder at path; 0: none does, or there is none. */
pid_t fp_state_folder_holder(const char *path);

#endif
