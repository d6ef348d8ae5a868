/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hello.c - see hello.h. */
#include "hello.h"

#include <stdlib.h>
#include <string.h>

const Hello hello_browser = {
    .version = 0x303,
    .ciphers = "2a2a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035",
    .extensions = "caca 001b 0000 0033 0010 4469 0017 002d 000d 0005 0023 0012 002b ff01 000b 000a 0015 1a1a",
    .server_name = "www.example",
    .groups = "baba 001d 0017 0018",
    .algorithms = "0403 0804 0401 0503 0805 0501 0806 0601",
    .alpn = "h2 http/1.1",
    .versions = "0a0a 0304 0303",
    .padding_bytes = 100,
};

static void add_numbers(Bytes *bytes, const char *numbers)
{
    char *end;

    for (; *numbers != '\0'; numbers = *end == ' ' ? end + 1 : end)
        bytes_number(bytes, strtoul(numbers, &end, 16), 2);
}

static void add_list(Bytes *bytes, size_t length, const char *numbers)
{
    size_t list = bytes_open(bytes, length);

    add_numbers(bytes, numbers);
    bytes_close(bytes, list, length);
}

static void add_server_name(Bytes *bytes, const char *name)
{
    size_t list = bytes_open(bytes, 2);

    bytes_number(bytes, 0, 1);
    bytes_number(bytes, strlen(name), 2);
    bytes_text(bytes, name);
    bytes_close(bytes, list, 2);
}

static void add_alpn(Bytes *bytes, const char *names)
{
    size_t list = bytes_open(bytes, 2);

    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        bytes_number(bytes, n, 1);
        bytes_add(bytes, names, n);
        names += names[n] == ' ' ? n + 1 : n;
    }
    bytes_close(bytes, list, 2);
}

static void add_extension(Bytes *bytes, const Hello *hello, unsigned type)
{
    static const uint8_t zeros[65536];

    bytes_number(bytes, type, 2);
    size_t data = bytes_open(bytes, 2);
    if (type == 0)
        add_server_name(bytes, hello->server_name);
    else if (type == 10)
        add_list(bytes, 2, hello->groups);
    else if (type == 11)
        bytes_add(bytes, "\1\0", 2);
    else if (type == 13)
        add_list(bytes, 2, hello->algorithms);
    else if (type == 16)
        add_alpn(bytes, hello->alpn);
    else if (type == 21)
        bytes_add(bytes, zeros, hello->padding_bytes);
    else if (type == 43)
        add_list(bytes, 1, hello->versions);
    bytes_close(bytes, data, 2);
}

void hello_add(Bytes *bytes, const Hello *hello)
{
    char *end;

    bytes_number(bytes, 1, 1);
    size_t message = bytes_open(bytes, 3);
    bytes_number(bytes, hello->version, 2);
    for (unsigned i = 0; i < 32; i++)
        bytes_number(bytes, 0xe0 + i, 1);
    bytes_hexadecimal(bytes, "0411223344"); /* legacy_session_id */
    add_list(bytes, 2, hello->ciphers);
    bytes_hexadecimal(bytes, "0100"); /* no compression */
    if (hello->extensions != NULL) {
        size_t extensions = bytes_open(bytes, 2);
        for (const char *type = hello->extensions; *type != '\0'; type = *end == ' ' ? end + 1 : end)
            add_extension(bytes, hello, (unsigned)strtoul(type, &end, 16));
        bytes_close(bytes, extensions, 2);
    }
    bytes_close(bytes, message, 3);
}

void hello_add_records(Bytes *bytes, const Hello *hello, size_t fragment_bytes)
{
    static Bytes message;

    bytes_clear(&message);
    hello_add(&message, hello);
    for (size_t at = 0; at < message.n; at += fragment_bytes) {
        size_t n = message.n - at < fragment_bytes ? message.n - at : fragment_bytes;
        bytes_hexadecimal(bytes, "160301");
        bytes_number(bytes, n, 2);
        bytes_add(bytes, message.bytes + at, n);
    }
}
