/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-classic-filter.c - expressions that libpcap compiles, translated and run in the kernel, against libpcap's own machine, on the frames
 * of a capture, also cut short. Takes root. usage: test-classic-filter CAPTURE
 */
#include <bpf/bpf.h>
#include <glib.h>
#include <string.h>

#include "capture/classic-filter.h"
#include "classic-expressions.h"

#define KEPT 77U
#define FRAME_MAX 4096U

static const char *path;
static int next = -1; /* a map with one program, which keeps KEPT bytes */

static void make_next(void)
{
    const struct bpf_insn instructions[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = KEPT}, {.code = BPF_JMP | BPF_EXIT}};
    const uint32_t first = 0;

    next = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "next", 4, 4, 1, NULL);
    const int program = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "keep", "GPL", instructions, G_N_ELEMENTS(instructions), NULL);
    g_assert_cmpint(program, >=, 0);
    g_assert_cmpint(bpf_map_update_elem(next, &first, &program, BPF_ANY), ==, 0);
}

/* See test-kernel-filter.c: the filter sees what follows the first header. */
static bool keeps(int program, const uint8_t *frame, uint32_t n)
{
    uint8_t bytes[14 + FRAME_MAX] = {[12] = 0x88, [13] = 0xb5};
    struct bpf_test_run_opts options = {.sz = sizeof options, .data_in = bytes, .data_size_in = 14 + n, .repeat = 1};

    memcpy(bytes + 14, frame, n);
    g_assert_cmpint(bpf_prog_test_run_opts(program, &options), ==, 0);
    g_assert_true(options.retval == 0 || options.retval == KEPT);
    return options.retval != 0;
}

typedef struct {
    int program;
    unsigned n_kept, n_left;
} Run;

static void compare(void *user, const uint8_t *frame, uint32_t n, bool matches)
{
    Run *run = user;

    g_assert_cmpuint(n, <=, FRAME_MAX);
    g_assert_cmpint(keeps(run->program, frame, n), ==, matches);
    if (matches)
        run->n_kept++;
    else
        run->n_left++;
}

static void test_expressions(void)
{
    for (size_t i = 0; i < classic_n_expressions; i++) {
        size_t n;
        const void *instructions = classic_compile(i, &n);
        g_autoptr(GArray) translated = fp_classic_filter_translate(instructions, n, next);
        Run run = {.program = -1};
        g_assert_nonnull(translated);
        run.program = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "before", "GPL", (const void *)translated->data, translated->len, NULL);
        g_test_message("%s: %u instructions", classic_expressions[i], translated->len);
        g_assert_cmpint(run.program, >=, 0);
        classic_run(path, compare, &run);
        g_assert_cmpuint(run.n_kept, >, 0);
        g_assert_cmpuint(run.n_left, >, 0);
        classic_free();
    }
}

/* What libpcap does not make of expressions; each of them is refused by the kernel, too, or has no translation. */
static void test_refused(void)
{
    const struct sock_filter_like {
        uint16_t code;
        uint8_t jt, jf;
        uint32_t k;
    } beyond = {0x15, 5, 0, 1}, divided = {0x34, 0, 0, 0}, memory = {0x60, 0, 0, 16}, ancillary = {0x20, 0, 0, 0xfffff038};

    g_assert_null(fp_classic_filter_translate(&beyond, 1, next));
    g_assert_null(fp_classic_filter_translate(&divided, 1, next));
    g_assert_null(fp_classic_filter_translate(&memory, 1, next));
    g_assert_null(fp_classic_filter_translate(&ancillary, 1, next));
    g_assert_null(fp_classic_filter_translate(&beyond, 0, next));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    path = argv[1];
    make_next();
    g_test_add_func("/classic-filter/expressions", test_expressions);
    g_test_add_func("/classic-filter/refused", test_refused);
    return g_test_run();
}
