/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said.h - the first bytes that a side sends -> what they say: which protocol, and the names in it.
 *
 * Nothing is guessed from a port, and nothing is known of packets: bytes in, facts out. libc and libgcrypt alone. No
 * memory is taken but in fp_said_new. The same bytes give the same facts.
 *
 * Whoever sends these bytes may lie: facts are what was said. Texts are bytes as sent, in any encoding, with any
 * control character; escape them before they are shown.
 */
#ifndef FP_SAID_H
#define FP_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A ClientHello in several TLS records, or in QUIC, is put together up to this; one that is longer is cut. */
#define FP_SAID_HELLO_BYTES_MAX 65536

/* The longest text that fp_said_tls_ja3 makes, its NUL included: a byte of a hello becomes four characters at most. */
#define FP_SAID_JA3_BYTES_MAX (4 * FP_SAID_HELLO_BYTES_MAX + 16)

/* In the order of the table in said.c, which has their names. A new one comes last: see FpSaidWay. */
typedef enum {
    FP_SAID_NOTHING,
    FP_SAID_TLS,
    FP_SAID_QUIC,
    FP_SAID_HTTP,
    FP_SAID_HTTP2,
    FP_SAID_SSH,
    FP_SAID_PROXY, /* a PROXY header and nothing behind it that is known */
    FP_SAID_SMTP,
    FP_SAID_FTP,
    FP_SAID_POP3,
    FP_SAID_IMAP,
    FP_SAID_MYSQL,
    FP_SAID_POSTGRES,
    FP_SAID_MQTT,
    FP_SAID_RDP,
    FP_SAID_SMB,
    FP_SAID_DNS,
    FP_SAID_SOCKS,
    FP_SAID_XMPP,
    FP_SAID_LDAP,
    FP_SAID_PROTOCOLS,
} FpSaidProtocol;

typedef enum {
    FP_SAID_UNKNOWN, /* none of the protocols, whatever follows */
    FP_SAID_MORE,    /* may be one of them: ask again with more bytes */
    FP_SAID_ENOUGH,  /* facts are set, and more bytes would not change them */
} FpSaidResult;

typedef enum {
    FP_SAID_BY_ANYBODY, /* not known who */
    FP_SAID_BY_CLIENT,
    FP_SAID_BY_SERVER,
} FpSaidSpeaker;

/* Bytes of somebody else: NULL where nothing was said; n may be 0 where something empty was. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
} FpSaidText;

/* What one side of a TCP stream sent, from its first byte on, in order and without holes. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
    FpSaidSpeaker speaker; /* greetings are a server's; who else writes to a server's ear is not told from them */
    bool is_over;          /* nothing will follow: what there is has to be enough, and the result is not MORE */
    bool is_later;         /* the other side was heard before: lines in front of SSH's are not waited through */
} FpSaidMessage;

/* TLS ClientHello (RFC 8446 4.1.2), over TCP or in QUIC. */
typedef struct {
    uint16_t version;       /* legacy_version */
    FpSaidText server_name; /* the first host_name (RFC 6066 3) */
    bool offers_ech;        /* encrypted_client_hello, be it GREASE (draft-ietf-tls-esni) */
    FpSaidText ciphers;     /* as on the wire, two bytes each */
    FpSaidText extensions;  /* as on the wire: type, length, data; those that are there whole */
    char ja3_hash[33];      /* MD5 of the JA3 string, hexadecimal; empty where the hello is cut, or libgcrypt in FIPS mode */
    char ja4[37];           /* empty where the hello is cut */
} FpSaidTls;

/* HTTP/1 request (RFC 9112 3). For FP_SAID_HTTP2 (preface, RFC 9113 3.4) protocol alone. */
typedef struct {
    FpSaidText method;
    FpSaidText target;     /* as sent, up to the next space */
    FpSaidText protocol;   /* HTTP/1.1; NULL in HTTP/0.9 */
    FpSaidText host;       /* the first Host field, with its port */
    FpSaidText hostname;   /* the same without; an IPv6 address in its brackets */
    uint32_t port;         /* of the first Host field; 0: none, or no number */
    FpSaidText user_agent; /* the first User-Agent field */
} FpSaidHttp;

/* SSH identification (RFC 4253 4.2): SSH-protoversion-softwareversion SP comments. */
typedef struct {
    FpSaidText banner; /* the whole line */
    FpSaidText proto_version, software_version;
    FpSaidText comments;
} FpSaidSsh;

/* First line of a server's greeting, behind its code, of SMTP, FTP, POP3, IMAP. */
typedef struct {
    FpSaidText text;
} FpSaidGreeting;

typedef struct {
    FpSaidText server_version; /* of the server's greeting */
    bool is_ssl_request;       /* of the client's answer, as all that follows */
    FpSaidText user, database;
} FpSaidMysql;

typedef enum {
    FP_SAID_POSTGRES_STARTUP,
    FP_SAID_POSTGRES_SSL,
    FP_SAID_POSTGRES_GSSENC,
    FP_SAID_POSTGRES_CANCEL,
} FpSaidPostgresRequest;

typedef struct {
    FpSaidPostgresRequest request;
    FpSaidText user, database, application; /* of FP_SAID_POSTGRES_STARTUP */
} FpSaidPostgres;

/* MQTT CONNECT (MQTT 3.1.1 and 5.0, 3.1). */
typedef struct {
    FpSaidText protocol; /* MQTT; MQIsdp in 3.1 */
    uint8_t version;     /* 3: 3.1; 4: 3.1.1; 5: 5.0 */
    FpSaidText client_id, user;
} FpSaidMqtt;

/* RDP connection request (MS-RDPBCGR 2.2.1.1). */
typedef struct {
    FpSaidText cookie; /* user name behind mstshash= */
    FpSaidText token;  /* or the routing token, whole */
    bool has_protocols;
    uint32_t requested_protocols; /* bits: 1 TLS, 2 CredSSP, 4 RDSTLS, 8 CredSSP with early result, 16 RDS AAD */
} FpSaidRdp;

/* SMB request over TCP (MS-SMB 2.1, MS-SMB2 2.1). */
typedef struct {
    uint8_t version;     /* 1, or 2 (which is 3, too) */
    uint16_t command;    /* 0x72 is negotiate in 1, 0 in 2 */
    FpSaidText dialects; /* of a negotiate request, as on the wire: fp_said_smb_next_dialect */
} FpSaidSmb;

/* DNS query over TCP (RFC 1035 4.2.2). */
typedef struct {
    uint16_t id;
    uint8_t opcode;  /* 0: query, 4: notify, 5: update */
    FpSaidText name; /* as in a master file, without the last dot; the root: empty */
    uint16_t type, class;
} FpSaidDns;

/* SOCKS request: of version 4, 4a, or 5 (RFC 1928). Of methods alone, as version 5 begins, version is set and nothing else. */
typedef struct {
    uint8_t version;
    uint8_t command;       /* 1: connect, 2: bind, 3: UDP associate; 0: none yet */
    uint8_t address_bytes; /* 4, 16; 0: host names the target */
    uint8_t address[16];
    FpSaidText host;
    uint16_t port;
    FpSaidText user; /* version 4 */
} FpSaidSocks;

/* XMPP stream header (RFC 6120 4.7). Texts are as sent: entities of XML stay as they are. */
typedef struct {
    FpSaidText to, from;
} FpSaidXmpp;

/* LDAP extended request (RFC 4511 4.12). */
typedef struct {
    uint32_t message_id;
    FpSaidText request_name; /* an OID */
} FpSaidLdap;

/* PROXY protocol, version 1 or 2 (haproxy.org, proxy-protocol.txt): whom the proxy speaks for. */
typedef struct {
    uint8_t version;       /* 0: no header */
    uint8_t address_bytes; /* 4, 16; 0: the proxy does not say, or speaks for itself */
    uint8_t source[16], destination[16];
    uint16_t source_port, destination_port;
} FpSaidProxy;

/* Texts point into the message, or into the FpSaid, where the next call overwrites them. */
typedef struct {
    FpSaidProtocol protocol;
    bool is_cut;           /* broke off, or contradicts itself: what stood whole before that is told */
    size_t wanted_bytes;   /* FP_SAID_MORE: asking with fewer bytes gives the same; more than message.n */
    FpSaidProxy proxy;     /* what stood before all else */
    size_t tls_at;         /* so many bytes of the message ask for TLS, or for a way to it: behind them a ClientHello of the same side may
                              follow, without an answer in between; 0: none */
    uint32_t quic_version; /* FP_SAID_QUIC */
    union {
        FpSaidTls tls;   /* FP_SAID_TLS, FP_SAID_QUIC */
        FpSaidHttp http; /* FP_SAID_HTTP, FP_SAID_HTTP2 */
        FpSaidSsh ssh;
        FpSaidGreeting greeting; /* FP_SAID_SMTP, FP_SAID_FTP, FP_SAID_POP3, FP_SAID_IMAP */
        FpSaidMysql mysql;
        FpSaidPostgres postgres;
        FpSaidMqtt mqtt;
        FpSaidRdp rdp;
        FpSaidSmb smb;
        FpSaidDns dns;
        FpSaidSocks socks;
        FpSaidXmpp xmpp;
        FpSaidLdap ldap;
    };
} FpSaidFacts;

/* Room to put hellos together, and libgcrypt's handles. One for each thread. */
typedef struct FpSaid FpSaid;

/*
 * Prepares libgcrypt. To be called when the program begins: libgcrypt ends the process when it cannot open the file that says whether the
 * system wants FIPS mode, as when there are no descriptors left.
 */
void fp_said_prepare(void);

/* NULL: no memory, or a libgcrypt without SHA-256 or AES. The caller frees it with fp_said_free. */
FpSaid *fp_said_new(void);

/* NULL is allowed. */
void fp_said_free(FpSaid *said);

/* What one side of a TCP stream said first. facts are all zero, but for wanted_bytes, unless the result is FP_SAID_ENOUGH. */
FpSaidResult fp_said_recognise(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts);

/*
 * The same of UDP: the n datagrams that one side sent first, in the order of capture, each whole. QUIC alone
 * (RFC 9000 17.2.2, RFC 9001 5.2, RFC 9369); wanted_bytes is not used.
 */
FpSaidResult fp_said_recognise_datagrams(FpSaid *said, const FpSaidText *datagrams, size_t n, bool is_over, FpSaidFacts *facts);

/* As Suricata's app_proto has it where it knows the protocol: "tls", "pgsql", ...; "" for FP_SAID_NOTHING. */
const char *fp_said_name(FpSaidProtocol protocol);

/* Whether a request asks for a tunnel (RFC 9110 9.3.6): what follows is another protocol. */
bool fp_said_http_is_connect(const FpSaidHttp *http);

/* Whether an extended request asks for TLS (RFC 4511 4.14). */
bool fp_said_ldap_is_starttls(const FpSaidLdap *ldap);

/*
 * What leads to TLS: a protocol that a side spoke, or HTTP's CONNECT. Numbers are kept in checkpoints, so new protocols come last.
 */
typedef uint8_t FpSaidWay;
enum { FP_SAID_WAY_CONNECT = 200, FP_SAID_WAYS };

FpSaidWay fp_said_way(const FpSaidFacts *facts);

/* As the log has it: "smtp", "postgres", "http-connect", ...; "unknown" for FP_SAID_NOTHING, and for numbers that are none. */
const char *fp_said_way_name(FpSaidWay way);

/* A walk over lists of a hello: all that it offers, in its order. Set by one of the three below. */
typedef struct {
    FpSaidText extensions; /* not yet looked at */
    FpSaidText items;      /* of one extension, not yet taken */
    uint16_t type;
    uint8_t length_bytes, item_bytes;
} FpSaidItems;

/* supported_versions (RFC 8446 4.2.1), for fp_said_items_next_number, GREASE (RFC 8701) included. */
FpSaidItems fp_said_tls_versions(const FpSaidTls *tls);

/* application_layer_protocol_negotiation (RFC 7301 3.1), for fp_said_items_next_text. */
FpSaidItems fp_said_tls_alpn(const FpSaidTls *tls);

/* false: there are no more. */
bool fp_said_items_next_number(FpSaidItems *items, uint16_t *number);
bool fp_said_items_next_text(FpSaidItems *items, FpSaidText *text);

/*
 * The JA3 string: version, ciphers, extensions, groups and point formats, decimal, without GREASE. Writes at most
 * text_bytes, NUL included, and returns what the whole takes without NUL, as snprintf does. Empty where the hello is cut.
 */
size_t fp_said_tls_ja3(const FpSaidTls *tls, char *text, size_t text_bytes);

/*
 * The next dialect of an SMB negotiate request, and dialects without it. Of version 1 name is set (MS-CIFS 2.2.4.52.1), of 2 number
 * (MS-SMB2 2.2.3). false: there are no more.
 */
bool fp_said_smb_next_dialect(uint8_t version, FpSaidText *dialects, FpSaidText *name, uint16_t *number);

#endif
