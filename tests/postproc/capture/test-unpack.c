/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-unpack.c - compressed data in pieces of every length, cut at every byte, damaged at every byte, and with something behind it.
 *
 * The same libraries' functions for whole buffers compress it, but gzip's, which is from zlib.
 */
#include <bzlib.h>
#include <glib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#define ZLIB_CONST /* what is packed is left as it is */
#include <zlib.h>
#include <zstd.h>

#include "capture/unpack.h"

#define ROOM 200000

typedef GByteArray *(*Pack)(const uint8_t *bytes, size_t n);

static GByteArray *new_room(void)
{
    GByteArray *packed = g_byte_array_new();

    g_byte_array_set_size(packed, ROOM);
    return packed;
}

static GByteArray *pack_gzip(const uint8_t *bytes, size_t n)
{
    GByteArray *packed = new_room();
    uint8_t name[] = "capture.pcap", extra[] = "BC\2\0\0";
    z_stream stream = {.next_in = bytes, .avail_in = (unsigned)n, .next_out = packed->data, .avail_out = ROOM};
    gz_header header = {.name = name, .extra = extra, .extra_len = sizeof extra};

    g_assert_cmpint(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
    g_assert_cmpint(deflateSetHeader(&stream, &header), ==, Z_OK);
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(packed, (unsigned)stream.total_out);
    deflateEnd(&stream);
    return packed;
}

static GByteArray *pack_zstd(const uint8_t *bytes, size_t n)
{
    GByteArray *packed = new_room();
    ZSTD_CCtx *context = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    g_byte_array_set_size(packed, (unsigned)ZSTD_compress2(context, packed->data, ROOM, bytes, n));
    ZSTD_freeCCtx(context);
    return packed;
}

static GByteArray *pack_lz4(const uint8_t *bytes, size_t n)
{
    GByteArray *packed = new_room();
    LZ4F_preferences_t how = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};

    g_byte_array_set_size(packed, (unsigned)LZ4F_compressFrame(packed->data, ROOM, bytes, n, &how));
    return packed;
}

static GByteArray *pack_xz(const uint8_t *bytes, size_t n)
{
    GByteArray *packed = new_room();
    size_t done = 0;

    g_assert_cmpint(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, bytes, n, packed->data, &done, ROOM), ==, LZMA_OK);
    g_byte_array_set_size(packed, (unsigned)done);
    return packed;
}

static GByteArray *pack_bzip2(const uint8_t *bytes, size_t n)
{
    GByteArray *packed = new_room();
    g_autofree char *copy = g_memdup2(bytes, n); /* it asks for what it may change */
    char nothing;
    unsigned done = ROOM;

    g_assert_cmpint(BZ2_bzBuffToBuffCompress((char *)packed->data, &done, copy != NULL ? copy : &nothing, (unsigned)n, 1, 0, 0), ==, BZ_OK);
    g_byte_array_set_size(packed, done);
    return packed;
}

/* Text and noise in turn, as in captures. */
static GByteArray *contents(size_t n)
{
    GByteArray *bytes = g_byte_array_sized_new((unsigned)n + 1); /* libbz2 wants an address, also of nothing */
    GRand *random = g_rand_new_with_seed(18);

    for (unsigned i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(i / 64 % 2 == 0 ? "GET / HTTP/1.1\r\n"[i % 16] : g_rand_int_range(random, 0, 256));
        g_byte_array_append(bytes, &byte, 1);
    }
    g_rand_free(random);
    return bytes;
}

/* A descriptor that gives bytes in pieces: reading returns one of them. */
typedef struct {
    int to;
    const uint8_t *bytes;
    size_t n, piece;
} Pieces;

static gpointer give(gpointer user)
{
    Pieces *pieces = user;

    for (size_t at = 0; at < pieces->n; at += pieces->piece)
        g_assert_cmpint(send(pieces->to, pieces->bytes + at, MIN(pieces->piece, pieces->n - at), 0), >, 0);
    close(pieces->to);
    return NULL;
}

typedef struct {
    GByteArray *bytes;
    bool is_cut, has_garbage;
    const char *wrong;
    uint64_t offset;
} Unpacked;

/* beginning: how many bytes are known when it begins; the others come in pieces, and go to rooms of room bytes. */
static Unpacked unpack(const uint8_t *bytes, size_t n, size_t beginning, size_t piece, size_t room)
{
    Unpacked result = {.bytes = g_byte_array_new()};
    uint8_t *buffer = g_malloc(room); /* no larger: a sanitizer sees what is written behind it */
    FpUnpack *unpack = fp_unpack_new(bytes, beginning);
    int ends[2];
    ssize_t done;

    g_assert_nonnull(unpack);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
    Pieces pieces = {.to = ends[1], .bytes = bytes + beginning, .n = n - beginning, .piece = piece};
    GThread *thread = g_thread_new("give", give, &pieces);
    while ((done = fp_unpack_read(unpack, ends[0], buffer, room)) > 0)
        g_byte_array_append(result.bytes, buffer, (unsigned)done);
    g_assert_cmpint(fp_unpack_read(unpack, ends[0], buffer, room), ==, done);
    result.is_cut = fp_unpack_is_cut(unpack);
    result.has_garbage = fp_unpack_has_garbage(unpack);
    result.wrong = fp_unpack_wrong(unpack);
    result.offset = fp_unpack_offset(unpack);
    g_assert_true((done < 0) == (result.wrong != NULL));
    while (recv(ends[0], &(char){0}, 1, 0) > 0)
        ;
    g_thread_join(thread);
    close(ends[0]);
    fp_unpack_free(unpack);
    g_free(buffer);
    return result;
}

static Unpacked unpack_whole(const GByteArray *packed)
{
    return unpack(packed->data, packed->len, packed->len, 1, 65536);
}

static void assert_same(const GByteArray *bytes, const GByteArray *plain)
{
    g_assert_cmpuint(bytes->len, ==, plain->len);
    g_assert_true(memcmp(bytes->data, plain->data, plain->len) == 0);
}

static void assert_is(const Unpacked *result, const GByteArray *plain, uint64_t offset)
{
    g_assert_null(result->wrong);
    g_assert_false(result->is_cut || result->has_garbage);
    assert_same(result->bytes, plain);
    g_assert_cmpuint(result->offset, ==, offset);
    g_byte_array_unref(result->bytes);
}

static void append(GByteArray *to, GByteArray *bytes)
{
    g_byte_array_append(to, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

/* Members of several lengths, one of them empty, with zeros between them and behind. */
static void test_pieces(gconstpointer user)
{
    Pack pack = *(const Pack *)user;
    static const size_t lengths[] = {1000, 0, 1, 20000}, pieces[] = {1, 2, 3, 5, 7, 8, 9, 17, 1000}, rooms[] = {1, 3, 4096, 262144};
    g_autoptr(GByteArray) packed = g_byte_array_new();
    g_autoptr(GByteArray) plain = g_byte_array_new();
    const uint8_t zeros[9] = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) bytes = contents(lengths[i]);
        append(packed, pack(bytes->data, bytes->len));
        g_byte_array_append(packed, zeros, (unsigned)i * 3);
        g_byte_array_append(plain, bytes->data, bytes->len);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(rooms); j++) {
            Unpacked result = unpack(packed->data, packed->len, FP_UNPACK_MAGIC_BYTES + i, pieces[i], rooms[j]);
            assert_is(&result, plain, packed->len);
        }
}

/* Cut at every byte, it gives some of what is before, and says so unless that is all. */
static void test_cut(gconstpointer user)
{
    g_autoptr(GByteArray) plain = contents(300);
    g_autoptr(GByteArray) packed = (*(const Pack *)user)(plain->data, plain->len);
    const unsigned first = packed->len;

    append(packed, (*(const Pack *)user)(plain->data, plain->len));
    for (unsigned n = FP_UNPACK_MAGIC_BYTES; n < packed->len; n++) {
        Unpacked result = unpack(packed->data, n, FP_UNPACK_MAGIC_BYTES, 11, 4096);
        g_assert_null(result.wrong);
        bool is_magic_cut = n > first && n < first + FP_UNPACK_MAGIC_BYTES && result.has_garbage;
        g_assert_true(result.is_cut == (n != first && !is_magic_cut));
        g_assert_cmpuint(result.bytes->len, <=, 2 * plain->len);
        for (unsigned i = 0; i < result.bytes->len; i++)
            g_assert_cmpuint(result.bytes->data[i], ==, plain->data[i % plain->len]);
        if (n >= first)
            g_assert_cmpuint(result.bytes->len, >=, plain->len);
        g_byte_array_unref(result.bytes);
    }
}

/* Whatever byte is another: it is said, unless the same bytes come out. */
static void test_damaged(gconstpointer user)
{
    g_autoptr(GByteArray) plain = contents(3000);
    g_autoptr(GByteArray) packed = (*(const Pack *)user)(plain->data, plain->len);

    for (unsigned i = FP_UNPACK_MAGIC_BYTES; i < packed->len; i++) {
        packed->data[i] ^= (uint8_t)(1 << i % 8);
        Unpacked result = unpack_whole(packed);
        if (result.wrong == NULL && !result.is_cut && !result.has_garbage)
            assert_same(result.bytes, plain);
        g_byte_array_unref(result.bytes);
        packed->data[i] ^= (uint8_t)(1 << i % 8);
    }
}

static void test_garbage(gconstpointer user)
{
    g_autoptr(GByteArray) plain = contents(3000);
    g_autoptr(GByteArray) packed = (*(const Pack *)user)(plain->data, plain->len);
    const unsigned end = packed->len;

    for (unsigned n = 1; n < 20; n++) {
        g_byte_array_append(packed, (const uint8_t *)"garbage and more of it" + n - 1, 1);
        Unpacked result = unpack(packed->data, packed->len, FP_UNPACK_MAGIC_BYTES, 3, 1000);
        g_assert_true(result.has_garbage && !result.is_cut && result.wrong == NULL);
        g_assert_cmpuint(result.offset, ==, end);
        assert_same(result.bytes, plain);
        g_byte_array_unref(result.bytes);
    }
}

/* pzstd begins with one; lz4 has them too. */
static void test_skippable(void)
{
    static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z'};
    g_autoptr(GByteArray) plain = contents(3000);
    g_autoptr(GByteArray) zstd = g_byte_array_new();
    g_autoptr(GByteArray) lz4 = pack_lz4(plain->data, plain->len);

    for (int i = 0; i < 2; i++)
        g_byte_array_append(zstd, skippable, sizeof skippable);
    append(zstd, pack_zstd(plain->data, plain->len));
    g_byte_array_append(zstd, skippable, sizeof skippable);
    g_byte_array_append(lz4, skippable, sizeof skippable);
    Unpacked result = unpack_whole(zstd);
    assert_is(&result, plain, zstd->len);
    result = unpack_whole(lz4);
    assert_is(&result, plain, lz4->len);
}

static void test_none(void)
{
    static const char *const others[] = {"\x1f\x8b\x07 other", "\xfd\x37zXY\0", "BZh0 other", "\xd4\xc3\xb2\xa1\2\0", "", "\x1f", "BZh"};

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_null(fp_unpack_new((const uint8_t *)others[i], strlen(others[i])));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        Pack pack;
    } codecs[] = {{"gzip", pack_gzip}, {"zstd", pack_zstd}, {"lz4", pack_lz4}, {"xz", pack_xz}, {"bzip2", pack_bzip2}};
    static const struct {
        const char *name;
        GTestDataFunc function;
    } tests[] = {{"pieces", test_pieces}, {"cut", test_cut}, {"damaged", test_damaged}, {"garbage", test_garbage}};

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(codecs); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(tests); j++) {
            g_autofree char *path = g_strdup_printf("/unpack/%s/%s", codecs[i].name, tests[j].name);
            g_test_add_data_func(path, &codecs[i].pack, tests[j].function);
        }
    g_test_add_func("/unpack/skippable", test_skippable);
    g_test_add_func("/unpack/none", test_none);
    return g_test_run();
}
