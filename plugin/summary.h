/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary.h - what was said first, in one short line: the protocol that Wireshark found and its telling detail, or the text.
 *
 * The details are Wireshark's own fields (a server name, a host), as listed in a preference. They are looked up where somebody asks for a
 * field that needs them: nothing is done in other runs.
 */
#ifndef FP_SUMMARY_H
#define FP_SUMMARY_H

#include "compat.h"

/* Fields of which the first that is there tells most of a first message; their order matters only within a protocol. */
#define FP_SUMMARY_DETAILS                                                                                                                 \
    "tls.handshake.extensions_server_name http.host http2.headers.authority dns.qry.name rdp.rt_cookie mqtt.clientid "                     \
    "kerberos.CNameString ldap.name mysql.version nbss.called_name diameter.Origin-Host iscsi.keyvalue socks.remote_name "                 \
    "bgp.open.identifier"

/* What there is to say, as the caller knows it. */
typedef struct {
    const char *side;     /* who spoke */
    const char *protocol; /* NULL: Wireshark found none */
    const char *detail;   /* NULL: none */
    const char *text;     /* as fp_text; NULL: nothing was captured of it */
    bool is_line;         /* the text is a line, and not hexadecimal */
    bool is_continued;    /* the message does not end in this frame */
    uint32_t bytes;
} FpSummary;

/* Takes over the preference: names of fields, separated by spaces or commas. Of those that this Wireshark does not have, it warns once. */
void fp_summary_set_details(const char *names);

/* To be called before TCP is dissected, for frames that may be asked for details: else Wireshark does not keep the fields. Does nothing
 * unless fields are asked for that need them. */
void fp_summary_prime(proto_tree *tree);

/* The first detail that there is in the frame, printable and short, allocated in scope; or NULL. */
const char *fp_summary_detail(wmem_allocator_t *scope, proto_tree *tree);

/* The frame in which the message that begins in this one is whole; 0: here, or that is not known (yet). */
uint32_t fp_summary_continued_in(proto_tree *tree);

/* Whether a message that is whole in this frame began in frame. */
bool fp_summary_continues(proto_tree *tree, uint32_t frame);

/* "client 245: TLS www.example.org", allocated in scope. */
const char *fp_summary_line(wmem_allocator_t *scope, const FpSummary *summary);

#endif
