/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hello.c - the body of a ClientHello -> facts; and walks over what it offers.
 *
 * As in Wireshark, a list in an extension that claims more than its extension has is taken as far as it goes, and so is
 * a block of extensions that claims more than the hello has.
 */
#include "said-internal.h"

/* Extensions (RFC 8446 4.2). */
enum {
    SERVER_NAME = 0,
    SUPPORTED_GROUPS = 10,
    EC_POINT_FORMATS = 11, /* RFC 8422 5.1.2 */
    SIGNATURE_ALGORITHMS = 13,
    ALPN = 16,
    SUPPORTED_VERSIONS = 43,
    ENCRYPTED_CLIENT_HELLO = 0xfe0d, /* draft-ietf-tls-esni 5 */
};

#define RANDOM_BYTES 32
#define EXTENSION_HEADER_BYTES 4

bool fp_said_is_grease(uint16_t number)
{
    return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

bool fp_said_next_extension(FpSaidText *extensions, uint16_t *type, FpSaidText *data)
{
    const uint8_t *bytes = extensions->bytes;

    /* Without a reader, as most walks over extensions skip all but one. */
    if (extensions->n < EXTENSION_HEADER_BYTES)
        return false;
    size_t n = (size_t)bytes[2] << 8 | bytes[3], taken = EXTENSION_HEADER_BYTES + n;
    if (extensions->n < taken)
        return false;
    *type = (uint16_t)(bytes[0] << 8 | bytes[1]);
    *data = (FpSaidText){bytes + EXTENSION_HEADER_BYTES, n};
    *extensions = (FpSaidText){bytes + taken, extensions->n - taken};
    return true;
}

/* A list behind its length of length_bytes, or what is there of it. */
static FpSaidText list_in(FpSaidText data, size_t length_bytes)
{
    FpReader reader = fp_reader(data.bytes, data.n);
    size_t n = fp_read_big(&reader, length_bytes);

    return fp_read_text_at_most(&reader, n);
}

static FpSaidItems items(const FpSaidTls *tls, uint16_t type, uint8_t length_bytes, uint8_t item_bytes)
{
    return (FpSaidItems){.extensions = tls->extensions, .type = type, .length_bytes = length_bytes, .item_bytes = item_bytes};
}

FpSaidItems fp_said_tls_versions(const FpSaidTls *tls)
{
    return items(tls, SUPPORTED_VERSIONS, 1, 2);
}

FpSaidItems fp_said_tls_alpn(const FpSaidTls *tls)
{
    return items(tls, ALPN, 2, 1);
}

FpSaidItems fp_said_tls_groups(const FpSaidTls *tls)
{
    return items(tls, SUPPORTED_GROUPS, 2, 2);
}

FpSaidItems fp_said_tls_point_formats(const FpSaidTls *tls)
{
    return items(tls, EC_POINT_FORMATS, 1, 1);
}

FpSaidItems fp_said_tls_algorithms(const FpSaidTls *tls)
{
    return items(tls, SIGNATURE_ALGORITHMS, 2, 2);
}

/* The list of the next extension of the type: there is one at most (RFC 8446 4.2), but some send more. */
static bool go_on(FpSaidItems *items)
{
    uint16_t type;
    FpSaidText data;

    while (fp_said_next_extension(&items->extensions, &type, &data)) {
        if (type != items->type)
            continue;
        items->items = list_in(data, items->length_bytes);
        return true;
    }
    return false;
}

/* n bytes of the list that the walk is in, behind skipped ones. false: there are not so many. */
static bool take(FpSaidItems *items, size_t skipped, size_t n, FpSaidText *item)
{
    if (items->items.n < skipped + n)
        return false;
    *item = (FpSaidText){items->items.bytes + skipped, n};
    items->items = (FpSaidText){item->bytes + n, items->items.n - skipped - n};
    return true;
}

bool fp_said_items_next_number(FpSaidItems *items, uint16_t *number)
{
    FpSaidText item;

    while (!take(items, 0, items->item_bytes, &item))
        if (!go_on(items))
            return false;
    *number = item.bytes[0];
    if (item.n == 2)
        *number = (uint16_t)(item.bytes[0] << 8 | item.bytes[1]);
    return true;
}

bool fp_said_items_next_text(FpSaidItems *items, FpSaidText *text)
{
    while (items->items.n == 0 || !take(items, 1, items->items.bytes[0], text))
        if (!go_on(items))
            return false;
    return true;
}

/* The first host_name of server_name (RFC 6066 3). */
static FpSaidText host_name(FpSaidText data)
{
    FpSaidText list = list_in(data, 2);
    FpReader reader = fp_reader(list.bytes, list.n);

    while (fp_reader_left(&reader) > 0) {
        uint8_t type = fp_read8(&reader);
        FpSaidText name = fp_read_text(&reader, fp_read16(&reader));
        if (reader.is_short)
            break;
        if (type == 0)
            return name;
    }
    return (FpSaidText){NULL, 0};
}

/* The extensions that are whole, and those that have a fact of their own. */
static void take_extensions(FpSaidTls *tls, FpSaidText present)
{
    FpSaidText rest = present, data;
    uint16_t type;

    while (fp_said_next_extension(&rest, &type, &data)) {
        if (type == SERVER_NAME && tls->server_name.bytes == NULL)
            tls->server_name = host_name(data);
        if (type == ENCRYPTED_CLIENT_HELLO)
            tls->offers_ech = true;
    }
    tls->extensions = (FpSaidText){present.bytes, present.n - rest.n};
}

/* RFC 8446 4.1.2. */
void fp_said_hello(FpSaid *said, const uint8_t *body, size_t present_bytes, size_t whole_bytes, char transport, FpSaidFacts *facts)
{
    FpSaidTls *tls = &facts->tls;
    FpReader reader = fp_reader(body, present_bytes);

    tls->version = fp_read16(&reader);
    fp_read_text(&reader, RANDOM_BYTES);
    fp_read_text(&reader, fp_read8(&reader)); /* legacy_session_id */
    tls->ciphers = fp_read_text(&reader, fp_read16(&reader));
    size_t compression_bytes = fp_read8(&reader);
    facts->is_cut = present_bytes < whole_bytes || reader.is_short;
    if (reader.is_short)
        return;
    if (compression_bytes <= fp_reader_left(&reader)) {
        fp_read_text(&reader, compression_bytes);
        if (fp_reader_left(&reader) >= 2) { /* up to TLS 1.2 there may be none (RFC 5246 7.4.1.2) */
            size_t extensions_bytes = fp_read16(&reader);
            take_extensions(tls, fp_read_text_at_most(&reader, extensions_bytes));
        }
    }
    if (facts->is_cut)
        return;
    fp_said_ja3_hash(said, tls);
    fp_said_ja4(said, tls, transport);
}
