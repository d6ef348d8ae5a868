/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - one message held against the facts expected of it, in every way that must not matter.
 *
 * The message whole, and each of its prefixes: more to come and over, its end before a page that must not be touched,
 * and its start behind one. A prefix says the same or wants more; one that is over says nothing that the whole does not
 * say. No two recognisers want the same message. Ends the program at the first that is otherwise.
 */
#ifndef CHECK_H
#define CHECK_H

#include "bytes.h"
#include "said.h"

/* --seeds FOLDER makes the checks write their messages there, for the fuzzers to begin with. */
void check_begin(int argc, char **argv);

/* Another one of that kind, which is a folder in FOLDER. */
void check_write_seed(const char *kind, const char *name, const void *bytes, size_t n);

/* What the message says, as print.h has it; NULL: it is unknown. n bytes of it are needed; what is behind must not matter. */
void check_message(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, const char *facts);

/* Of one that ends too early: what it says once it is over. */
void check_cut(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, const char *facts);

/* Datagrams; all of them are needed. NULL: they are unknown once they are over. */
void check_datagrams(const char *name, const FpSaidText *datagrams, size_t n, const char *facts);

/* What the caller works with, between two checks. */
FpSaid *check_said(void);

/* How many checks there were, on standard output. */
int check_end(void);

/* Bytes of a literal, its zeros included. */
#define LITERAL(text) (text), sizeof(text) - 1

#endif
