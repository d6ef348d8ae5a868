/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said-internal.h - what the recognisers have in common.
 *
 * A recogniser looks at a message from its first byte and answers as soon as a byte contradicts its protocol. It reads
 * no byte beyond n, and returns fp_said_more where it would have to.
 */
#ifndef FP_SAID_INTERNAL_H
#define FP_SAID_INTERNAL_H

#include "read.h"

#include <gcrypt.h>

#define FP_SAID_DATAGRAM_BYTES_MAX 65535

/* A name of 255 bytes (RFC 1035 2.3.4), four characters for a byte. */
#define FP_SAID_NAME_BYTES_MAX (4 * 255)

struct FpSaid {
    gcry_md_hd_t md5, sha256, hmac;
    gcry_cipher_hd_t aes, aes_gcm;
    uint8_t hello[FP_SAID_HELLO_BYTES_MAX];
    uint8_t has[FP_SAID_HELLO_BYTES_MAX / 8];   /* a bit for each byte of hello that QUIC has brought */
    uint8_t opened[FP_SAID_DATAGRAM_BYTES_MAX]; /* a QUIC packet without its protection */
    uint16_t numbers[FP_SAID_HELLO_BYTES_MAX / 2];
    uint8_t name[FP_SAID_NAME_BYTES_MAX];
};

typedef FpSaidResult FpSaidRecogniser(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts);

FpSaidRecogniser fp_said_tls, fp_said_http, fp_said_http2, fp_said_ssh, fp_said_ssh_behind_lines, fp_said_proxy, fp_said_reply_220,
    fp_said_pop3, fp_said_imap, fp_said_mysql_server, fp_said_mysql_client, fp_said_postgres, fp_said_mqtt, fp_said_rdp, fp_said_smb,
    fp_said_dns, fp_said_socks, fp_said_xmpp, fp_said_ldap;

/* All of them but fp_said_proxy: what may stand behind its header. */
FpSaidRecogniser fp_said_recognise_inner;

/* Facts of this protocol begin: all that was noted is forgotten. */
void fp_said_begin(FpSaidFacts *facts, FpSaidProtocol protocol);

/*
 * More bytes are needed; there are none if the message is over. wanted_bytes: with fewer the answer is the same; 0 where the
 * next byte may contradict.
 */
FpSaidResult fp_said_more(const FpSaidMessage *message, FpSaidFacts *facts, size_t wanted_bytes);

/* Whether bytes begin with expected, as far as there are any. */
typedef enum { FP_MATCH_NO, FP_MATCH_YET, FP_MATCH_YES } FpMatch;
FpMatch fp_said_begins(const uint8_t *bytes, size_t n, const char *expected, size_t expected_bytes);
#define FP_SAID_BEGINS(bytes, n, literal) fp_said_begins(bytes, n, literal, sizeof(literal) - 1)

/* The line that starts at *position, without CR LF or LF, and *position behind it. false: it has no end yet. */
bool fp_said_line(const uint8_t *bytes, size_t n, size_t *position, FpSaidText *line);

/* Without regard to case, of ASCII letters. */
bool fp_said_text_is(FpSaidText text, const char *expected);

/* Without the spaces and tabs around it. */
FpSaidText fp_said_trim(FpSaidText text);

/*
 * The body of a ClientHello, behind the four bytes of its handshake header: present_bytes of whole_bytes. Sets facts->tls
 * and, where it is cut or contradicts itself, facts->is_cut. transport is JA4's first letter.
 */
void fp_said_hello(FpSaid *said, const uint8_t *body, size_t present_bytes, size_t whole_bytes, char transport, FpSaidFacts *facts);

/* What the fingerprints go over, of a hello that is whole. */
FpSaidItems fp_said_tls_groups(const FpSaidTls *tls);
FpSaidItems fp_said_tls_point_formats(const FpSaidTls *tls);
FpSaidItems fp_said_tls_algorithms(const FpSaidTls *tls);
bool fp_said_next_extension(FpSaidText *extensions, uint16_t *type, FpSaidText *data);
bool fp_said_is_grease(uint16_t number);

void fp_said_ja3_hash(FpSaid *said, FpSaidTls *tls);
void fp_said_ja4(FpSaid *said, FpSaidTls *tls, char transport);

/* Two lower-case digits for each byte, and a NUL. */
void fp_said_hexadecimal(const uint8_t *bytes, size_t n, char *text);

#define FP_SAID_QUIC_V2 0x6b3343cfU

/* Whether the keys of a version are known. */
bool fp_said_quic_is_known(uint32_t version);

/* Of one sender's Initial packets (RFC 9001 5.1). */
typedef struct {
    uint8_t key[16], iv[12], header[16];
} FpSaidQuicKeys;

/* Keys of the client, from the Destination Connection ID of its first Initial. false: of this version they are not known. */
bool fp_said_quic_keys(FpSaid *said, uint32_t version, FpSaidText connection_id, FpSaidQuicKeys *keys);

/* A variable-length integer (RFC 9000 16). */
uint64_t fp_said_quic_integer(FpReader *reader);

/* What CRYPTO frames have brought in their stream (RFC 9000 19.6) is in FpSaid; this forgets it. */
void fp_said_quic_forget(FpSaid *said);

/* Takes the frames of an Initial whose protection is off, up to one that it must not have, or that is cut. */
void fp_said_quic_frames(FpSaid *said, const uint8_t *bytes, size_t n);

/* How many bytes of said->hello are there from its first on. */
size_t fp_said_quic_ready_bytes(const FpSaid *said);

#endif
