/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-answer.c - what answers say (answer.h), whole and cut at each byte, before a page that must not be touched. */
#include "answer.h"
#include "bytes.h"
#include "check.h"
#include "print-answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM_BYTES ((size_t)1 << 17)

static uint8_t *room; /* it ends where a page begins that must not be touched */

static char *ask(const uint8_t *bytes, size_t n, bool is_over)
{
    FpSaidAnswer answer;
    const FpSaidMessage message = {
        .bytes = memcpy(room + ROOM_BYTES - n, bytes, n), .n = n, .speaker = FP_SAID_BY_SERVER, .is_over = is_over};

    FpSaidResult result = fp_said_answer(check_said(), &message, &answer);
    return answer_text(result, &answer);
}

static void require(const char *name, size_t n, const char *found, const char *expected)
{
    if (strcmp(found, expected) == 0)
        return;
    fprintf(stderr, "%s, %zu bytes: %s, expected %s\n", name, n, found, expected);
    exit(EXIT_FAILURE);
}

/* needed: as many bytes tell it; with fewer there is more to come, and it is unknown or cut when none comes. */
static void check(const char *name, const void *bytes, size_t n, size_t needed, const char *expected)
{
    for (size_t i = 0; i <= n; i++) {
        char *text = ask(bytes, i, false);
        const char *now = i < needed ? "more" : expected;
        require(name, i, text, now);
        free(text);
        text = ask(bytes, i, true);
        if (i >= needed)
            require(name, i, text, expected);
        else if (strcmp(text, "more") == 0)
            require(name, i, text, "anything else");
        free(text);
    }
    check_write_seed("answer", name, bytes, n);
}

static void check_unknown(const char *name, const void *bytes, size_t n)
{
    for (int is_over = 0; is_over < 2; is_over++) {
        char *text = ask(bytes, n, is_over);
        require(name, n, text, "unknown");
        free(text);
    }
    check_write_seed("answer", name, bytes, n);
}

static void add_extension(Bytes *bytes, unsigned type, const void *data, size_t n)
{
    bytes_number(bytes, type, 2);
    bytes_number(bytes, n, 2);
    bytes_add(bytes, data, n);
}

typedef struct {
    unsigned cipher;
    bool is_retry, is_13, has_alpn, has_no_extensions;
} Hello;

/* The handshake message. */
static void make_hello(Bytes *bytes, const Hello *hello)
{
    bytes_clear(bytes);
    bytes_number(bytes, 2, 1);
    size_t body = bytes_open(bytes, 3);
    bytes_number(bytes, 0x0303, 2);
    bytes_hexadecimal(bytes, hello->is_retry ? "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
                                             : "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    bytes_hexadecimal(bytes, "04aabbccdd");
    bytes_number(bytes, hello->cipher, 2);
    bytes_number(bytes, 0, 1);
    if (!hello->has_no_extensions) {
        size_t extensions = bytes_open(bytes, 2);
        add_extension(bytes, 0xff01, "\0", 1);
        if (hello->is_13)
            add_extension(bytes, 43, "\3\4", 2);
        if (hello->has_alpn)
            add_extension(bytes, 16, "\0\3\2h2", 5);
        bytes_close(bytes, extensions, 2);
    }
    bytes_close(bytes, body, 3);
}

/* In records of so many bytes, and what follows. */
static void make_records(Bytes *records, const Bytes *hello, size_t record_bytes)
{
    bytes_clear(records);
    for (size_t i = 0; i < hello->n; i += record_bytes) {
        size_t n = hello->n - i < record_bytes ? hello->n - i : record_bytes;
        bytes_hexadecimal(records, "160303");
        bytes_number(records, n, 2);
        bytes_add(records, hello->bytes + i, n);
    }
}

static void check_hello(const char *name, const Hello *hello, const char *expected)
{
    static Bytes message, records;

    make_hello(&message, hello);
    for (size_t record_bytes = 1; record_bytes <= message.n; record_bytes += record_bytes < 8 ? 1 : 13) {
        make_records(&records, &message, record_bytes);
        size_t needed = records.n;
        bytes_hexadecimal(&records, "140303000101");
        check(name, records.bytes, records.n, needed, expected);
    }
    make_records(&records, &message, message.n);
    bytes_clear(&records);
    bytes_hexadecimal(&records, "160303");
    bytes_number(&records, message.n + 4, 2);
    bytes_add(&records, message.bytes, message.n);
    bytes_hexadecimal(&records, "0b000000"); /* the certificate begins in the same record */
    check(name, records.bytes, records.n, 5 + message.n, expected);
}

/* What there is of one that breaks off. */
static void check_broken(void)
{
    static Bytes message, records;
    const Hello hello = {.cipher = 0xc02f, .has_alpn = true};

    make_hello(&message, &hello);
    make_records(&records, &message, message.n);
    char *text = ask(records.bytes, records.n - 1, true);
    require("cut", records.n - 1, text, "tls cut 0303 c02f");
    free(text);
    text = ask(records.bytes, 20, true);
    require("cut", 20, text, "unknown");
    free(text);
}

int main(int argc, char **argv)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, ROOM_BYTES + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages, ROOM_BYTES, PROT_READ | PROT_WRITE) != 0)
        return EXIT_FAILURE;
    room = pages;
    check_begin(argc, argv);
    check("http", LITERAL("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"), 13, "http protocol=HTTP/1.1 200");
    check("http-no-reason", LITERAL("HTTP/1.0 404\r\n\r\n"), 13, "http protocol=HTTP/1.0 404");
    check_unknown("http-status", LITERAL("HTTP/1.1 2000 OK\r\n"));
    check_unknown("http-version", LITERAL("HTTP/1,1 200 OK\r\n"));
    check("ssh", LITERAL("SSH-2.0-OpenSSH_9.2p1 Debian\r\nmore"), 30, "ssh software=OpenSSH_9.2p1");
    check_unknown("text", LITERAL("\x80not known"));
    check_unknown("alert", LITERAL("\x15\3\3\0\2\2\x28"));
    check_unknown("client-hello", LITERAL("\x16\3\1\0\4\1\0\0\0"));
    check_hello("tls-1.2", &(Hello){.cipher = 0xc02f, .has_alpn = true}, "tls 0303 c02f alpn=h2");
    check_hello("tls-1.2-no-extensions", &(Hello){.cipher = 0x2f, .has_no_extensions = true}, "tls 0303 002f");
    check_hello("tls-1.3", &(Hello){.cipher = 0x1301, .is_13 = true}, "tls 0304 1301");
    check_hello("retry", &(Hello){.cipher = 0x1302, .is_13 = true, .is_retry = true}, "tls 0304 1302 retry");
    check_broken();
    if (strcmp(fp_said_cipher_name(0x1301), "TLS_AES_128_GCM_SHA256") != 0 || fp_said_cipher_name(0x0a0a) != NULL)
        return EXIT_FAILURE;
    return check_end();
}
