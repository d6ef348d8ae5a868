/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - checks one message against the facts expected of it, in every way that must not matter.
 *
 * The message is given whole and as each of its prefixes; as one that goes on and one that is over; with its end right before a page
 * that must not be touched, and with its start right behind one. A prefix says the same or wants more; a prefix that is over says
 * nothing that the whole message does not say. No two recognisers want the same message. The program ends at the first difference.
 */
#ifndef CHECK_H
#define CHECK_H

#include "bytes.h"
#include "said.h"

/* --seeds FOLDER makes the checks write their messages there, as seeds for the fuzzers. */
void check_begin(int argc, char **argv);

/* Another one of that kind, which is a folder in FOLDER. */
void check_write_seed(const char *kind, const char *name, const void *bytes, size_t n);

/* What the message says, in the form of print.h; NULL: it is unknown. n bytes of it are needed; what follows them must not matter. */
void check_message(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, const char *expected);

/* For a message that ends too early: what it says once it is over. */
void check_cut(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, const char *expected);

/* Datagrams, all of which are needed. NULL: they are unknown once they are over. */
void check_datagrams(const char *name, const FpSaidText *datagrams, size_t n, const char *expected);

/* What the caller works with between two checks. */
FpSaid *check_said(void);

/* Prints to standard output how many checks there were. */
int check_end(void);

/* The bytes of a literal, zeros included. */
#define LITERAL(text) (text), sizeof(text) - 1

#endif
