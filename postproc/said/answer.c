/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answer.c - see answer.h. */
#include "answer.h"

#include <string.h>

#include "said-internal.h"

static FpSaidResult more(const FpSaidMessage *message)
{
    return message->is_over ? FP_SAID_UNKNOWN : FP_SAID_MORE;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* RFC 9112 4: HTTP-version SP 3DIGIT, and SP, which many leave out. */
static FpSaidResult http(const FpSaidMessage *message, FpSaidAnswer *answer)
{
    static const char form[] = "HTTP/d.d ddd";
    const size_t n = sizeof form - 1;

    for (size_t i = 0; i < n && i < message->n; i++)
        if (form[i] == 'd' ? !is_digit(message->bytes[i]) : message->bytes[i] != (uint8_t)form[i])
            return FP_SAID_UNKNOWN;
    if (message->n < n || (message->n == n && !message->is_over))
        return more(message);
    if (message->n > n && strchr(" \r\n", message->bytes[n]) == NULL)
        return FP_SAID_UNKNOWN;
    const uint8_t *status = message->bytes + n - 3;
    answer->protocol = FP_SAID_HTTP;
    answer->http = (FpSaidHttpAnswer){.protocol = {message->bytes, n - 4},
                                      .status = (uint16_t)((status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0'))};
    return FP_SAID_ENOUGH;
}

/* Lines before the one with the name are not waited for: whoever answers with text would be. */
static FpSaidResult ssh(FpSaid *said, const FpSaidMessage *message, FpSaidAnswer *answer)
{
    FpSaidFacts facts = {0};
    FpSaidResult result = fp_said_ssh(said, message, &facts);

    if (result != FP_SAID_ENOUGH)
        return result;
    *answer = (FpSaidAnswer){.protocol = FP_SAID_SSH, .is_cut = facts.is_cut, .ssh = facts.ssh};
    return result;
}

enum {
    RECORD_HEADER_BYTES = 5,
    RECORD_BYTES_MAX = 16384 + 2048, /* as for a ClientHello, tls.c */
    TYPE_HANDSHAKE = 22,
    HANDSHAKE_HEADER_BYTES = 4,
    SERVER_HELLO = 2,
    EXTENSION_ALPN = 16,
    EXTENSION_SUPPORTED_VERSIONS = 43,
};

/* The random of a HelloRetryRequest (RFC 8446 4.1.3). */
static const uint8_t retry_random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                         0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* Joins the fragments of records (RFC 8446 5.1) in said, until all of the ServerHello is there, or something else stands where it should go
 * on. Returns how many bytes there are. *may_go_on: more of it may come. */
static size_t join(FpSaid *said, const FpSaidMessage *message, bool *may_go_on)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    size_t n = 0;

    for (;;) {
        size_t whole = n < HANDSHAKE_HEADER_BYTES
                           ? HANDSHAKE_HEADER_BYTES
                           : HANDSHAKE_HEADER_BYTES + ((size_t)said->hello[1] << 16 | (size_t)said->hello[2] << 8 | said->hello[3]);
        *may_go_on = false;
        if (n >= HANDSHAKE_HEADER_BYTES && n >= whole)
            return whole;
        if (n == sizeof said->hello)
            return n;
        uint8_t type = fp_read8(&reader), major = fp_read8(&reader), minor = fp_read8(&reader);
        size_t record_bytes = fp_read16(&reader);
        *may_go_on = reader.is_short;
        if (reader.is_short)
            return n;
        if (type != TYPE_HANDSHAKE || major != 3 || minor > 4 || record_bytes > RECORD_BYTES_MAX)
            return n;
        FpSaidText fragment = fp_read_text_at_most(&reader, record_bytes);
        size_t room = sizeof said->hello - n, taken = fragment.n < room ? fragment.n : room;
        if (taken > 0)
            memcpy(said->hello + n, fragment.bytes, taken);
        n += taken;
        if (fragment.n < record_bytes && n < whole) { /* all that there is has been taken; of a hello the length may not be known yet */
            *may_go_on = true;
            return n;
        }
    }
}

/* Extensions of a ServerHello (RFC 8446 4.2): false: they break off. */
static bool take_extensions(FpReader *reader, FpSaidServerHello *hello)
{
    FpReader all = *reader;
    size_t n = fp_read16(&all);

    if (fp_reader_left(reader) == 0)
        return true; /* before RFC 3546 there were none */
    bool is_whole = !all.is_short && n <= fp_reader_left(&all);
    while (!all.is_short && fp_reader_left(&all) > 0) {
        uint16_t type = fp_read16(&all);
        FpSaidText data = fp_read_text(&all, fp_read16(&all));
        FpReader value = fp_reader(data.bytes, data.n);
        if (all.is_short)
            return false;
        if (type == EXTENSION_SUPPORTED_VERSIONS && data.n >= 2)
            hello->version = fp_read16(&value);
        if (type == EXTENSION_ALPN) {
            fp_read16(&value);
            hello->alpn = fp_read_text(&value, fp_read8(&value));
        }
    }
    return is_whole && !all.is_short;
}

static bool take_hello(const uint8_t *bytes, size_t n, FpSaidAnswer *answer)
{
    FpReader reader = fp_reader(bytes, n);
    FpSaidServerHello hello = {0};

    fp_read_text(&reader, HANDSHAKE_HEADER_BYTES);
    hello.version = fp_read16(&reader);
    FpSaidText random = fp_read_text(&reader, sizeof retry_random);
    fp_read_text(&reader, fp_read8(&reader)); /* legacy_session_id_echo */
    hello.cipher = fp_read16(&reader);
    fp_read8(&reader); /* legacy_compression_method */
    if (reader.is_short || random.bytes == NULL)
        return false;
    hello.is_retry = memcmp(random.bytes, retry_random, sizeof retry_random) == 0;
    answer->protocol = FP_SAID_TLS;
    answer->is_cut = !take_extensions(&reader, &hello);
    answer->tls = hello;
    return true;
}

static FpSaidResult tls(FpSaid *said, const FpSaidMessage *message, FpSaidAnswer *answer)
{
    const uint8_t *bytes = message->bytes;
    const size_t n = message->n;
    bool may_go_on;

    if ((n > 0 && bytes[0] != TYPE_HANDSHAKE) || (n > 1 && bytes[1] != 3) || (n > 2 && bytes[2] > 4) ||
        (n > RECORD_HEADER_BYTES && bytes[RECORD_HEADER_BYTES] != SERVER_HELLO))
        return FP_SAID_UNKNOWN;
    size_t joined = join(said, message, &may_go_on);
    if (joined > HANDSHAKE_HEADER_BYTES && said->hello[HANDSHAKE_HEADER_BYTES] != 3 && said->hello[HANDSHAKE_HEADER_BYTES] != 0x7f)
        return FP_SAID_UNKNOWN;
    if (may_go_on && !message->is_over)
        return more(message);
    return joined > 0 && said->hello[0] == SERVER_HELLO && take_hello(said->hello, joined, answer) ? FP_SAID_ENOUGH : FP_SAID_UNKNOWN;
}

FpSaidResult fp_said_answer(FpSaid *said, const FpSaidMessage *message, FpSaidAnswer *answer)
{
    memset(answer, 0, sizeof *answer);
    FpSaidResult result = tls(said, message, answer);
    if (result == FP_SAID_UNKNOWN)
        result = http(message, answer);
    return result == FP_SAID_UNKNOWN ? ssh(said, message, answer) : result;
}

/* Those that servers of today choose (RFC 8446 B.4, RFC 5289, RFC 7905, RFC 5288, RFC 5246 A.5, RFC 8422). */
static const struct {
    uint16_t cipher;
    const char *name;
} ciphers[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x1304, "TLS_AES_128_CCM_SHA256"},
    {0x1305, "TLS_AES_128_CCM_8_SHA256"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
    {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
    {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
    {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
    {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
    {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
    {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0x0005, "TLS_RSA_WITH_RC4_128_SHA"},
    {0x0004, "TLS_RSA_WITH_RC4_128_MD5"},
};

const char *fp_said_cipher_name(uint16_t cipher)
{
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++)
        if (ciphers[i].cipher == cipher)
            return ciphers[i].name;
    return NULL;
}
