/* SPDX-License-Identifier: GPL-2.0-or-later */
/* said.c - see said.h: the recognisers in their order, and what they share. */
#include "said-internal.h"

#include <stdlib.h>
#include <string.h>

/* As Suricata's app_proto, where it has the protocol. */
static const char *const names[FP_SAID_PROTOCOLS] = {
    [FP_SAID_NOTHING] = "",  [FP_SAID_TLS] = "tls",     [FP_SAID_QUIC] = "quic",      [FP_SAID_HTTP] = "http", [FP_SAID_HTTP2] = "http2",
    [FP_SAID_SSH] = "ssh",   [FP_SAID_PROXY] = "proxy", [FP_SAID_SMTP] = "smtp",      [FP_SAID_FTP] = "ftp",   [FP_SAID_POP3] = "pop3",
    [FP_SAID_IMAP] = "imap", [FP_SAID_MYSQL] = "mysql", [FP_SAID_POSTGRES] = "pgsql", [FP_SAID_MQTT] = "mqtt", [FP_SAID_RDP] = "rdp",
    [FP_SAID_SMB] = "smb",   [FP_SAID_DNS] = "dns",     [FP_SAID_SOCKS] = "socks",    [FP_SAID_XMPP] = "xmpp", [FP_SAID_LDAP] = "ldap",
};

/* The first that does not rule a message out has it, so that more bytes do not give it to another. The first is not looked for behind
 * itself. */
static FpSaidRecogniser *const recognisers[] = {
    fp_said_proxy,
    fp_said_tls,
    fp_said_http,
    fp_said_http2,
    fp_said_ssh,
    fp_said_reply_220,
    fp_said_pop3,
    fp_said_imap,
    fp_said_mysql_server,
    fp_said_mysql_client,
    fp_said_postgres,
    fp_said_mqtt,
    fp_said_rdp,
    fp_said_smb,
    fp_said_socks,
    fp_said_xmpp,
    fp_said_ldap,
    fp_said_dns,
    fp_said_ssh_behind_lines,
};

const char *fp_said_name(FpSaidProtocol protocol)
{
    return names[protocol];
}

void fp_said_prepare(void)
{
    gcry_check_version(NULL);
}

FpSaidWay fp_said_way(const FpSaidFacts *facts)
{
    if (facts->protocol == FP_SAID_HTTP && fp_said_http_is_connect(&facts->http))
        return FP_SAID_WAY_CONNECT;
    return (FpSaidWay)facts->protocol;
}

const char *fp_said_way_name(FpSaidWay way)
{
    if (way == FP_SAID_WAY_CONNECT)
        return "http-connect";
    if (way == FP_SAID_POSTGRES)
        return "postgres";
    return way > FP_SAID_NOTHING && way < FP_SAID_PROTOCOLS ? names[way] : "unknown";
}

FpSaid *fp_said_new(void)
{
    FpSaid *said = calloc(1, sizeof *said);

    if (said == NULL)
        return NULL;
    fp_said_prepare(); /* for callers that have not: libgcrypt wants it before all else */
    if (gcry_md_open(&said->md5, GCRY_MD_MD5, 0))
        said->md5 = NULL; /* in FIPS mode there is none, and no hash of JA3 */
    if (gcry_md_open(&said->sha256, GCRY_MD_SHA256, 0) || gcry_md_open(&said->hmac, GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC) ||
        gcry_cipher_open(&said->aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0) ||
        gcry_cipher_open(&said->aes_gcm, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0)) {
        fp_said_free(said);
        return NULL;
    }
    return said;
}

void fp_said_free(FpSaid *said)
{
    if (said == NULL)
        return;
    gcry_md_close(said->md5);
    gcry_md_close(said->sha256);
    gcry_md_close(said->hmac);
    gcry_cipher_close(said->aes);
    gcry_cipher_close(said->aes_gcm);
    free(said);
}

void fp_said_begin(FpSaidFacts *facts, FpSaidProtocol protocol)
{
    memset(facts, 0, sizeof *facts);
    facts->protocol = protocol;
}

FpSaidResult fp_said_more(const FpSaidMessage *message, FpSaidFacts *facts, size_t wanted_bytes)
{
    if (message->is_over)
        return FP_SAID_UNKNOWN;
    facts->wanted_bytes = wanted_bytes > message->n ? wanted_bytes : message->n + 1;
    return FP_SAID_MORE;
}

FpMatch fp_said_begins(const uint8_t *bytes, size_t n, const char *expected, size_t expected_bytes)
{
    size_t compared = n < expected_bytes ? n : expected_bytes;

    if (compared > 0 && memcmp(bytes, expected, compared) != 0)
        return FP_MATCH_NO;
    return n < expected_bytes ? FP_MATCH_YET : FP_MATCH_YES;
}

bool fp_said_line(const uint8_t *bytes, size_t n, size_t *position, FpSaidText *line)
{
    const uint8_t *start = bytes + *position;
    const uint8_t *end = *position < n ? memchr(start, '\n', n - *position) : NULL;

    if (end == NULL)
        return false;
    *line = (FpSaidText){start, (size_t)(end - start)};
    *position += line->n + 1;
    if (line->n > 0 && start[line->n - 1] == '\r')
        line->n--;
    return true;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool fp_said_text_is(FpSaidText text, const char *expected)
{
    for (size_t i = 0; i < text.n; i++)
        if (expected[i] == '\0' || lower(text.bytes[i]) != lower((uint8_t)expected[i]))
            return false;
    return expected[text.n] == '\0';
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

FpSaidText fp_said_trim(FpSaidText text)
{
    while (text.n > 0 && is_blank(text.bytes[text.n - 1]))
        text.n--;
    while (text.n > 0 && is_blank(text.bytes[0])) {
        text.bytes++;
        text.n--;
    }
    return text;
}

void fp_said_hexadecimal(const uint8_t *bytes, size_t n, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 0xf];
    }
    *text = '\0';
}

static FpSaidResult ask_from(size_t first, FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpSaidResult result = FP_SAID_UNKNOWN;

    fp_said_begin(facts, FP_SAID_NOTHING);
    for (size_t i = first; result == FP_SAID_UNKNOWN && i < sizeof recognisers / sizeof *recognisers; i++)
        result = recognisers[i](said, message, facts);
    return result;
}

FpSaidResult fp_said_recognise_inner(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    return ask_from(1, said, message, facts);
}

FpSaidResult fp_said_recognise(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    return ask_from(0, said, message, facts);
}
