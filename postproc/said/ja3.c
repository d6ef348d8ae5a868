/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ja3.c - a ClientHello -> its JA3 string and the MD5 of that (salesforce/ja3:
 * SSLVersion,Cipher,SSLExtension,EllipticCurve,EllipticCurvePointFormat). */
#include "said-internal.h"

#include <stdio.h>

/* Where the string goes, a piece at a time: into a digest, or into memory as far as that goes. */
typedef struct {
    gcry_md_hd_t md5; /* or NULL */
    char *text;
    size_t text_bytes, n;
} Sink;

static void put(Sink *sink, char character)
{
    if (sink->md5 != NULL)
        gcry_md_putc(sink->md5, (unsigned char)character);
    else if (sink->n + 1 < sink->text_bytes)
        sink->text[sink->n] = character;
    sink->n++;
}

static void put_number(Sink *sink, unsigned number)
{
    char digits[6];
    int n = 0;

    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (n > 0)
        put(sink, digits[--n]);
}

/* GREASE is left out (RFC 8701). */
static void put_item(Sink *sink, bool *is_first, uint16_t number)
{
    if (fp_said_is_grease(number))
        return;
    if (!*is_first)
        put(sink, '-');
    *is_first = false;
    put_number(sink, number);
}

static void put_ciphers(Sink *sink, FpSaidText ciphers)
{
    FpReader reader = fp_reader(ciphers.bytes, ciphers.n);
    bool is_first = true;

    while (fp_reader_left(&reader) >= 2)
        put_item(sink, &is_first, fp_read16(&reader));
}

static void put_extensions(Sink *sink, FpSaidText extensions)
{
    FpSaidText data;
    uint16_t type;
    bool is_first = true;

    while (fp_said_next_extension(&extensions, &type, &data))
        put_item(sink, &is_first, type);
}

static void put_items(Sink *sink, FpSaidItems items)
{
    uint16_t number;
    bool is_first = true;

    while (fp_said_items_next_number(&items, &number))
        put_item(sink, &is_first, number);
}

static void put_all(Sink *sink, const FpSaidTls *tls)
{
    put_number(sink, tls->version);
    put(sink, ',');
    put_ciphers(sink, tls->ciphers);
    put(sink, ',');
    put_extensions(sink, tls->extensions);
    put(sink, ',');
    put_items(sink, fp_said_tls_groups(tls));
    put(sink, ',');
    put_items(sink, fp_said_tls_point_formats(tls));
}

size_t fp_said_tls_ja3(const FpSaidTls *tls, char *text, size_t text_bytes)
{
    Sink sink = {.text = text, .text_bytes = text_bytes};

    if (tls->ja4[0] != '\0') /* the hello is whole */
        put_all(&sink, tls);
    if (text_bytes > 0)
        text[sink.n < text_bytes ? sink.n : text_bytes - 1] = '\0';
    return sink.n;
}

void fp_said_ja3_hash(FpSaid *said, FpSaidTls *tls)
{
    if (said->md5 == NULL)
        return;
    gcry_md_reset(said->md5);
    put_all(&(Sink){.md5 = said->md5}, tls);
    fp_said_hexadecimal(gcry_md_read(said->md5, GCRY_MD_MD5), 16, tls->ja3_hash);
}
