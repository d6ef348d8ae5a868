/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-quic.c - keys and packets as the RFCs print them; hellos in pieces, out of order, repeated, and after a Retry; damage. */
#include "check.h"
#include "hello.h"
#include "seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID "8394c8f03e515708"

/* RFC 9001 A.2: the CRYPTO frame of the sample. */
static const char sample[] =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b65"
    "78616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa4"
    "7fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002"
    "4001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";

#define SAMPLE_FACTS                                                                                                                       \
    "tls.version 0303\ntls.sni example.com\ntls.alpn alpn\ntls.versions 0304\ntls.ja3.hash 41bc9ae914d6cb3bd0bd0a5453ab7d7f\n"             \
    "tls.ja3.string 771,4865-4866,0-65281-10-16-5-51-43-13-45-28-57,29-23-24,\ntls.ja4 q13d0211an_62ed6f6ca7ad_4d634acda6c0\n"

static void expect_hexadecimal(const char *what, const uint8_t *bytes, size_t n, const char *expected)
{
    char text[1200];

    fp_said_hexadecimal(bytes, n, text);
    if (strcmp(text, expected) == 0)
        return;
    fprintf(stderr, "%s: %s and not %s\n", what, text, expected);
    exit(EXIT_FAILURE);
}

static void check_keys(const char *name, uint32_t version, const char *key, const char *iv, const char *header)
{
    FpSaidQuicKeys keys;
    static const uint8_t id[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};

    if (!fp_said_quic_keys(check_said(), version, (FpSaidText){id, sizeof id}, &keys))
        abort();
    expect_hexadecimal(name, keys.key, sizeof keys.key, key);
    expect_hexadecimal(name, keys.iv, sizeof keys.iv, iv);
    expect_hexadecimal(name, keys.header, sizeof keys.header, header);
}

/* The client's sample packet: frames padded to 1162 bytes, packet number 2 in four bytes. */
static void check_sample(const char *name, uint32_t version, const char *start, const char *tag, const char *facts)
{
    static Bytes frames, packet;

    bytes_clear(&frames);
    bytes_clear(&packet);
    bytes_hexadecimal(&frames, sample);
    memset(frames.bytes + frames.n, 0, 1162 - frames.n);
    seal(check_said(), &packet, &(Initial){.version = version, .connection_id = ID, .number = 2, .number_bytes = 4}, frames.bytes, 1162);
    if (packet.n != 1200)
        abort();
    if (start != NULL) {
        expect_hexadecimal(name, packet.bytes, strlen(start) / 2, start);
        expect_hexadecimal(name, packet.bytes + packet.n - 16, 16, tag);
    }
    check_datagrams(name, &(FpSaidText){packet.bytes, packet.n}, 1, facts);
}

/* The parts of the hello that Initial packets carry, each in a datagram of its own. */
typedef struct {
    size_t from, to;
} Part;

static Bytes datagrams[8];
static Bytes pieces; /* the same as the fuzzer "sealed" has them */

static void add_frames(Bytes *frames, const Bytes *hello, Part part)
{
    size_t to = part.to < hello->n ? part.to : hello->n;

    bytes_number(frames, 6, 1);
    bytes_number(frames, part.from | 0x4000, 2);
    bytes_number(frames, (to - part.from) | 0x4000, 2);
    bytes_add(frames, hello->bytes + part.from, to - part.from);
}

static size_t seal_parts(const char *connection_id, const Part *parts, size_t n, FpSaidText *texts)
{
    static Bytes hello, frames;

    bytes_clear(&hello);
    bytes_clear(&pieces);
    hello_add(&hello, &hello_browser);
    for (size_t i = 0; i < n; i++) {
        bytes_clear(&frames);
        if (i == 1) /* before it PING, PADDING, ACK with two ranges, ACK with ECN counts (RFC 9000 19.1 to 19.3) */
            bytes_hexadecimal(&frames, "0100"
                                       "02050001000101"
                                       "0305000000000000");
        add_frames(&frames, &hello, parts[i]);
        bytes_clear(&datagrams[i]);
        seal(check_said(), &datagrams[i],
             &(Initial){.version = 1, .connection_id = connection_id, .number = (uint32_t)i, .number_bytes = 1 + i % 4}, frames.bytes,
             frames.n);
        texts[i] = (FpSaidText){datagrams[i].bytes, datagrams[i].n};
        bytes_number(&pieces, frames.n + 1, 2);
        bytes_number(&pieces, (i & 3) << 4, 1);
        bytes_add(&pieces, frames.bytes, frames.n);
    }
    return n;
}

#define BROWSER                                                                                                                            \
    "app_proto quic\nquic.version 00000001\ntls.version 0303\ntls.sni www.example\ntls.alpn h2\ntls.alpn http/1.1\ntls.versions 0a0a\n"    \
    "tls.versions 0304\ntls.versions 0303\ntls.ja3.hash c000e2caf3a25423f9de6c8a4b12a975\n"                                                \
    "tls.ja3.string 771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"                                     \
    "27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0\ntls.ja4 q13d1516h2_8daaf6152771_e5627efa2ab1\n"

static void check_parts(const char *name, const Part *parts, size_t n)
{
    FpSaidText texts[8];

    check_datagrams(name, texts, seal_parts(ID, parts, n, texts), BROWSER);
    check_write_seed("sealed", name, pieces.bytes, pieces.n);
}

static void check_orders(void)
{
    check_parts("in-order", (const Part[]){{0, 100}, {100, 250}, {250, 9999}}, 3);
    check_parts("backwards", (const Part[]){{250, 9999}, {100, 250}, {0, 100}}, 3);
    check_parts("overlapping-and-twice", (const Part[]){{50, 200}, {50, 200}, {150, 9999}, {0, 60}}, 4);
    check_parts("a-byte-is-last", (const Part[]){{0, 1}, {2, 9999}, {1, 2}}, 3);
}

/* Two packets in one datagram (RFC 9000 12.2), with a 0-RTT packet between them and padding after them. */
static void check_coalesced(void)
{
    static Bytes all;
    FpSaidText texts[8];

    seal_parts(ID, (const Part[]){{0, 100}, {100, 9999}}, 2, texts);
    bytes_clear(&all);
    bytes_add(&all, texts[0].bytes, texts[0].n);
    bytes_hexadecimal(&all, "d000000001"
                            "08" ID "00"
                            "05"
                            "aabbccddee");
    bytes_add(&all, texts[1].bytes, texts[1].n);
    bytes_hexadecimal(&all, "0000");
    FpSaidText datagram = {all.bytes, all.n};
    check_datagrams("coalesced", &datagram, 1, BROWSER);

    static Bytes early;
    bytes_clear(&early);
    bytes_hexadecimal(&early, "d000000001"
                              "08" ID "00"
                              "05"
                              "aabbccddee");
    check_datagrams("early-data-first", (const FpSaidText[]){{early.bytes, early.n}, datagram}, 2, BROWSER);
}

/* After a Retry, the keys are those of another connection ID (RFC 9001 5.2), and the hello begins anew: of the first, nothing is kept. */
static void check_retry(void)
{
    static Bytes other, first;
    FpSaidText texts[8];

    bytes_clear(&other);
    bytes_hexadecimal(&other, "06000401000004"); /* a hello of another length */
    bytes_clear(&first);
    seal(check_said(), &first, &(Initial){.version = 1, .connection_id = ID, .number_bytes = 4}, other.bytes, other.n);
    seal_parts("0011223344", (const Part[]){{0, 120}, {120, 9999}}, 2, texts);
    check_datagrams("retry", (const FpSaidText[]){{first.bytes, first.n}, texts[0], texts[1]}, 3, BROWSER);
}

/* A damaged packet does not count; the others do, also behind one that is the first. */
static void check_damage(void)
{
    FpSaidText texts[8];

    seal_parts(ID, (const Part[]){{0, 100}, {100, 250}, {100, 9999}}, 3, texts);
    datagrams[1].bytes[datagrams[1].n - 1] ^= 1;
    check_datagrams("damaged", texts, 3, BROWSER);
    datagrams[0].bytes[datagrams[0].n - 1] ^= 1;
    check_datagrams("damaged-alone", texts, 1, NULL);
    datagrams[1].bytes[datagrams[1].n - 1] ^= 1;
    static Bytes again;
    again = datagrams[0];
    again.bytes[again.n - 1] ^= 1;
    check_datagrams("first-damaged", (const FpSaidText[]){texts[0], {again.bytes, again.n}, texts[2]}, 3, BROWSER);
}

static void check_frames(const char *name, const char *frames, const char *facts)
{
    static Bytes bytes, packet;

    bytes_clear(&bytes);
    bytes_clear(&packet);
    bytes_hexadecimal(&bytes, frames);
    seal(check_said(), &packet, &(Initial){.version = 1, .connection_id = ID, .token_bytes = 100, .number_bytes = 4}, bytes.bytes, bytes.n);
    check_datagrams(name, &(FpSaidText){packet.bytes, packet.n}, 1, facts);
}

/* Frames that are cut, that must not be there, or that lie about their contents. */
static void check_odd_frames(void)
{
    check_frames("server-hello",
                 "060000"
                 "060004"
                 "02000000"
                 "0000",
                 NULL);
    check_frames("integer-beyond-packet",
                 "06000401000000"
                 "0000ff",
                 "app_proto quic\ncut true\nquic.version 00000001\n");
    check_frames("ack-of-too-many-ranges",
                 "06000401000000"
                 "020000ffffffffffffffff00000000",
                 "app_proto quic\ncut true\nquic.version 00000001\n");
    check_frames("ack-before-hello",
                 "0205010103"
                 "0102"
                 "06000401000000",
                 "app_proto quic\ncut true\nquic.version 00000001\n");
    check_frames("ack-with-counts-before-hello",
                 "0305010203"
                 "01020304"
                 "050607"
                 "06000401000000",
                 "app_proto quic\ncut true\nquic.version 00000001\n");
    check_frames("hello-of-nothing",
                 "060004"
                 "01000000"
                 "0000",
                 "app_proto quic\ncut true\nquic.version 00000001\n");
}

static void check_others(void)
{
    check_datagrams("version-negotiation", &(FpSaidText){(const uint8_t *)"\xc0\0\0\0\0\0\0\0\0\0\1", 11}, 1, NULL);
    check_datagrams("version-unknown", &(FpSaidText){(const uint8_t *)"\xc0\x1a\x2a\x3a\x4a\0\0\0\0\1\0", 11}, 1, NULL);
    check_datagrams("short-header", &(FpSaidText){(const uint8_t *)"\x40\1\2\3", 4}, 1, NULL);
    check_datagrams("connection-id-too-long",
                    &(FpSaidText){(const uint8_t *)"\xc0\0\0\0\1\x15"
                                                   "123456789012345678901\0\0\1\0",
                                  32},
                    1, NULL);
}

/* A datagram without an Initial packet, as may come before one: one of 0-RTT, or a Retry. */
static void check_first(const char *name, const char *bytes, size_t n, FpSaidResult expected)
{
    FpSaidFacts facts;
    const FpSaidText datagram = {(const uint8_t *)bytes, n};

    if (fp_said_recognise_datagrams(check_said(), &datagram, 1, false, &facts) != expected) {
        fprintf(stderr, "%s: not %d\n", name, expected);
        exit(EXIT_FAILURE);
    }
}

static void check_firsts(void)
{
    check_first("0-rtt", LITERAL("\xd0\0\0\0\1\0\0\1\0"), FP_SAID_MORE);
    check_first("0-rtt-beyond-datagram", LITERAL("\xd0\0\0\0\1\0\0\2\0"), FP_SAID_UNKNOWN);
    check_first("0-rtt-of-unknown-version", LITERAL("\xd0\x1a\x2a\x3a\x4a\0\0\1\0"), FP_SAID_UNKNOWN);
    check_first("short-header-like-0-rtt", LITERAL("\x50\0\0\0\1\0\0\1\0"), FP_SAID_UNKNOWN);
    check_first("no-fixed-bit", LITERAL("\x90\0\0\0\1\0\0\1\0"), FP_SAID_UNKNOWN);
    check_first("retry", LITERAL("\xf0\0\0\0\1\0\0"), FP_SAID_MORE);
    check_first("retry-without-end", LITERAL("\xf0\0\0\0\1\0"), FP_SAID_UNKNOWN);
}

/* The examples of draft-ietf-quic-tls-27 and -29 (A.1), which have the same connection ID as RFC 9001's; and what the salt of -22 makes of
 * it, worked out by another program. */
static void check_drafts(void)
{
    check_keys("draft-22-keys", 0xff000016, "07863d9c083786bc86766ce0d02bf93f", "fb33da41a8f297d482df670e",
               "48dbcf44e335508f7f23fb2c3790a37c");
    check_keys("draft-27-keys", 0xff00001b, "af7fd7efebd21878ff66811248983694", "8681359410a70bb9c92f0420",
               "a980b8b4fb7d9fbc13e814c23164253d");
    check_keys("draft-29-keys", 0xff00001d, "175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f",
               "9ddd12c994c0698b89374a9c077a3077");
}

/* Each version has the keys of a neighbour, or none. */
static void check_versions(void)
{
    static const struct {
        uint32_t version, like; /* 0: it is not known */
    } versions[] = {{0, 0},
                    {2, 0},
                    {0xff000015, 0},
                    {0xff000017, 0xff00001b},
                    {0xff00001c, 0xff00001b},
                    {0xff000020, 0xff00001d},
                    {0xff000021, 1},
                    {0xff000022, 1},
                    {0xff000023, 0},
                    {0xfaceb000, 0},
                    {0xfaceb001, 0xff000016},
                    {0xfaceb002, 0xff00001b},
                    {0xfaceb003, 0},
                    {0xfaceb00d, 0},
                    {0xfaceb00e, 0xff00001b},
                    {0xfaceb00f, 0},
                    {FP_SAID_QUIC_V2 - 1, 0},
                    {FP_SAID_QUIC_V2 + 1, 0}};
    const FpSaidText id = {(const uint8_t *)"12345678", 8};
    FpSaidQuicKeys keys, like;

    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        const bool is_known = fp_said_quic_keys(check_said(), versions[i].version, id, &keys);
        if (is_known != (versions[i].like != 0) || (is_known && (!fp_said_quic_keys(check_said(), versions[i].like, id, &like) ||
                                                                 memcmp(keys.key, like.key, sizeof keys.key) != 0))) {
            fprintf(stderr, "version %x: known %d, or other keys\n", (unsigned)versions[i].version, is_known);
            exit(EXIT_FAILURE);
        }
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    /* RFC 9001 A.1, RFC 9369 A.1 */
    check_keys("v1", 1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2");
    check_keys("v2", FP_SAID_QUIC_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9");
    check_drafts();
    check_versions();
    /* RFC 9001 A.2: the packet begins and ends like this */
    check_sample("rfc-9001", 1, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11", "e221af44860018ab0856972e194cd934",
                 "app_proto quic\nquic.version 00000001\n" SAMPLE_FACTS);
    check_sample("version-2", FP_SAID_QUIC_V2, NULL, NULL, "app_proto quic\nquic.version 6b3343cf\n" SAMPLE_FACTS);
    check_sample("draft-22", 0xff000016, NULL, NULL, "app_proto quic\nquic.version ff000016\n" SAMPLE_FACTS);
    check_sample("draft-29", 0xff00001d, NULL, NULL, "app_proto quic\nquic.version ff00001d\n" SAMPLE_FACTS);
    check_sample("mvfst", 0xfaceb002, NULL, NULL, "app_proto quic\nquic.version faceb002\n" SAMPLE_FACTS);
    check_orders();
    check_coalesced();
    check_retry();
    check_damage();
    check_odd_frames();
    check_others();
    check_firsts();
    return check_end();
}
