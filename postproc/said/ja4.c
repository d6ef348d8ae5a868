/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ja4.c - a ClientHello -> its JA4, by FoxIO's description of it (technical_details/JA4.md; the method for TLS clients
 * is under the BSD 3-clause licence, John Althouse, FoxIO). GREASE (RFC 8701) is left out everywhere but in ALPN.
 */
#include "sink.h"

#include <string.h>

#define COUNT_MAX 99
#define FEW 40

/* Not in the hash of extensions: they say where to, not who. */
enum { SERVER_NAME = 0, ALPN = 16 };

/* Digits of the hash that are kept, and bytes that these are. */
#define HASH_DIGITS 12

static void sift_down(uint16_t *numbers, size_t start, size_t n)
{
    for (size_t parent = start, child; (child = 2 * parent + 1) < n; parent = child) {
        if (child + 1 < n && numbers[child + 1] > numbers[child])
            child++;
        if (numbers[parent] >= numbers[child])
            return;
        uint16_t number = numbers[parent];
        numbers[parent] = numbers[child];
        numbers[child] = number;
    }
}

/* Of few numbers, which is what honest clients send, faster than heapsort. */
static void sort_few(uint16_t *numbers, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint16_t number = numbers[i];
        size_t at = i;
        for (; at > 0 && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = number;
    }
}

/* Heapsort: no memory, and n log n whatever is sent. */
static void sort(uint16_t *numbers, size_t n)
{
    if (n <= FEW) {
        sort_few(numbers, n);
        return;
    }
    for (size_t start = n / 2; start > 0; start--)
        sift_down(numbers, start - 1, n);
    for (size_t end = n; end > 1; end--) {
        uint16_t largest = numbers[0];
        numbers[0] = numbers[end - 1];
        numbers[end - 1] = largest;
        sift_down(numbers, 0, end - 1);
    }
}

static void hash_number(FpSink *sink, char separator, uint16_t number)
{
    static const char digits[] = "0123456789abcdef";

    char *at = fp_sink_room(sink);

    if (!fp_sink_is_empty(sink))
        *at++ = separator;
    *at++ = digits[number >> 12];
    *at++ = digits[number >> 8 & 0xf];
    *at++ = digits[number >> 4 & 0xf];
    *at++ = digits[number & 0xf];
    fp_sink_end(sink, at);
}

static void hash_numbers(FpSink *sink, const uint16_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash_number(sink, ',', numbers[i]);
}

/* Of nothing it is all zeros. */
static char *put_hash(char *text, FpSink *sink)
{
    if (fp_sink_is_empty(sink))
        memset(text, '0', HASH_DIGITS);
    else
        fp_said_hexadecimal(fp_sink_digest(sink), HASH_DIGITS / 2, text);
    return text + HASH_DIGITS;
}

static char *put_count(char *text, size_t n)
{
    size_t count = n < COUNT_MAX ? n : COUNT_MAX;

    *text++ = (char)('0' + count / 10);
    *text++ = (char)('0' + count % 10);
    return text;
}

static char *put_version(char *text, const FpSaidTls *tls)
{
    static const struct {
        uint16_t number;
        char text[3];
    } versions[] = {{0x304, "13"}, {0x303, "12"}, {0x302, "11"}, {0x301, "10"}, {0x300, "s3"}, {0x2, "s2"}};
    FpSaidItems items = fp_said_tls_versions(tls);
    uint16_t number, highest = 0;

    while (fp_said_items_next_number(&items, &number))
        if (!fp_said_is_grease(number) && number > highest)
            highest = number;
    if (highest == 0)
        highest = tls->version;
    text[0] = text[1] = '0';
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (versions[i].number == highest)
            memcpy(text, versions[i].text, 2);
    return text + 2;
}

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* First and last character of the first ALPN value, or of its hexadecimal digits. */
static char *put_alpn(char *text, const FpSaidTls *tls)
{
    FpSaidItems items = fp_said_tls_alpn(tls);
    FpSaidText value;

    text[0] = text[1] = '0';
    if (!fp_said_items_next_text(&items, &value) || value.n == 0)
        return text + 2;
    uint8_t first = value.bytes[0], last = value.bytes[value.n - 1];
    if (is_alphanumeric(first) && is_alphanumeric(last)) {
        text[0] = (char)first;
        text[1] = (char)last;
    } else {
        char digits[3];
        fp_said_hexadecimal(&first, 1, digits);
        text[0] = digits[0];
        fp_said_hexadecimal(&last, 1, digits);
        text[1] = digits[1];
    }
    return text + 2;
}

/* Without GREASE, in numbers; how many there are. */
static size_t ciphers_of(const FpSaidTls *tls, uint16_t *numbers)
{
    FpReader reader = fp_reader(tls->ciphers.bytes, tls->ciphers.n);
    size_t n = 0;

    while (fp_reader_left(&reader) >= 2) {
        uint16_t number = fp_read16(&reader);
        if (!fp_said_is_grease(number))
            numbers[n++] = number;
    }
    return n;
}

typedef struct {
    size_t n;      /* all but GREASE */
    size_t hashed; /* of these, those in numbers */
    bool has_name;
} Extensions;

static Extensions extensions_of(const FpSaidTls *tls, uint16_t *numbers)
{
    FpSaidText rest = tls->extensions, data;
    Extensions extensions = {0};
    uint16_t type;

    while (fp_said_next_extension(&rest, &type, &data)) {
        if (fp_said_is_grease(type))
            continue;
        extensions.n++;
        if (type == SERVER_NAME)
            extensions.has_name = true;
        if (type != SERVER_NAME && type != ALPN)
            numbers[extensions.hashed++] = type;
    }
    return extensions;
}

static char *put_ciphers(FpSaid *said, char *text, size_t n)
{
    FpSink sink;

    fp_sink_to_digest(&sink, said->sha256);
    sort(said->numbers, n);
    hash_numbers(&sink, said->numbers, n);
    return put_hash(text, &sink);
}

/* Extensions sorted, then signature algorithms as sent. */
static char *put_extensions(FpSaid *said, char *text, const FpSaidTls *tls, size_t n)
{
    FpSaidItems items = fp_said_tls_algorithms(tls);
    FpSink sink;
    char separator = '_';
    uint16_t number;

    fp_sink_to_digest(&sink, said->sha256);
    sort(said->numbers, n);
    hash_numbers(&sink, said->numbers, n);
    while (fp_said_items_next_number(&items, &number)) {
        if (fp_said_is_grease(number))
            continue;
        hash_number(&sink, separator, number);
        separator = ',';
    }
    return put_hash(text, &sink);
}

/* Ciphers are hashed before extensions are counted, as both lie in the same room while they are sorted. */
void fp_said_ja4(FpSaid *said, FpSaidTls *tls, char transport)
{
    char hash[HASH_DIGITS + 1], *text = tls->ja4;
    size_t ciphers = ciphers_of(tls, said->numbers);
    put_ciphers(said, hash, ciphers);
    Extensions extensions = extensions_of(tls, said->numbers);

    *text++ = transport;
    text = put_version(text, tls);
    *text++ = extensions.has_name ? 'd' : 'i';
    text = put_count(text, ciphers);
    text = put_count(text, extensions.n);
    text = put_alpn(text, tls);
    *text++ = '_';
    memcpy(text, hash, HASH_DIGITS);
    text += HASH_DIGITS;
    *text++ = '_';
    text = put_extensions(said, text, tls, extensions.hashed);
    *text = '\0';
}
