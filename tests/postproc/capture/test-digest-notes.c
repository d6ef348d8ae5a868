/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-digest-notes.c - the notes of digests, and their frames' numbers: there and back, cut at every byte, and damaged at every byte, at
 * the end of a page behind which nothing may be touched.
 */
#include <glib.h>
#include <string.h>
#include <sys/mman.h>

#include "capture/digest-notes.h"
#include "capture/digest-restore.h"
#include "verdict.h"

#define PAGE_BYTES 65536U

static uint8_t *guarded;

/* Returns a copy of the bytes that ends where the page does. */
static const uint8_t *at_end(const uint8_t *bytes, size_t n)
{
    g_assert_cmpuint(n, <=, PAGE_BYTES);
    return memcpy(guarded + PAGE_BYTES - n, bytes, n);
}

static char some_name[] = "a \\ b\n\xff.pcap", some_file[] = "../in/a.pcap", some_key[] = "vlan,vni", some_cut[] = "offset 5: cut";

static const FpDigestNote some_note = {.name = some_name,
                                       .file = some_file,
                                       .is_pcap = true,
                                       .file_header = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4},
                                       .has_opening = true,
                                       .flight_bytes = 16384,
                                       .opening_bytes = 20000,
                                       .transports = FP_TAKES_TCP | FP_TAKES_QUIC,
                                       .stream_key = some_key};

static FpDigestMark read_mark(const uint8_t *bytes, size_t n, FpDigestNote *note, FpDigestEnd *end)
{
    const char *wrong = NULL;
    const bool is_mark = fp_digest_is_mark(at_end(bytes, n), n, false);
    FpDigestMark mark = fp_digest_read_mark(at_end(bytes, n), n, false, note, end, &wrong);

    g_assert_cmpint(mark != FP_DIGEST_MARK_NONE, ==, is_mark);
    g_assert_cmpint(mark == FP_DIGEST_MARK_DAMAGED, ==, wrong != NULL);
    return mark;
}

static void test_begin(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    FpDigestNote note;
    FpDigestEnd end;

    fp_digest_append_begin(bytes, &some_note);
    g_assert_cmpint(read_mark(bytes->data, bytes->len, &note, &end), ==, FP_DIGEST_MARK_BEGIN);
    g_assert_cmpstr(note.name, ==, some_note.name);
    g_assert_cmpstr(note.file, ==, some_note.file);
    g_assert_cmpint(memcmp(note.file_header, some_note.file_header, sizeof note.file_header), ==, 0);
    g_assert_true(note.is_pcap && note.has_opening && !note.is_alone);
    g_assert_cmpuint(note.flight_bytes, ==, 16384);
    g_assert_cmpuint(note.opening_bytes, ==, 20000);
    g_assert_cmpuint(note.transports, ==, some_note.transports);
    g_assert_cmpstr(note.stream_key, ==, "vlan,vni");
    fp_digest_note_clear(&note);
}

static void test_end(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const FpDigestEnd written = {.frames = 1234567890123, .kept = 77, .cut = some_cut};
    FpDigestNote note;
    FpDigestEnd end;

    fp_digest_append_end(bytes, &written);
    g_assert_cmpint(read_mark(bytes->data, bytes->len, &note, &end), ==, FP_DIGEST_MARK_END);
    g_assert_cmpuint(end.frames, ==, written.frames);
    g_assert_cmpuint(end.kept, ==, 77);
    g_assert_cmpstr(end.cut, ==, "offset 5: cut");
    g_free(end.cut);
}

/* Whatever part of a section there is, and whichever bit of it is another, it is read as a note only with all of its text. */
static void test_damaged(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    FpDigestNote note;
    FpDigestEnd end;

    fp_digest_append_begin(bytes, &some_note);
    for (guint n = 0; n < bytes->len; n++) {
        g_assert_cmpint(read_mark(bytes->data, n, &note, &end), !=, FP_DIGEST_MARK_END);
        fp_digest_note_clear(&note);
    }
    for (guint i = 0; i < bytes->len * 8; i++) {
        bytes->data[i / 8] ^= (guint8)(1 << i % 8);
        FpDigestMark mark = read_mark(bytes->data, bytes->len, &note, &end);
        if (i / 8 >= 28 && i / 8 < bytes->len - 11) /* in the text */
            g_assert_cmpint(mark, !=, FP_DIGEST_MARK_BEGIN);
        fp_digest_note_clear(&note);
        bytes->data[i / 8] ^= (guint8)(1 << i % 8);
    }
}

/* Texts of strangers whose check is right. */
static void test_strangers(void)
{
    static const char *const texts[] = {"firstpayload digest 1\n",
                                        "firstpayload digest 1\nbegins: \n",
                                        "firstpayload digest 1\nbegins: \\x0\n",
                                        "firstpayload digest 1\nbegins: \\x00\nfile: \n",
                                        "firstpayload digest 1\nframes: 99999999999999999999\nkept: 1\n",
                                        "firstpayload digest 1\nframes: 5\nkept: 6\n",
                                        "firstpayload digest 1\nframes: -1\nkept: 0\n",
                                        "firstpayload digest 1\n: \n",
                                        "firstpayload digest 1\nbegins: x\nformat: pcap d4\n",
                                        "firstpayload digest 1\n\n\n\n",
                                        "firstpayload digest \n",
                                        "firstpayload digest 1\nbegins: x\nformat: pcapng\nflight-bytes: 4294967296\ntransport: tcp\n",
                                        "firstpayload digest 1\nbegins: x\nformat: pcapng\nflight-bytes: 1\ntransport: sctp\n"};
    FpDigestNote note;
    FpDigestEnd end;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        fp_digest_append_text(bytes, texts[i]);
        g_assert_cmpint(read_mark(bytes->data, bytes->len, &note, &end), ==, FP_DIGEST_MARK_DAMAGED);
    }
}

static uint64_t sum_of(const uint8_t *bytes, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += bytes[i];
    return sum;
}

/* An enhanced packet block with whatever stands behind its frame. */
static void test_frames(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(19);
    FpRestored restored = {0};

    for (unsigned i = 0; i < 200000; i++) {
        uint32_t captured_bytes = (uint32_t)g_rand_int_range(rand, 0, 9), options = (uint32_t)g_rand_int_range(rand, 0, 20) * 4;
        uint32_t bytes = 28 + (captured_bytes + 3) / 4 * 4 + options + 4;
        uint8_t block[256];
        for (size_t j = 0; j < sizeof block; j++)
            block[j] = (uint8_t)g_rand_int_range(rand, 0, 3);
        const uint32_t fields[] = {6, bytes}, lengths[] = {captured_bytes, 100};
        const uint16_t number[] = {5, 8};
        memcpy(block, fields, sizeof fields);
        memcpy(block + 20, lengths, sizeof lengths);
        if (i % 4 != 0)
            memcpy(block + 28 + (captured_bytes + 3) / 4 * 4, number, sizeof number);
        const uint8_t *raw = at_end(block, bytes);
        FpRecord record = {.data = raw + 28,
                           .raw = raw,
                           .raw_bytes = bytes,
                           .captured_bytes = captured_bytes,
                           .wire_bytes = 100,
                           .link = FP_LINK_ETHERNET};
        const FpCaptureFormat pcap = {.is_pcap = true, .record_header_bytes = i % 8 < 4 ? 16 : 24}, pcapng = {.is_pcapng = true};
        uint64_t found = 0;
        fp_restored_begin(&restored, &record, 1);
        const char *wrong = fp_digest_restore(&restored, i % 2 ? &pcap : &pcapng, false, &record, &found);
        if (wrong == NULL)
            g_assert_cmpuint(found, >, 0);
        if (wrong == NULL) /* all of it is there */
            g_assert_cmpuint(sum_of(record.raw, record.raw_bytes), >=, sum_of(record.data, record.captured_bytes));
    }
    fp_restored_clear(&restored);
}

int main(int argc, char **argv)
{
    guarded = mmap(NULL, PAGE_BYTES * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_cmpint(mprotect(guarded + PAGE_BYTES, PAGE_BYTES, PROT_NONE), ==, 0);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/digest-notes/begin", test_begin);
    g_test_add_func("/digest-notes/end", test_end);
    g_test_add_func("/digest-notes/damaged", test_damaged);
    g_test_add_func("/digest-notes/strangers", test_strangers);
    g_test_add_func("/digest-notes/frames", test_frames);
    return g_test_run();
}
