/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - see check.h. */
#include "check.h"

#include "print.h"
#include "said-internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_BYTES ((size_t)1 << 18)

static FpSaid *said;
static const char *seeds;
static unsigned checks;
static uint8_t *room; /* between two pages that must not be touched */

_Noreturn static void fail(const char *name, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "%s: ", name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void check_begin(int argc, char **argv)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, ROOM_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    said = fp_said_new();
    if (said == NULL || pages == MAP_FAILED || mprotect(pages + page, ROOM_BYTES, PROT_READ | PROT_WRITE) != 0)
        fail("check", "no memory");
    room = pages + page;
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        seeds = argv[2];
}

FpSaid *check_said(void)
{
    return said;
}

int check_end(void)
{
    printf("%u messages, each with all of its prefixes\n", checks);
    fp_said_free(said);
    return EXIT_SUCCESS;
}

static char *text_of(const FpSaidFacts *facts)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);

    if (file == NULL)
        fail("check", "no memory");
    print_facts(file, facts);
    fclose(file);
    return text;
}

void check_write_seed(const char *kind, const char *name, const void *bytes, size_t n)
{
    char path[512];

    if (seeds == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s", seeds, kind);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%s", seeds, kind, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
        fail(name, "cannot write %s", path);
}

static void begin(const char *name, const void *bytes, size_t n)
{
    checks++;
    check_write_seed("messages", name, bytes, n);
}

/* Where a message is asked about: it ends where the room does, or starts where it does. */
static FpSaidResult ask(FpSaidMessage message, bool at_end, FpSaidFacts *facts)
{
    uint8_t *start = at_end ? room + ROOM_BYTES - message.n : room;

    if (message.n > 0)
        memcpy(start, message.bytes, message.n);
    message.bytes = start;
    return fp_said_recognise(said, &message, facts);
}

/* Whether every line of part is a line of whole. Before it is known what follows a PROXY header, there is the header alone. */
static bool is_part(const char *part, const char *whole)
{
    for (const char *end; *part != '\0'; part = end + 1) {
        end = strchr(part, '\n');
        size_t n = (size_t)(end - part) + 1;
        bool is_there =
            strncmp(part, "cut true\n", n) == 0 || (strncmp(part, "app_proto proxy\n", n) == 0 && strstr(whole, "proxy.version"));
        for (const char *line = whole; !is_there && *line != '\0'; line = strchr(line, '\n') + 1)
            is_there = strncmp(line, part, n) == 0;
        if (!is_there)
            return false;
    }
    return true;
}

/* Checks one prefix; wanted_bytes is what an earlier one asked for. */
static void check_prefix(const char *name, FpSaidMessage prefix, bool at_end, const char *expected, size_t *wanted_bytes)
{
    FpSaidFacts facts;
    FpSaidResult result = ask(prefix, at_end, &facts);

    if (result == FP_SAID_MORE) {
        if (prefix.is_over || facts.wanted_bytes <= prefix.n || facts.protocol != FP_SAID_NOTHING)
            fail(name, "%zu bytes, over %d: more, but %zu bytes", prefix.n, prefix.is_over, facts.wanted_bytes);
        *wanted_bytes = facts.wanted_bytes;
        return;
    }
    if (!prefix.is_over && prefix.n < *wanted_bytes)
        fail(name, "%zu bytes: they are enough, but %zu were wanted", prefix.n, *wanted_bytes);
    if (result == FP_SAID_UNKNOWN && expected != NULL && !prefix.is_over)
        fail(name, "%zu bytes: unknown", prefix.n);
    if (result == FP_SAID_UNKNOWN)
        return;
    char *text = text_of(&facts);
    if (expected == NULL)
        fail(name, "%zu bytes: not unknown, but\n%s", prefix.n, text);
    if (prefix.is_over ? !is_part(text, expected) : strcmp(text, expected) != 0)
        fail(name, "%zu bytes, over %d:\n%sis not all of\n%s", prefix.n, prefix.is_over, text, expected);
    free(text);
}

static void check_prefixes(const char *name, FpSaidMessage message, const char *expected)
{
    for (unsigned way = 0; way < 4; way++) {
        size_t wanted_bytes = 0;
        for (size_t n = 0; n <= message.n; n++)
            check_prefix(name, (FpSaidMessage){message.bytes, n, message.speaker, way & 1, false}, way & 2, expected, &wanted_bytes);
    }
}

/* Of the recognisers that are tried in order, at most one takes the message. */
static void check_alone(const char *name, const FpSaidMessage *message)
{
    FpSaidRecogniser *const all[] = {fp_said_tls,       fp_said_http, fp_said_http2, fp_said_ssh,          fp_said_proxy,
                                     fp_said_reply_220, fp_said_pop3, fp_said_imap,  fp_said_mysql_server, fp_said_mysql_client,
                                     fp_said_postgres,  fp_said_mqtt, fp_said_rdp,   fp_said_smb,          fp_said_dns,
                                     fp_said_socks,     fp_said_xmpp, fp_said_ldap};
    unsigned takers = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        FpSaidFacts facts = {0};
        takers += all[i](said, message, &facts) == FP_SAID_ENOUGH;
    }
    if (takers > 1)
        fail(name, "%u recognisers take it for theirs", takers);
}

void check_message(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, const char *expected)
{
    FpSaidMessage message = {bytes, n, speaker, false, false};
    FpSaidFacts facts;

    begin(name, bytes, n);
    FpSaidResult result = ask(message, true, &facts);
    if (result != (expected != NULL ? FP_SAID_ENOUGH : FP_SAID_UNKNOWN))
        fail(name, "the result of the whole is %d", result);
    if (expected != NULL) {
        char *text = text_of(&facts);
        if (strcmp(text, expected) != 0)
            fail(name, "says\n%sand not\n%s", text, expected);
        free(text);
        check_alone(name, &message);
    }
    check_prefixes(name, message, expected);
}

void check_cut(const char *name, FpSaidSpeaker speaker, const void *bytes, size_t n, const char *expected)
{
    FpSaidMessage message = {bytes, n, speaker, false, false};
    FpSaidFacts facts;

    begin(name, bytes, n);
    if (ask(message, true, &facts) != FP_SAID_MORE)
        fail(name, "wants no more");
    message.is_over = true;
    FpSaidResult result = ask(message, true, &facts);
    char *text = result == FP_SAID_ENOUGH ? text_of(&facts) : NULL;
    if ((text == NULL) != (expected == NULL) || (text != NULL && strcmp(text, expected) != 0))
        fail(name, "says, once over,\n%sand not\n%s", text ? text : "nothing\n", expected ? expected : "nothing");
    free(text);
}

/* As the datagram fuzzer reads them: a length of two bytes in front of each. */
static void write_datagrams(const char *name, const FpSaidText *datagrams, size_t n)
{
    static Bytes all;

    bytes_clear(&all);
    for (size_t i = 0; i < n; i++) {
        bytes_number(&all, datagrams[i].n, 2);
        bytes_add(&all, datagrams[i].bytes, datagrams[i].n);
    }
    check_write_seed("datagrams", name, all.bytes, all.n);
}

/* The last of n datagrams lies right before the page that must not be touched. */
static FpSaidResult ask_datagrams(const FpSaidText *datagrams, size_t n, bool is_over, FpSaidFacts *facts)
{
    FpSaidText copies[64];
    uint8_t *end = room + ROOM_BYTES;

    for (size_t i = n; i > 0; i--) {
        end -= datagrams[i - 1].n;
        memcpy(end, datagrams[i - 1].bytes, datagrams[i - 1].n);
        copies[i - 1] = (FpSaidText){end, datagrams[i - 1].n};
    }
    return fp_said_recognise_datagrams(said, copies, n, is_over, facts);
}

static void check_cut_datagram(const char *name, const FpSaidText *datagrams, size_t n, const char *expected)
{
    FpSaidText copies[64];
    FpSaidFacts facts;

    memcpy(copies, datagrams, n * sizeof *copies);
    for (copies[n - 1].n = 0; copies[n - 1].n < datagrams[n - 1].n; copies[n - 1].n++) {
        FpSaidResult result = ask_datagrams(copies, n, true, &facts);
        char *text = result == FP_SAID_ENOUGH ? text_of(&facts) : NULL;
        if (result == FP_SAID_MORE || (text != NULL && (expected == NULL || !is_part(text, expected))))
            fail(name, "%zu bytes of datagram %zu:\n%s", copies[n - 1].n, n, text ? text : "more");
        free(text);
    }
}

void check_datagrams(const char *name, const FpSaidText *datagrams, size_t n, const char *expected)
{
    FpSaidFacts facts;

    checks++;
    write_datagrams(name, datagrams, n);
    for (size_t i = 0; i < n; i++) {
        check_cut_datagram(name, datagrams, i + 1, expected);
        if (i > 0 && expected != NULL && ask_datagrams(datagrams, i, false, &facts) != FP_SAID_MORE)
            fail(name, "%zu datagrams are enough", i);
    }
    FpSaidResult result = ask_datagrams(datagrams, n, expected == NULL, &facts);
    if (result != (expected != NULL ? FP_SAID_ENOUGH : FP_SAID_UNKNOWN))
        fail(name, "the result of the whole is %d", result);
    char *text = result == FP_SAID_ENOUGH ? text_of(&facts) : NULL;
    if (text != NULL && strcmp(text, expected) != 0)
        fail(name, "says\n%sand not\n%s", text, expected);
    free(text);
}
