/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h - what to type instead of a command line that does not begin with a command. */
#ifndef FP_SUGGEST_H
#define FP_SUGGEST_H

/* commands: their names, NULL-terminated. words: what was typed after the program's name, at least one, NULL-terminated. Returns lines for
 * standard error; free with g_free. */
char *fp_suggest(const char *const *commands, char **words);

/* Returns which of words, NULL-terminated, word is the beginning of, or a few letters away from; NULL: there is none. */
const char *fp_suggest_nearest(const char *const *words, const char *word);

#endif
