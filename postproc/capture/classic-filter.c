/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * classic-filter.c - see classic-filter.h.
 *
 * The two machines are close kin (linux/filter.h and the kernel's Documentation/networking/filter.rst; the kernel does the same with a
 * filter that it is given in classic BPF). The accumulator is R0, where eBPF's own instructions for packets leave what they load; X is R7;
 * R6 must be the packet. The words of memory are on the stack. A packet that is too short ends either with 0.
 */
#include "classic-filter.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define ACCUMULATOR 0
#define INDEX 7
#define PACKET 6
#define SPARE 8
#define STACK 10
#define INSTRUCTIONS_MAX 4096 /* so that jumps are short enough */

/* A jump whose distance is not known yet. */
typedef struct {
    guint at;
    size_t target; /* index of a classic instruction; their number: where the packet is accepted */
} Jump;

typedef struct {
    GArray *out;
    GArray *jumps;
    size_t n; /* classic instructions */
} Translation;

static void emit(Translation *translation, unsigned code, unsigned to, unsigned from, int offset, uint32_t value)
{
    const struct bpf_insn instruction = {
        .code = (uint8_t)code, .dst_reg = to & 15U, .src_reg = from & 15U, .off = (int16_t)offset, .imm = (int32_t)value};

    g_array_append_val(translation->out, instruction);
}

static void emit_jump(Translation *translation, unsigned code, unsigned from, uint32_t value, size_t target)
{
    const Jump jump = {.at = translation->out->len, .target = target};

    g_array_append_val(translation->jumps, jump);
    emit(translation, code, ACCUMULATOR, from, 0, value);
}

static void emit_reject(Translation *translation)
{
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_K, ACCUMULATOR, 0, 0, 0);
    emit(translation, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_field(Translation *translation, unsigned to, size_t offset)
{
    emit(translation, BPF_LDX | BPF_MEM | BPF_W, to, PACKET, (int)offset, 0);
}

static int place_of(uint32_t word)
{
    return -4 * BPF_MEMWORDS + 4 * (int)word;
}

/* What the kernel knows of a packet besides its bytes stands at offsets of its own. */
static bool translate_ancillary(Translation *translation, uint32_t k)
{
    static const struct {
        size_t field;
        uint32_t k;
        bool is_big_endian;
    } fields[] = {
        {offsetof(struct __sk_buff, protocol), SKF_AD_PROTOCOL, true},
        {offsetof(struct __sk_buff, pkt_type), SKF_AD_PKTTYPE, false},
        {offsetof(struct __sk_buff, ifindex), SKF_AD_IFINDEX, false},
        {offsetof(struct __sk_buff, vlan_tci), SKF_AD_VLAN_TAG, false},
        {offsetof(struct __sk_buff, vlan_present), SKF_AD_VLAN_TAG_PRESENT, false},
        {offsetof(struct __sk_buff, vlan_proto), SKF_AD_VLAN_TPID, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (k != (uint32_t)SKF_AD_OFF + fields[i].k)
            continue;
        emit_field(translation, ACCUMULATOR, fields[i].field);
        if (fields[i].is_big_endian)
            emit(translation, BPF_ALU | BPF_END | BPF_TO_BE, ACCUMULATOR, 0, 0, 16);
        return true;
    }
    return false;
}

/* What both registers can be loaded with; to: one of them. */
static bool translate_load_into(Translation *translation, const struct sock_filter *classic, unsigned to)
{
    switch (BPF_MODE(classic->code)) {
    case BPF_IMM:
        emit(translation, BPF_ALU | BPF_MOV | BPF_K, to, 0, 0, classic->k);
        return true;
    case BPF_MEM:
        emit(translation, BPF_LDX | BPF_MEM | BPF_W, to, STACK, place_of(classic->k), 0);
        return classic->k < BPF_MEMWORDS;
    case BPF_LEN:
        emit_field(translation, to, offsetof(struct __sk_buff, len));
        return true;
    default:
        return false;
    }
}

static bool translate_load(Translation *translation, const struct sock_filter *classic)
{
    switch (BPF_MODE(classic->code)) {
    case BPF_ABS:
        if ((int32_t)classic->k < 0)
            return translate_ancillary(translation, classic->k);
        emit(translation, BPF_LD | BPF_ABS | BPF_SIZE(classic->code), 0, 0, 0, classic->k);
        return true;
    case BPF_IND:
        emit(translation, BPF_LD | BPF_IND | BPF_SIZE(classic->code), 0, INDEX, 0, classic->k);
        return (int32_t)classic->k >= 0;
    default:
        return translate_load_into(translation, classic, ACCUMULATOR);
    }
}

static bool translate_load_index(Translation *translation, const struct sock_filter *classic)
{
    if (BPF_MODE(classic->code) != BPF_MSH)
        return translate_load_into(translation, classic, INDEX);
    /* the length of an IPv4 header */
    emit(translation, BPF_ALU | BPF_MOV | BPF_X, SPARE, ACCUMULATOR, 0, 0);
    emit(translation, BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, classic->k);
    emit(translation, BPF_ALU | BPF_AND | BPF_K, ACCUMULATOR, 0, 0, 15);
    emit(translation, BPF_ALU | BPF_LSH | BPF_K, ACCUMULATOR, 0, 0, 2);
    emit(translation, BPF_ALU | BPF_MOV | BPF_X, INDEX, ACCUMULATOR, 0, 0);
    emit(translation, BPF_ALU | BPF_MOV | BPF_X, ACCUMULATOR, SPARE, 0, 0);
    return (int32_t)classic->k >= 0;
}

static bool translate_store(Translation *translation, const struct sock_filter *classic)
{
    const unsigned from = BPF_CLASS(classic->code) == BPF_ST ? ACCUMULATOR : INDEX;

    emit(translation, BPF_STX | BPF_MEM | BPF_W, STACK, from, place_of(classic->k), 0);
    return classic->k < BPF_MEMWORDS;
}

static bool translate_arithmetic(Translation *translation, const struct sock_filter *classic)
{
    const unsigned operation = BPF_OP(classic->code);
    const bool divides = operation == BPF_DIV || operation == BPF_MOD, is_by_index = BPF_SRC(classic->code) == BPF_X;

    if (operation > BPF_XOR || (divides && !is_by_index && classic->k == 0))
        return false;
    if (divides && is_by_index) { /* by 0: the packet is rejected */
        emit(translation, BPF_JMP32 | BPF_JNE | BPF_K, INDEX, 0, 2, 0);
        emit_reject(translation);
    }
    if (operation == BPF_NEG)
        emit(translation, BPF_ALU | BPF_NEG, ACCUMULATOR, 0, 0, 0);
    else
        emit(translation, BPF_ALU | operation | BPF_SRC(classic->code), ACCUMULATOR, is_by_index ? INDEX : 0, 0,
             is_by_index ? 0 : classic->k);
    return true;
}

static bool translate_jump(Translation *translation, const struct sock_filter *classic, size_t i)
{
    const unsigned operation = BPF_OP(classic->code);
    const bool is_by_index = BPF_SRC(classic->code) == BPF_X;

    if (operation == BPF_JA) {
        emit_jump(translation, BPF_JMP | BPF_JA, 0, 0, i + 1 + classic->k);
        return classic->k < translation->n - i - 1;
    }
    if (operation > BPF_JSET || i + 1 + MAX(classic->jt, classic->jf) >= translation->n)
        return false;
    emit_jump(translation, BPF_JMP32 | operation | BPF_SRC(classic->code), is_by_index ? INDEX : 0, is_by_index ? 0 : classic->k,
              i + 1 + classic->jt);
    if (classic->jf != 0)
        emit_jump(translation, BPF_JMP | BPF_JA, 0, 0, i + 1 + classic->jf);
    return true;
}

static bool translate_return(Translation *translation, const struct sock_filter *classic)
{
    if (BPF_RVAL(classic->code) == BPF_A)
        emit_jump(translation, BPF_JMP32 | BPF_JNE | BPF_K, 0, 0, translation->n);
    else if (classic->k != 0)
        emit_jump(translation, BPF_JMP | BPF_JA, 0, 0, translation->n);
    if (BPF_RVAL(classic->code) == BPF_A || classic->k == 0)
        emit_reject(translation);
    return true;
}

static bool translate_one(Translation *translation, const struct sock_filter *classic, size_t i)
{
    const bool is_to_index = BPF_MISCOP(classic->code) == BPF_TAX;

    switch (BPF_CLASS(classic->code)) {
    case BPF_LD:
        return translate_load(translation, classic);
    case BPF_LDX:
        return translate_load_index(translation, classic);
    case BPF_ST:
    case BPF_STX:
        return translate_store(translation, classic);
    case BPF_ALU:
        return translate_arithmetic(translation, classic);
    case BPF_JMP:
        return translate_jump(translation, classic, i);
    case BPF_RET:
        return translate_return(translation, classic);
    default:
        emit(translation, BPF_ALU | BPF_MOV | BPF_X, is_to_index ? INDEX : ACCUMULATOR, is_to_index ? ACCUMULATOR : INDEX, 0, 0);
        return true;
    }
}

static void begin(Translation *translation)
{
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_X, PACKET, 1, 0, 0);
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_K, ACCUMULATOR, 0, 0, 0);
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_K, INDEX, 0, 0, 0);
    for (uint32_t word = 0; word < BPF_MEMWORDS; word++)
        emit(translation, BPF_ST | BPF_MEM | BPF_W, STACK, 0, place_of(word), 0);
}

/* The call does not return, unless there is no such program; then the packet is kept. */
static void go_on(Translation *translation, int next)
{
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_X, 1, PACKET, 0, 0);
    emit(translation, BPF_DW /* with BPF_LD and BPF_IMM, which are 0 */, 2, BPF_PSEUDO_MAP_FD, 0, (uint32_t)next);
    emit(translation, 0, 0, 0, 0, 0);
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
    emit(translation, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call);
    emit(translation, BPF_ALU64 | BPF_MOV | BPF_K, ACCUMULATOR, 0, 0, INT32_MAX);
    emit(translation, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void set_distances(const Translation *translation, const guint *starts)
{
    for (guint i = 0; i < translation->jumps->len; i++) {
        const Jump *jump = &g_array_index(translation->jumps, Jump, i);
        g_array_index(translation->out, struct bpf_insn, jump->at).off = (int16_t)(starts[jump->target] - jump->at - 1);
    }
}

GArray *fp_classic_filter_translate(const void *instructions, size_t n, int next)
{
    const struct sock_filter *classic = instructions;

    if (n == 0 || n > INSTRUCTIONS_MAX)
        return NULL;
    Translation translation = {
        .out = g_array_new(FALSE, FALSE, sizeof(struct bpf_insn)), .jumps = g_array_new(FALSE, FALSE, sizeof(Jump)), .n = n};
    guint *starts = g_new(guint, n + 1);
    bool is_translated = true;
    begin(&translation);
    for (size_t i = 0; i < n && is_translated; i++) {
        starts[i] = translation.out->len;
        is_translated = translate_one(&translation, &classic[i], i);
    }
    starts[n] = translation.out->len;
    go_on(&translation, next);
    if (is_translated)
        set_distances(&translation, starts);
    else
        g_clear_pointer(&translation.out, g_array_unref);
    g_array_unref(translation.jumps);
    g_free(starts);
    return translation.out;
}
