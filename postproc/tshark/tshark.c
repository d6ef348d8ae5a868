/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark.c - see tshark.h. */
#include "tshark.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "tshark-process.h"

#define READ_BYTES 65536U
#define LINE_BYTES_MAX (16U * 1024U * 1024U) /* far more than the fields of one flight can have */
#define STDERR_BYTES_MAX 2048U
#define SENT_BYTES_MAX (1024U * 1024U) /* sent bytes that may stay before the rest is moved up */
#define CHECK_SECONDS 180              /* the machine may be busy */
#define ENDING_MS 100
#define TRIALS 3U
#define LINK_TYPE_USER15 162U /* of markers: no dissector takes it */

struct FpTshark {
    char **fields; /* NULL: a filter */
    FpTsharkAnswer answer;
    void *user;
    FpTsharkProcess process;
    GByteArray *unsent;
    size_t sent; /* of it */
    GString *received;
    GString *said;      /* the end of its standard error */
    GArray *link_types; /* of pcapng interfaces, from 1 on */
    uint64_t given;
    bool has_ended;
};

FpTsharkFrame *fp_tshark_frame_new(uint32_t link_type, const FpRecord *record)
{
    uint32_t captured_bytes = MIN(record->captured_bytes, FP_FRAME_BYTES_MAX);
    FpTsharkFrame *frame = g_malloc(sizeof *frame + captured_bytes);

    *frame = (FpTsharkFrame){
        .link_type = link_type, .captured_bytes = captured_bytes, .wire_bytes = record->wire_bytes, .time_ns = record->time_ns};
    memcpy(frame->data, record->data, captured_bytes);
    return frame;
}

/* Appends a block of pcapng (draft-ietf-opsawg-pcapng), in this machine's byte order. */
static void append_block(GByteArray *bytes, uint32_t type, const void *fixed, size_t n_fixed, const void *data, size_t n)
{
    static const uint8_t zeros[4];
    size_t padding = -n & 3U;
    uint32_t length = (uint32_t)(12 + n_fixed + n + padding);
    uint32_t head[2] = {type, length};

    g_byte_array_append(bytes, (const guint8 *)head, sizeof head);
    g_byte_array_append(bytes, fixed, (guint)n_fixed);
    g_byte_array_append(bytes, data, (guint)n);
    g_byte_array_append(bytes, zeros, (guint)padding);
    g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
}

static void append_section(GByteArray *bytes)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t length[2]; /* not known */
    } section = {0x1a2b3c4d, 1, 0, {UINT32_MAX, UINT32_MAX}};

    append_block(bytes, 0x0a0d0d0a, &section, sizeof section, "", 0);
}

static void append_interface(GByteArray *bytes, uint32_t link_type)
{
    const struct {
        uint16_t link_type, reserved;
        uint32_t snaplen;
        uint16_t code, length; /* if_tsresol */
        uint8_t resolution, padding[3];
        uint16_t end_code, end_length;
    } interface = {(uint16_t)link_type, 0, 0, 9, 1, 9, {0}, 0, 0};

    append_block(bytes, 1, &interface, sizeof interface, "", 0);
}

static void append_packet(GByteArray *bytes, uint32_t interface, int64_t time_ns, const void *data, uint32_t captured, uint32_t wire)
{
    uint64_t time = time_ns < 0 ? 0 : (uint64_t)time_ns;
    const uint32_t fixed[5] = {interface, (uint32_t)(time >> 32), (uint32_t)time, captured, wire};

    append_block(bytes, 6, fixed, sizeof fixed, data, captured);
}

/* Returns the words after tshark's name; the caller frees them with g_strfreev. filter: what tshark is given. */
static char **make_words(const FpTsharkQuestion *question, const char *filter)
{
    static const char *const always[] = {
        "-n", "-l", "-r", "-", "-o", "tcp.reassemble_out_of_order:TRUE", "-o", "tcp.desegment_tcp_streams:TRUE", "-T"};
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < G_N_ELEMENTS(always); i++)
        g_ptr_array_add(words, g_strdup(always[i]));
    g_ptr_array_add(words, g_strdup(question->fields != NULL ? "ek" : "fields"));
    g_ptr_array_add(words, g_strdup("-e"));
    g_ptr_array_add(words, g_strdup("frame.number"));
    for (char *const *field = question->fields; field != NULL && *field != NULL; field++) {
        g_ptr_array_add(words, g_strdup("-e"));
        g_ptr_array_add(words, g_strdup(*field));
    }
    if (filter != NULL) {
        g_ptr_array_add(words, g_strdup("-Y"));
        g_ptr_array_add(words, g_strdup(filter));
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}

static FpTshark *start(const FpTsharkQuestion *question, const char *filter, FpTsharkAnswer answer, void *user, GError **error)
{
    g_auto(GStrv) words = make_words(question, filter);
    FpTsharkProcess process;

    if (!fp_tshark_process_start(words, &process, error))
        return NULL;
    FpTshark *tshark = g_new0(FpTshark, 1);
    tshark->process = process;
    tshark->fields = g_strdupv((char **)question->fields);
    tshark->answer = answer;
    tshark->user = user;
    tshark->unsent = g_byte_array_new();
    tshark->received = g_string_new(NULL);
    tshark->said = g_string_new(NULL);
    tshark->link_types = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    append_section(tshark->unsent);
    append_interface(tshark->unsent, LINK_TYPE_USER15);
    return tshark;
}

/* Markers match it as well. Caller frees. */
static char *or_marker(const FpTsharkQuestion *question)
{
    return question->filter != NULL ? g_strdup_printf("(%s) || frame.interface_id == 0", question->filter) : NULL;
}

FpTshark *fp_tshark_start(const FpTsharkQuestion *question, FpTsharkAnswer answer, void *user, GError **error)
{
    g_autofree char *filter = or_marker(question);

    return start(question, filter, answer, user, error);
}

static void note(const FpTsharkQuestion *question, const char *filter)
{
    g_auto(GStrv) words = make_words(question, filter);

    fp_tshark_process_note(words);
}

/* As fp_tshark_check and fp_tshark_start will start it. */
void fp_tshark_prepare(const FpTsharkQuestion *question)
{
    const FpTsharkQuestion nothing = {0}, fields = {.fields = question->fields}, filter = {.filter = question->filter};
    g_autofree char *with_markers = or_marker(question);

    note(&nothing, NULL);
    note(question, question->filter);
    note(&fields, NULL);
    note(&filter, with_markers);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void fp_tshark_free(FpTshark *tshark)
{
    if (tshark == NULL)
        return;
    close_fd(&tshark->process.input);
    close_fd(&tshark->process.output);
    close_fd(&tshark->process.errors);
    fp_tshark_process_wait(&tshark->process, true);
    g_byte_array_unref(tshark->unsent);
    g_string_free(tshark->received, TRUE);
    g_string_free(tshark->said, TRUE);
    g_array_unref(tshark->link_types);
    g_strfreev(tshark->fields);
    g_free(tshark);
}

/* Returns the number of the interface for link_type, whose description goes before the first frame that needs it. */
static uint32_t interface_of(FpTshark *tshark, uint32_t link_type)
{
    for (guint i = 0; i < tshark->link_types->len; i++)
        if (g_array_index(tshark->link_types, uint32_t, i) == link_type)
            return i + 1;
    g_array_append_val(tshark->link_types, link_type);
    append_interface(tshark->unsent, link_type);
    return tshark->link_types->len;
}

uint64_t fp_tshark_give(FpTshark *tshark, const FpTsharkFrame *frame)
{
    uint32_t interface = interface_of(tshark, frame->link_type);

    append_packet(tshark->unsent, interface, frame->time_ns, frame->data, frame->captured_bytes, frame->wire_bytes);
    return ++tshark->given;
}

uint64_t fp_tshark_mark(FpTshark *tshark, size_t bytes)
{
    static const uint8_t zeros[FP_MARKER_BYTES_MAX];

    append_packet(tshark->unsent, 0, 0, zeros, (uint32_t)bytes, (uint32_t)bytes);
    return ++tshark->given;
}

size_t fp_tshark_unsent(const FpTshark *tshark)
{
    return tshark->unsent->len - tshark->sent;
}

/* Writes without being killed by SIGPIPE when nobody reads. When the reader of our own output goes away, SIGPIPE still kills us, as
 * everybody expects of a pipe. */
static ssize_t write_without_signal(int fd, const void *bytes, size_t n)
{
    const struct timespec at_once = {0};
    sigset_t pipe_signal, pending, before;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t written = write(fd, bytes, n);
    int failure = errno;
    if (written < 0 && failure == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR) {
        }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failure;
    return written;
}

/* When tshark has ended, writing fails; reading finds that out. */
static void send_some(FpTshark *tshark)
{
    while (fp_tshark_unsent(tshark) > 0 && tshark->process.input >= 0) {
        ssize_t n = write_without_signal(tshark->process.input, tshark->unsent->data + tshark->sent, fp_tshark_unsent(tshark));
        if (n < 0 && errno == EPIPE)
            close_fd(&tshark->process.input);
        if (n <= 0)
            break;
        tshark->sent += (size_t)n;
    }
    if (tshark->sent == tshark->unsent->len || tshark->sent > SENT_BYTES_MAX) {
        g_byte_array_remove_range(tshark->unsent, 0, (guint)tshark->sent);
        tshark->sent = 0;
    }
}

static void take_line(FpTshark *tshark, const char *line)
{
    uint64_t number;

    if (tshark->fields == NULL) {
        number = g_ascii_strtoull(line, NULL, 10);
        if (number > 0)
            tshark->answer(tshark->user, number, NULL);
        return;
    }
    g_autoptr(GPtrArray) values = fp_field_values_new(tshark->fields);
    if (fp_tshark_answer_read(line, tshark->fields, &number, values) && number > 0)
        tshark->answer(tshark->user, number, values);
}

static void take_lines(FpTshark *tshark)
{
    char *at = tshark->received->str, *end = at + tshark->received->len, *newline;

    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        *newline = '\0';
        take_line(tshark, at);
        at = newline + 1;
    }
    g_string_erase(tshark->received, 0, at - tshark->received->str);
}

/* Reads what is there. Returns false at the end, or on an error. */
static bool receive(int fd, GString *text)
{
    char bytes[READ_BYTES];

    for (;;) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n > 0)
            g_string_append_len(text, bytes, n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return false;
        else if (errno == EAGAIN)
            return true;
        if (text->len > LINE_BYTES_MAX)
            return true;
    }
}

static void take_words(FpTshark *tshark)
{
    if (tshark->process.errors >= 0 && !receive(tshark->process.errors, tshark->said))
        close_fd(&tshark->process.errors);
    if (tshark->said->len > STDERR_BYTES_MAX)
        g_string_erase(tshark->said, 0, (gssize)(tshark->said->len - STDERR_BYTES_MAX));
}

static void receive_some(FpTshark *tshark)
{
    take_words(tshark);
    bool goes_on = receive(tshark->process.output, tshark->received);
    take_lines(tshark);
    tshark->has_ended = !goes_on || tshark->received->len > LINE_BYTES_MAX;
}

bool fp_tshark_has_ended(const FpTshark *tshark)
{
    return tshark->has_ended;
}

bool fp_tshark_exchange(FpTshark *tshark, int wait_ms)
{
    struct pollfd ready[3] = {{.fd = tshark->process.output, .events = POLLIN},
                              {.fd = tshark->process.errors, .events = POLLIN},
                              {.fd = fp_tshark_unsent(tshark) > 0 ? tshark->process.input : -1, .events = POLLOUT}};

    if (tshark->has_ended)
        return false;
    if (poll(ready, G_N_ELEMENTS(ready), wait_ms) <= 0)
        return true;
    if (ready[2].revents != 0)
        send_some(tshark);
    if (ready[0].revents != 0 || ready[1].revents != 0)
        receive_some(tshark);
    return !tshark->has_ended;
}

/* Whether a line only points at something in the line above. */
static bool is_pointer(const char *line)
{
    return line[strspn(line, " ^~")] == '\0';
}

/* Returns its messages on one line, without the warning about running as root. The caller frees the text. */
static char *said(const FpTshark *tshark)
{
    g_auto(GStrv) lines = g_strsplit(tshark->said->str, "\n", -1);
    GString *text = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        if (is_pointer(*line) || g_str_has_prefix(*line, "Running as user"))
            continue;
        const char *between = text->len == 0 ? "" : text->str[text->len - 1] == ':' ? " " : "; ";
        g_string_append_printf(text, "%s%s", between, g_strstrip(*line));
    }
    return g_string_free(text, FALSE);
}

/* Where it has closed its output, it is about to end: waits for that, and takes its last words. */
static void await_end(FpTshark *tshark, gint64 until_us)
{
    while (tshark->has_ended && tshark->process.pid != 0) {
        fp_tshark_process_wait(&tshark->process, false);
        if (tshark->process.pid == 0 || g_get_monotonic_time() >= until_us)
            break;
        g_usleep(2000);
    }
    take_words(tshark);
}

char *fp_tshark_failure(FpTshark *tshark)
{
    await_end(tshark, g_get_monotonic_time() + ENDING_MS * 1000);
    g_autofree char *words = said(tshark);
    const char *colon = *words != '\0' ? ": " : "";

    if (tshark->process.pid != 0)
        return g_strdup_printf("tshark does not answer%s%s", colon, words);
    if (WIFSIGNALED(tshark->process.status))
        return g_strdup_printf("tshark was ended by signal %d%s%s", WTERMSIG(tshark->process.status), colon, words);
    return g_strdup_printf("tshark ended with status %d%s%s", WEXITSTATUS(tshark->process.status), colon, words);
}

int fp_tshark_patience_s(void)
{
    const char *text = g_getenv("FIRSTPAYLOAD_TSHARK_SECONDS");
    guint64 number = text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;

    return number > G_MAXINT ? 0 : (int)number;
}

typedef enum {
    WELL,
    REFUSED,       /* it has ended by itself and said why */
    DIED,          /* of a signal, for instance */
    NOT_ANSWERING, /* it does not start or does not end */
} Trial;

typedef struct {
    FpTsharkWaiting is_pressed; /* NULL: never */
    void *user;
} Waiting;

static Trial how_it_went(const FpTshark *tshark, const char *words)
{
    if (tshark->process.pid != 0)
        return NOT_ANSWERING;
    if (WIFEXITED(tshark->process.status) && WEXITSTATUS(tshark->process.status) == 0)
        return WELL;
    return WIFEXITED(tshark->process.status) && *words != '\0' ? REFUSED : DIED;
}

bool fp_tshark_has_refused(const FpTshark *tshark)
{
    g_autofree char *words = said(tshark);

    return how_it_went(tshark, words) == REFUSED;
}

/* The options that a question is from, to go before what is wrong with it. */
static const char *options_of(const FpTsharkQuestion *question)
{
    if (question->filter == NULL)
        return question->fields == NULL ? "" : "--fields: ";
    return question->fields == NULL ? "-Y: " : "-Y or --fields: ";
}

/* Runs tshark on a capture without frames. Replaces *why by what is wrong. */
static Trial try(const FpTsharkQuestion *question, const Waiting *waiting, GError **why)
{
    int patience_s = fp_tshark_patience_s();
    gint64 end_us = g_get_monotonic_time() + (patience_s > 0 ? patience_s : CHECK_SECONDS) * G_USEC_PER_SEC;
    bool is_pressed = false;

    g_clear_error(why);
    FpTshark *tshark = start(question, question->filter, NULL, NULL, why);
    if (tshark == NULL)
        return NOT_ANSWERING;
    while (fp_tshark_exchange(tshark, 50) && g_get_monotonic_time() < end_us) {
        if (fp_tshark_unsent(tshark) == 0)
            close_fd(&tshark->process.input);
        if (patience_s > 0 || is_pressed || waiting->is_pressed == NULL || !waiting->is_pressed(waiting->user))
            continue;
        is_pressed = true;
        end_us = MIN(end_us, g_get_monotonic_time() + FP_PRESSED_SECONDS * G_USEC_PER_SEC);
    }
    await_end(tshark, end_us); /* on a busy machine, that takes its time */
    g_autofree char *words = said(tshark), *failure = fp_tshark_failure(tshark);
    Trial trial = how_it_went(tshark, words);
    if (trial == REFUSED)
        g_set_error(why, FP_ERROR, FP_ERROR_USAGE, "%s%s", options_of(question), words);
    else if (trial != WELL)
        g_set_error(why, FP_ERROR, FP_ERROR_UNAVAILABLE, "%s; " FP_TSHARK_ADVICE, failure);
    fp_tshark_free(tshark);
    return trial;
}

/* A question is wrong if tshark refuses it twice, and does not refuse to run without one. */
bool fp_tshark_check(const FpTsharkQuestion *question, bool is_refused, FpTsharkWaiting is_pressed, void *user, GError **error)
{
    const FpTsharkQuestion nothing = {0};
    const Waiting waiting = {is_pressed, user};
    GError *why = NULL, *broken = NULL;
    Trial trial = is_refused ? REFUSED : DIED, before;

    for (unsigned i = 0; i < TRIALS; i++) {
        before = trial;
        trial = try(question, &waiting, &why);
        if (trial == WELL)
            return true;
        if (trial == NOT_ANSWERING || (trial == REFUSED && before == REFUSED))
            break;
    }
    bool is_wrong = trial == REFUSED && before == REFUSED && try(&nothing, &waiting, &broken) == WELL;
    g_propagate_error(error, broken != NULL ? broken : why);
    if (broken != NULL)
        g_error_free(why);
    if (!is_wrong && (*error)->code == FP_ERROR_USAGE) {
        (*error)->code = FP_ERROR_UNAVAILABLE;
        g_prefix_error(error, "tshark does not work: ");
    }
    return false;
}
