/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ja3.c - a ClientHello -> its JA3 string and the MD5 of that (salesforce/ja3:
 * SSLVersion,Cipher,SSLExtension,EllipticCurve,EllipticCurvePointFormat). */
#include "sink.h"

static void put_comma(FpSink *sink)
{
    char *at = fp_sink_room(sink);

    *at++ = ',';
    fp_sink_end(sink, at);
}

static char *put_digits(char *at, uint16_t number)
{
    char digits[5]; /* of 16 bits */
    size_t start = sizeof digits;

    do
        digits[--start] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    memcpy(at, digits + start, sizeof digits - start);
    return at + sizeof digits - start;
}

/* GREASE is left out (RFC 8701). */
static void put_item(FpSink *sink, bool *is_first, uint16_t number)
{
    char *at = fp_sink_room(sink);

    if (fp_said_is_grease(number))
        return;
    if (!*is_first)
        *at++ = '-';
    *is_first = false;
    fp_sink_end(sink, put_digits(at, number));
}

static void put_ciphers(FpSink *sink, FpSaidText ciphers)
{
    FpReader reader = fp_reader(ciphers.bytes, ciphers.n);
    bool is_first = true;

    while (fp_reader_left(&reader) >= 2)
        put_item(sink, &is_first, fp_read16(&reader));
}

static void put_extensions(FpSink *sink, FpSaidText extensions)
{
    FpSaidText data;
    uint16_t type;
    bool is_first = true;

    while (fp_said_next_extension(&extensions, &type, &data))
        put_item(sink, &is_first, type);
}

static void put_items(FpSink *sink, FpSaidItems items)
{
    uint16_t number;
    bool is_first = true;

    while (fp_said_items_next_number(&items, &number))
        put_item(sink, &is_first, number);
}

static void put_all(FpSink *sink, const FpSaidTls *tls)
{
    fp_sink_end(sink, put_digits(fp_sink_room(sink), tls->version));
    put_comma(sink);
    put_ciphers(sink, tls->ciphers);
    put_comma(sink);
    put_extensions(sink, tls->extensions);
    put_comma(sink);
    put_items(sink, fp_said_tls_groups(tls));
    put_comma(sink);
    put_items(sink, fp_said_tls_point_formats(tls));
}

size_t fp_said_tls_ja3(const FpSaidTls *tls, char *text, size_t text_bytes)
{
    FpSink sink;

    fp_sink_to_text(&sink, text, text_bytes);
    if (tls->ja4[0] != '\0') /* the hello is whole */
        put_all(&sink, tls);
    fp_sink_flush(&sink);
    if (text_bytes > 0)
        text[sink.n < text_bytes ? sink.n : text_bytes - 1] = '\0';
    return sink.n;
}

void fp_said_ja3_hash(FpSaid *said, FpSaidTls *tls)
{
    FpSink sink;

    if (said->md5 == NULL)
        return;
    fp_sink_to_digest(&sink, said->md5);
    put_all(&sink, tls);
    fp_said_hexadecimal(fp_sink_digest(&sink), 16, tls->ja3_hash);
}
