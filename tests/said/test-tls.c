/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tls.c - ClientHellos over TCP: whole, in many records, cut, damaged; and fingerprints as published. */
#include "check.h"
#include "hello.h"
#include "said-internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Bytes message;

/* JA4: the example in its description (technical_details/JA4.md). JA3: computed with another program. */
#define BROWSER                                                                                                                            \
    "tls.version 0303\ntls.sni www.example\ntls.alpn h2\ntls.alpn http/1.1\ntls.versions 0a0a\ntls.versions 0304\ntls.versions 0303\n"
#define BROWSER_PRINTS                                                                                                                     \
    "tls.ja3.hash c000e2caf3a25423f9de6c8a4b12a975\n"                                                                                      \
    "tls.ja3.string 771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"                                     \
    "27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0\n"                                                                     \
    "tls.ja4 t13d1516h2_8daaf6152771_e5627efa2ab1\n"

static void check_hello(const char *name, const Hello *hello, size_t fragment_bytes, const char *facts)
{
    bytes_clear(&message);
    hello_add_records(&message, hello, fragment_bytes);
    check_message(name, FP_SAID_BY_CLIENT, message.bytes, message.n, facts);
}

static void check_records(void)
{
    check_hello("browser", &hello_browser, 16384, "app_proto tls\n" BROWSER BROWSER_PRINTS);
    check_hello("two-records", &hello_browser, 200, "app_proto tls\n" BROWSER BROWSER_PRINTS);
    check_hello("record-for-each-byte", &hello_browser, 1, "app_proto tls\n" BROWSER BROWSER_PRINTS);

    /* what follows the hello does not belong to it */
    bytes_clear(&message);
    hello_add_records(&message, &hello_browser, 16384);
    size_t n = message.n;
    bytes_hexadecimal(&message, "1403010001011703030001ff");
    check_message("early-data", FP_SAID_BY_CLIENT, message.bytes, message.n, "app_proto tls\n" BROWSER BROWSER_PRINTS);

    /* RFC 8446 5.1: empty fragments must not be sent, but OpenSSL 3.0 answers all the same */
    memmove(message.bytes + 5, message.bytes, n);
    memcpy(message.bytes, "\x16\3\1\0\0", 5);
    check_message("empty-record-first", FP_SAID_BY_CLIENT, message.bytes, n + 5, "app_proto tls\n" BROWSER BROWSER_PRINTS);

    /* RFC 8446 5.1: legacy_record_version is to be ignored */
    bytes_clear(&message);
    hello_add_records(&message, &hello_browser, 200);
    message.bytes[2] = 0x99;
    message.bytes[205 + 2] = 0xff;
    check_message("record-versions", FP_SAID_BY_CLIENT, message.bytes, message.n, "app_proto tls\n" BROWSER BROWSER_PRINTS);
    message.bytes[205 + 1] = 4;
    check_message("record-of-another-kind", FP_SAID_BY_CLIENT, message.bytes, message.n,
                  "app_proto tls\ncut true\ntls.version 0303\ntls.sni www.example\ntls.alpn h2\ntls.alpn http/1.1\n"
                  "tls.versions 0a0a\ntls.versions 0304\ntls.versions 0303\n");

    /* larger than the usual limit for a first flight, and than the room that there is */
    Hello large = hello_browser;
    large.padding_bytes = 40000;
    bytes_clear(&message);
    hello_add_records(&message, &large, 16384);
    check_cut("large-without-end", FP_SAID_BY_CLIENT, message.bytes, 16384, "app_proto tls\ncut true\n" BROWSER);
}

/* Hellos without some fields and with others; JA3 and JA4 were worked out by hand. */
static void check_kinds(void)
{
    Hello hello = {.version = 0x301, .ciphers = "002f 0035 000a"};

    check_hello("no-extensions", &hello, 16384,
                "app_proto tls\ntls.version 0301\ntls.ja3.hash 7bc4acc37e8095387bed8c0b30a6081a\ntls.ja3.string 769,47-53-10,,,\n"
                "tls.ja4 t10i030000_5704bdfc91c6_000000000000\n");
    hello.version = 0x300;
    hello.extensions = hello.ciphers = "";
    check_hello("empty-lists", &hello, 16384,
                "app_proto tls\ntls.version 0300\ntls.ja3.hash ba12b548d225aa7163af96c47205964e\ntls.ja3.string 768,,,,\n"
                "tls.ja4 ts3i000000_000000000000_000000000000\n");
    hello = (Hello){.version = 0x303, .ciphers = "1301", .extensions = "002b 0010", .alpn = "\n\n", .versions = "7f1c 0304"};
    check_hello(
        "draft-and-alpn-of-no-text", &hello, 16384,
        "app_proto tls\ntls.version 0303\ntls.alpn \\x0a\\x0a\ntls.versions 7f1c\ntls.versions 0304\n"
        "tls.ja3.hash 0f47feb5cfe942f9bed4e5cd65ba24db\ntls.ja3.string 771,4865,43-16,,\ntls.ja4 t00i01020a_0f2cb44170f4_b9a491fefe05\n");
    hello = (Hello){.version = 0x303, .ciphers = "1301", .extensions = "002b 000d", .algorithms = "0403 1a1a 0804", .versions = "0304"};
    check_hello(
        "grease-among-algorithms", &hello, 16384,
        "app_proto tls\ntls.version 0303\ntls.versions 0304\n"
        "tls.ja3.hash 43e86935dca35d40cda347a5816009ac\ntls.ja3.string 771,4865,43-13,,\ntls.ja4 t13i010200_0f2cb44170f4_ef5f37ab036a\n");
    hello = (Hello){.version = 0x303, .ciphers = "1301", .extensions = "000d 0000 000d 0000", .algorithms = "0403", .server_name = ""};
    check_hello("extension-twice", &hello, 16384,
                "app_proto tls\ntls.version 0303\ntls.sni \n"
                "tls.ja3.hash b363092a5c989b398251a227df83bf3c\ntls.ja3.string 771,4865,13-0-13-0,,\ntls.ja4 "
                "t12d010400_0f2cb44170f4_419a8c1523ab\n");
    hello = (Hello){.version = 0xffff, .ciphers = "1301"};
    check_hello("unknown-version", &hello, 16384,
                "app_proto tls\ntls.version ffff\ntls.ja3.hash fb47e2463d73832ac7e4e0cd8975fa03\ntls.ja3.string 65535,4865,,,\ntls.ja4 "
                "t00i010000_0f2cb44170f4_000000000000\n");
    hello = (Hello){.version = 0x303, .ciphers = "1301", .extensions = "fe0d"};
    check_hello(
        "ech", &hello, 16384,
        "app_proto tls\ntls.version 0303\ntls.ech true\n"
        "tls.ja3.hash 34bfe3fd6852651b50e592162a2b8a82\ntls.ja3.string 771,4865,65037,,\ntls.ja4 t12i010100_0f2cb44170f4_57e012f5680b\n");
}

/* An extension whose length takes two bytes, before another. */
static void check_long_extension(void)
{
    Hello hello = {.version = 0x303, .ciphers = "1301", .extensions = "0015 002b", .versions = "0304", .padding_bytes = 300};

    bytes_clear(&message);
    hello_add_records(&message, &hello, 16384);
    check_message("extension-of-300-bytes", FP_SAID_BY_CLIENT, message.bytes, message.n,
                  "app_proto tls\ntls.version 0303\ntls.versions 0304\ntls.ja3.hash 6204c737782995010906e555d80aef95\ntls.ja3.string "
                  "771,4865,21-43,,\n"
                  "tls.ja4 t13i010200_0f2cb44170f4_7418e7913c75\n");
}

/* What a record may not begin with is not waited for. */
static void check_beginnings(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        FpSaidResult expected;
    } beginnings[] = {
        {LITERAL(""), FP_SAID_MORE},
        {LITERAL("\x16"), FP_SAID_MORE},
        {LITERAL("\x17"), FP_SAID_UNKNOWN},
        {LITERAL("\x16\3"), FP_SAID_MORE},
        {LITERAL("\x16\2"), FP_SAID_UNKNOWN},
        {LITERAL("\x16\3\4"), FP_SAID_MORE},
        {LITERAL("\x16\3\xff"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\0\0"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\0\0\x16"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\0\0\x17"), FP_SAID_UNKNOWN},
        {LITERAL("\x16\3\1\0\0\x16\3\1\0\0\x16\3\1\0\1\1"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\0\0\x16\3\1\0\0\x16\3\1\0\1\2"), FP_SAID_UNKNOWN},
        {LITERAL("\x16\3\1\0\1"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\x48\0"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\x48\1"), FP_SAID_UNKNOWN},
        {LITERAL("\x16\3\1\1\0\1"), FP_SAID_MORE},
        {LITERAL("\x16\3\1\1\0\2"), FP_SAID_UNKNOWN},
    };
    FpSaidFacts facts;

    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        const FpSaidMessage begun = {.bytes = (const uint8_t *)beginnings[i].bytes, .n = beginnings[i].n};
        if (fp_said_tls(check_said(), &begun, &facts) != beginnings[i].expected) {
            fprintf(stderr, "beginning %zu: not %d\n", i, beginnings[i].expected);
            exit(EXIT_FAILURE);
        }
    }
}

/* More than 99, and not in order. JA4's hash was worked out by hand. */
static void check_many(void)
{
    static char ciphers[5 * 150 + 1];
    Hello hello = {.version = 0x303, .ciphers = ciphers, .extensions = ""};
    FpSaidFacts facts;
    char text[8];

    for (unsigned i = 0; i < 150; i++)
        snprintf(ciphers + 5UL * i, 6, i < 149 ? "%04x " : "%04x", 0x100 + (i * 77) % 150);
    bytes_clear(&message);
    hello_add_records(&message, &hello, 16384);
    FpSaidMessage asked = {message.bytes, message.n, FP_SAID_BY_ANYBODY, false, false};
    if (fp_said_recognise(check_said(), &asked, &facts) != FP_SAID_ENOUGH ||
        strcmp(facts.tls.ja4, "t12i990000_a3abd2455589_000000000000") != 0)
        abort();
    if (fp_said_tls_ja3(&facts.tls, text, sizeof text) != 4 + 150 * 4 - 1 + 3 || strcmp(text, "771,256") != 0)
        abort();
    if (fp_said_tls_ja3(&facts.tls, NULL, 0) != 4 + 150 * 4 - 1 + 3)
        abort();
}

/* Lengths that do not fit what is there; what tshark makes of them is in ../shared/captures/said, tls_cipher_lens.pcap. */
static void check_lies(void)
{
    Hello hello = {.version = 0x303, .ciphers = "1301", .extensions = "002b", .versions = "0304"};
    size_t ciphers = 5 + 4 + 2 + 32 + 5, extensions = ciphers + 2 + 2 + 2, list = extensions + 2 + 4;

    bytes_clear(&message);
    hello_add_records(&message, &hello, 16384);
    message.bytes[ciphers + 1] = 200;
    check_message("ciphers-beyond-hello", FP_SAID_BY_CLIENT, message.bytes, message.n, "app_proto tls\ncut true\ntls.version 0303\n");

    bytes_clear(&message);
    hello_add_records(&message, &hello, 16384);
    message.bytes[extensions + 1] = message.bytes[list] = 200;
    check_message(
        "lists-beyond-hello", FP_SAID_BY_CLIENT, message.bytes, message.n,
        "app_proto tls\ntls.version 0303\ntls.versions 0304\ntls.ja3.hash 97eaea5f384969f5c4f9874d0bcbd240\ntls.ja3.string 771,4865,43,,\n"
        "tls.ja4 t13i010100_0f2cb44170f4_b9a491fefe05\n");

    bytes_clear(&message);
    hello_add_records(&message, &hello_browser, 300);
    message.bytes[305] = 21;
    check_message("alert-in-the-middle", FP_SAID_BY_CLIENT, message.bytes, message.n,
                  "app_proto tls\ncut true\ntls.version 0303\ntls.sni www.example\ntls.alpn h2\ntls.alpn http/1.1\n"
                  "tls.versions 0a0a\ntls.versions 0304\ntls.versions 0303\n");
}

/* A hello that is longer than what is put together is reported as far as that goes. */
static void check_too_long(void)
{
    Hello hello = hello_browser;
    FpSaidFacts facts;

    hello.extensions = "0000 0015 0015 0010";
    hello.padding_bytes = 60000;
    bytes_clear(&message);
    hello_add_records(&message, &hello, 16384);
    FpSaidMessage asked = {message.bytes, message.n, FP_SAID_BY_ANYBODY, false, false};
    if (fp_said_recognise(check_said(), &asked, &facts) != FP_SAID_ENOUGH || !facts.is_cut || facts.tls.server_name.n != 11 ||
        facts.tls.ja4[0] != '\0')
        abort();
}

static void check_others(void)
{
    check_message("server-hello", FP_SAID_BY_SERVER, LITERAL("\x16\3\3\0\x31\2\0\0\x2d\3\3"), NULL);
    check_message("record-too-long", FP_SAID_BY_CLIENT, LITERAL("\x16\3\1\x48\1\1\0\0\x2d\3\3"), NULL);
    check_message("alert", FP_SAID_BY_CLIENT, LITERAL("\x15\3\1\0\2\2\x28"), NULL);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    check_records();
    check_kinds();
    check_many();
    check_lies();
    check_long_extension();
    check_beginnings();
    check_too_long();
    check_others();
    return check_end();
}
