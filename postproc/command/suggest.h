/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h - a command line that begins with no command -> what to type instead. */
#ifndef FP_SUGGEST_H
#define FP_SUGGEST_H

/* commands: their names, up to a NULL. words: what was typed behind the program's name, at least one, up to a NULL. Returns lines for
 * standard error; free with g_free. */
char *fp_suggest(const char *const *commands, char **words);

#endif
