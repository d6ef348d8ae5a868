/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secrets.h - the first bytes that a side sends -> where passwords, cookies and tokens stand in them.
 *
 * Nothing is read back, so a part from the first byte on has its secrets where the whole has them. What may be the beginning of a secret
 * and breaks off counts as one.
 */
#ifndef FP_SAID_SECRETS_H
#define FP_SAID_SECRETS_H

#include "said.h"

/* Called for each piece of a secret: n bytes from start on, at least one. They come in their order, do not overlap, and are not read again,
 * so that they may be overwritten at once. */
typedef void FpSaidSecretFound(void *user, size_t start, size_t n);

/*
 * Finds the secrets in n bytes. facts: what they say, with FP_SAID_NOTHING if that is not known. from_middle: nobody knows what stood
 * before the first byte, so the first line may be the rest of a secret.
 *
 * Those of text, whatever the protocol is: values of HTTP fields (RFC 9110 11.6.2, RFC 6265 4) that name credentials, folded ones too (RFC
 * 9112 5.2); user information in URLs (RFC 3986 3.2.1); what stands behind the words with which FTP, POP3, IMAP, SMTP, NNTP, IRC, Redis and
 * NATS authenticate; elements of XML with which XMPP does. Of binary protocols: MQTT, MySQL, PostgreSQL, HTTP/2, LDAP, SNMP, SOCKS, X11.
 */
void fp_said_secrets(const uint8_t *bytes, size_t n, const FpSaidFacts *facts, bool from_middle, FpSaidSecretFound *found, void *user);

/* Replaces each byte of a secret by an asterisk. Returns whether there was any. */
bool fp_said_redact(uint8_t *bytes, size_t n, const FpSaidFacts *facts, bool from_middle);

#endif
