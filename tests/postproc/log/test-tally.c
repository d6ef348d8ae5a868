/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tally.c - counting names in bounded memory, and times in bins. */
#include <glib.h>
#include <string.h>

#include "log/tally.h"

static FpTime at(int64_t ms)
{
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);

    return (FpTime){.seconds = seconds, .ns = (uint32_t)(ms - seconds * 1000) * 1000000};
}

static void say(FpTally *tally, const char *name, int64_t ms)
{
    FpSaidFacts facts = {.protocol = FP_SAID_TLS};

    facts.tls.server_name = (FpSaidText){(const uint8_t *)name, strlen(name)};
    g_strlcpy(facts.tls.ja4, "t13d", sizeof facts.tls.ja4);
    fp_tally_add(tally, &facts, at(ms));
}

static void say_n(FpTally *tally, const char *name, int64_t ms, int n)
{
    for (; n > 0; n--)
        say(tally, name, ms);
}

static const FpTallyName *find(GPtrArray *names, const char *wanted)
{
    for (guint i = 0; i < names->len; i++) {
        const FpTallyName *name = g_ptr_array_index(names, i);
        if (name->name.n == strlen(wanted) && memcmp(name->name.bytes, wanted, name->name.n) == 0)
            return name;
    }
    return NULL;
}

static FpTally *five_streams(void)
{
    FpTally *tally = fp_tally_new(100);

    say(tally, "b.example", 5000);
    say(tally, "a.example", 4000);
    say(tally, "b.example", 3000);
    say(tally, "c.example", 9000);
    say(tally, "", 1000);
    return tally;
}

static void test_names(void)
{
    g_autoptr(FpTally) tally = five_streams();
    g_autoptr(GPtrArray) names = fp_tally_names(tally, FP_TALLY_SERVER_NAMES);
    g_assert_cmpuint(names->len, ==, 3);
    g_assert_true(g_ptr_array_index(names, 0) == find(names, "b.example"));
    g_assert_true(g_ptr_array_index(names, 1) == find(names, "a.example"));
    g_assert_true(g_ptr_array_index(names, 2) == find(names, "c.example"));
    const FpTallyName *first = g_ptr_array_index(names, 0);
    g_assert_cmpuint(first->count.streams, ==, 2);
    g_assert_cmpint(first->count.first.seconds, ==, 3);
    g_assert_cmpint(first->count.last.seconds, ==, 5);
    g_assert_cmpuint(first->missed_max, ==, 0);
}

static void test_sums(void)
{
    g_autoptr(FpTally) tally = five_streams();

    g_assert_cmpuint(fp_tally_without(tally, FP_TALLY_SERVER_NAMES)->streams, ==, 1);
    g_assert_cmpuint(fp_tally_all(tally)->streams, ==, 5);
    g_assert_cmpuint(fp_tally_protocol(tally, FP_SAID_TLS)->streams, ==, 5);
    g_assert_cmpint(fp_tally_all(tally)->first.seconds, ==, 1);
    g_assert_cmpint(fp_tally_all(tally)->last.seconds, ==, 9);
}

/* Nothing is known of what a name is made of: zeros, and more bytes than are remembered. */
static void test_long_names(void)
{
    g_autoptr(FpTally) tally = fp_tally_new(100);
    g_autofree char *name = g_strnfill(FP_TALLY_NAME_BYTES_MAX + 2, 'a');
    FpSaidFacts facts = {.protocol = FP_SAID_HTTP};

    for (size_t n = FP_TALLY_NAME_BYTES_MAX - 1; n <= FP_TALLY_NAME_BYTES_MAX + 2; n++) {
        facts.http.hostname = (FpSaidText){(const uint8_t *)name, n};
        fp_tally_add(tally, &facts, at(0));
    }
    facts.http.hostname = (FpSaidText){(const uint8_t *)"a\0b", 3};
    fp_tally_add(tally, &facts, at(0));
    facts.http.hostname = (FpSaidText){(const uint8_t *)"a\0c", 3};
    fp_tally_add(tally, &facts, at(0));
    g_autoptr(GPtrArray) names = fp_tally_names(tally, FP_TALLY_HOSTS);
    g_assert_cmpuint(names->len, ==, 4);
    const FpTallyName *most = g_ptr_array_index(names, 0);
    g_assert_cmpuint(most->count.streams, ==, 3);
    g_assert_cmpuint(most->name.n, ==, FP_TALLY_NAME_BYTES_MAX);
}

/* No stream is lost. */
static void check_sum(const FpTally *tally)
{
    g_autoptr(GPtrArray) names = fp_tally_names(tally, FP_TALLY_SERVER_NAMES);
    uint64_t streams = fp_tally_dropped(tally, FP_TALLY_SERVER_NAMES)->streams;

    g_assert_cmpuint(streams, >, 0);
    for (guint i = 0; i < names->len; i++)
        streams += ((const FpTallyName *)g_ptr_array_index(names, i))->count.streams;
    g_assert_cmpuint(streams, ==, fp_tally_all(tally)->streams);
}

/* Whatever a flood of names does, frequent ones stay, no stream is lost, and each count is right within what it says. */
static void test_flood(void)
{
    enum { NAMES_MAX = 64, ROUNDS = 5000 };
    g_autoptr(FpTally) tally = fp_tally_new(NAMES_MAX);
    uint64_t said_again = 0;

    say_n(tally, "frequent.example", 0, 10);
    for (int i = 0; i < ROUNDS; i++) {
        g_autofree char *name = g_strdup_printf("%d.example", i);
        say(tally, name, i + 1);
        if (i % 100 == 0) {
            say(tally, "again.example", i + 1);
            said_again++;
        }
    }
    g_autoptr(GPtrArray) names = fp_tally_names(tally, FP_TALLY_SERVER_NAMES);
    g_assert_cmpuint(names->len, <=, NAMES_MAX);
    const FpTallyName *frequent = find(names, "frequent.example");
    g_assert_nonnull(frequent);
    g_assert_cmpuint(frequent->count.streams, ==, 10);
    g_assert_cmpuint(frequent->missed_max, ==, 0);
    check_sum(tally);
    const FpTallyName *again = find(names, "again.example");
    if (again != NULL) {
        g_assert_cmpuint(again->count.streams, <=, said_again);
        g_assert_cmpuint(again->count.streams + again->missed_max, >=, said_again);
    }
    g_assert_cmpint(fp_tally_dropped(tally, FP_TALLY_SERVER_NAMES)->first.ns, ==, 1000000);
}

/* The same of names by chance, against all counts. */
static void test_bounds(void)
{
    g_autoptr(FpTally) tally = fp_tally_new(16);
    g_autoptr(GRand) chance = g_rand_new_with_seed(1);
    uint64_t counts[200] = {0};

    for (int i = 0; i < 20000; i++) {
        unsigned n = (unsigned)(200 / (1 + 199 * g_rand_double(chance)));
        n = MIN(n, 199);
        counts[n]++;
        g_autofree char *name = g_strdup_printf("%u", n);
        say(tally, name, i);
    }
    g_autoptr(GPtrArray) names = fp_tally_names(tally, FP_TALLY_SERVER_NAMES);
    for (guint i = 0; i < names->len; i++) {
        const FpTallyName *said = g_ptr_array_index(names, i);
        g_autofree char *text = g_strndup((const char *)said->name.bytes, said->name.n);
        uint64_t is = counts[g_ascii_strtoull(text, NULL, 10)];
        g_assert_cmpuint(said->count.streams, <=, is);
        g_assert_cmpuint(said->count.streams + said->missed_max, >=, is);
    }
}

static uint64_t all_of(const FpTimeLine *line)
{
    uint64_t n = 0;

    for (unsigned series = 0; series < FP_TIME_LINE_SERIES; series++)
        for (unsigned bin = 0; bin < FP_TIME_LINE_BINS; bin++)
            n += line->counts[series][bin];
    return n;
}

static void add(FpTimeLine *line, int64_t ms)
{
    const FpTime time = at(ms);

    fp_time_line_add(line, 3, time);
    g_assert_cmpuint(line->n, <=, FP_TIME_LINE_BINS);
    g_assert_false(fp_time_is_before(time, fp_time_line_begin_of(line, 0)));
    g_assert_true(fp_time_is_before(time, fp_time_line_begin_of(line, line->n)));
}

static void test_time_line(void)
{
    FpTimeLine line = {.width_ms = 1};

    add(&line, 1000);
    g_assert_cmpuint(line.n, ==, 1);
    add(&line, 1000 + FP_TIME_LINE_BINS - 1);
    g_assert_cmpint(line.width_ms, ==, 1);
    g_assert_cmpuint(line.n, ==, FP_TIME_LINE_BINS);
    add(&line, 1000 + FP_TIME_LINE_BINS);
    g_assert_cmpint(line.width_ms, ==, 5);
    g_assert_cmpuint(line.n, ==, FP_TIME_LINE_BINS / 5 + 1);
    add(&line, 999); /* before all others */
    add(&line, -1);
    add(&line, -86400000);
    add(&line, 86400000);
    g_assert_cmpuint(all_of(&line), ==, 7);
    g_assert_cmpuint(line.counts[3][0], ==, 1);
    g_assert_cmpuint(line.counts[3][line.n - 1], ==, 1);
}

/* Damaged files have any time. */
static void test_times_without_end(void)
{
    static const int64_t seconds[] = {0, INT64_MAX, INT64_MIN, 1, -1, INT64_MAX - 1, 1700000000, INT64_MIN + 1};
    FpTimeLine line = {.width_ms = 1};

    for (size_t i = 0; i < G_N_ELEMENTS(seconds); i++)
        fp_time_line_add(&line, 0, (FpTime){.seconds = seconds[i], .ns = 999999999});
    g_assert_cmpuint(line.n, <=, FP_TIME_LINE_BINS);
    g_assert_cmpuint(all_of(&line), ==, G_N_ELEMENTS(seconds));
}

/* Bins that were put together have what they would have had from the start, wherever the first of them begins. */
static void test_widening(void)
{
    g_autoptr(GRand) chance = g_rand_new_with_seed(2);
    int64_t times[500];
    FpTimeLine line = {.width_ms = 1};

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        times[i] = (int64_t)(g_rand_double(chance) * g_rand_double(chance) * 1e7) - 2000000;
        add(&line, times[i]);
    }
    for (unsigned bin = 0; bin < line.n; bin++) {
        uint64_t n = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
            n += !fp_time_is_before(at(times[i]), fp_time_line_begin_of(&line, bin)) &&
                 fp_time_is_before(at(times[i]), fp_time_line_begin_of(&line, bin + 1));
        g_assert_cmpuint(line.counts[3][bin], ==, n);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tally/names", test_names);
    g_test_add_func("/tally/sums", test_sums);
    g_test_add_func("/tally/long-names", test_long_names);
    g_test_add_func("/tally/flood", test_flood);
    g_test_add_func("/tally/bounds", test_bounds);
    g_test_add_func("/time-line/bins", test_time_line);
    g_test_add_func("/time-line/widening", test_widening);
    g_test_add_func("/time-line/times-without-end", test_times_without_end);
    return g_test_run();
}
