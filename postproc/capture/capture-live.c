/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-live.c - see capture-live.h. Copies each frame once, behind a record header like that of a file. */
#include "capture-live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "base/error.h"
#include "base/message.h"
#include "base/notify.h"
#include "base/stop.h"
#include "capture-internal.h"
#include "link-type.h"
#include "live-again.h"

#define RECORD_HEADER 16U
#define READ_TIMEOUT_MS 100 /* unless options say otherwise: how long the kernel may hold frames back to deliver more at once */
#define RECORDS_MAX 64
#define ASKED_AGAIN_MS 50
#define CODE_AWAY (-1) /* of an error: the interface may come */

typedef struct {
    FpCapture base;
    pcap_t *pcap;
    FpLink link;
    size_t snaplen;
    size_t room;                   /* bytes for one record, and around it */
    uint8_t *buffer;               /* RECORDS_MAX times room; only what frames fill is ever touched */
    FpRecord records[RECORDS_MAX]; /* those that libpcap has given */
    int n;
    int next;           /* the first of them that has not been read yet */
    FpLiveAgain *again; /* NULL: the end of the interface is that of the capture */
    int waker;          /* epoll(7): libpcap's descriptor, and timer */
    int timer;
    bool is_timed;
    struct pcap_stat counted; /* by libpcap, when it was asked last */
    uint64_t frames;          /* in all, as are the next */
    FpDrops drops;
} Live;

static void take_frame(u_char *user, const struct pcap_pkthdr *header, const u_char *frame)
{
    Live *live = (Live *)user;
    uint8_t *raw = live->buffer + (size_t)live->n * live->room + FP_LIVE_ROOM_BEFORE - RECORD_HEADER;
    uint32_t captured_bytes = MIN(header->caplen, (uint32_t)live->snaplen);
    uint32_t words[4] = {(uint32_t)header->ts.tv_sec, (uint32_t)header->ts.tv_usec, captured_bytes, header->len};

    memcpy(raw, words, sizeof words);
    memcpy(raw + RECORD_HEADER, frame, captured_bytes);
    live->records[live->n++] = (FpRecord){
        .data = raw + RECORD_HEADER,
        .raw = raw,
        .time_ns = (int64_t)header->ts.tv_sec * 1000000000 + (int64_t)header->ts.tv_usec * 1000,
        .captured_bytes = captured_bytes,
        .wire_bytes = MAX(header->len, captured_bytes),
        .raw_bytes = RECORD_HEADER + captured_bytes,
        .link = live->link,
    };
    live->base.bytes_read += RECORD_HEADER + captured_bytes;
}

/* An interface can be unplugged. What was captured until then is as good as if the capture had been stopped. */
static void live_ended(Live *live)
{
    if (live->base.early_end == NULL)
        live->base.early_end = g_strdup(pcap_geterr(live->pcap));
}

/* Where an interface goes down because it is removed, nothing wakes us once it is gone. So libpcap asks to be called again and again until
 * it is either up or gone (pcap_get_required_select_timeout(3PCAP)), if not as often as once in each millisecond. */
static void set_timer(Live *live)
{
    const bool must_be = live->base.early_end == NULL && pcap_get_required_select_timeout(live->pcap) != NULL;
    const struct timespec period = {.tv_nsec = must_be ? ASKED_AGAIN_MS * 1000000L : 0};
    const struct itimerspec when = {.it_value = period};

    if (must_be || live->is_timed)
        timerfd_settime(live->timer, 0, &when, NULL);
    live->is_timed = must_be;
}

/* Has libpcap give up to max frames, once those from before have been read. */
static void fetch(Live *live, int max)
{
    live->n = live->next = 0;
    errno = 0; /* on nflog, libpcap reports a failure when there is nothing to read */
    bool has_failed = pcap_dispatch(live->pcap, MIN(max, RECORDS_MAX), take_frame, (u_char *)live) < 0 && errno != EAGAIN;
    if (has_failed && (live->again == NULL || !fp_live_again_has_gone(live->again)))
        live_ended(live);
    set_timer(live);
}

static int hand_over(Live *live, FpRecord *records, int max)
{
    int n = MIN(live->n - live->next, max);

    memcpy(records, live->records + live->next, (size_t)n * sizeof *records);
    live->next += n;
    return n;
}

/* Waits for frames, or for an interface that is away. */
static void await(const Live *live)
{
    if (live->again != NULL && fp_live_again_is_away(live->again))
        (void)fp_stop_sleep(FP_LIVE_AGAIN_MS);
    else
        fp_stop_wait(live->waker);
}

static int live_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    Live *live = (Live *)capture;

    (void)error;
    for (;;) {
        if (live->next == live->n) {
            if (live->base.early_end != NULL || fp_stop_is_over())
                return 0;
            fetch(live, max);
        }
        if (live->next < live->n)
            return hand_over(live, records, max);
        if (live->base.early_end == NULL)
            await(live);
    }
}

/* What libpcap can be woken by need not be a frame that it gives, so it is asked for one. */
static bool live_would_wait(const FpCapture *capture)
{
    Live *live = (Live *)capture; /* nobody sees that it changes */

    if (live->next == live->n && live->base.early_end == NULL && !fp_would_wait(live->waker))
        fetch(live, RECORDS_MAX);
    return live->next == live->n && live->base.early_end == NULL;
}

static int live_descriptor(const FpCapture *capture)
{
    const Live *live = (const Live *)capture;

    return live->again != NULL && fp_live_again_is_away(live->again) ? -1 : live->waker;
}

static void live_close(FpCapture *capture)
{
    Live *live = (Live *)capture;

    fp_live_again_free(live->again);
    if (live->timer >= 0)
        close(live->timer);
    if (live->waker >= 0)
        close(live->waker);
    pcap_close(live->pcap);
    g_free(live->buffer);
    g_free(live);
}

static const FpCapture *live_part(const FpCapture *capture, unsigned n)
{
    return n == 0 ? capture : NULL;
}

static const FpReader live_reader = {.read = live_read, .close = live_close, .would_wait = live_would_wait, .descriptor = live_descriptor};
static const FpLiveKind live_kind = {.part = live_part};

static bool set_open_error(GError **error, const FpLiveOptions *options, int code, const char *what, const char *help)
{
    g_set_error(error, FP_ERROR, code, "%s: cannot capture: %s%s", options->interface, what, help);
    return false;
}

static bool activate(pcap_t *pcap, const FpLiveOptions *options, GError **error)
{
    if (pcap_set_snaplen(pcap, options->snaplen) != 0 || pcap_set_promisc(pcap, !options->only_own) != 0 ||
        pcap_set_timeout(pcap, options->read_timeout_ms > 0 ? options->read_timeout_ms : READ_TIMEOUT_MS) != 0 ||
        pcap_set_buffer_size(pcap, options->buffer_kib * 1024) != 0)
        return set_open_error(error, options, FP_ERROR_SOFTWARE, "libpcap does not accept the options", "");

    int status = pcap_activate(pcap);
    const char *detail = pcap_geterr(pcap);
    const char *help = "";
    int code = FP_ERROR_NO_INPUT;
    if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
        help = "; run as root, or give the program CAP_NET_RAW";
    else if (status == PCAP_ERROR_NO_SUCH_DEVICE)
        help = "; tcpdump -D lists the interfaces";
    if (status == PCAP_ERROR_NO_SUCH_DEVICE || status == PCAP_ERROR_IFACE_NOT_UP)
        code = CODE_AWAY;
    if (status < 0)
        return set_open_error(error, options, code, *detail != '\0' ? detail : pcap_statustostr(status), help);
    /* like tcpdump: the second version names the interface */
    if (pcap_datalink(pcap) == DLT_LINUX_SLL && pcap_set_datalink(pcap, DLT_LINUX_SLL2) != 0)
        return set_open_error(error, options, FP_ERROR_NO_INPUT, pcap_geterr(pcap), "");
    return true;
}

static bool set_filter(pcap_t *pcap, const FpLiveOptions *options, GError **error)
{
    struct bpf_program program;

    if (options->filter == NULL)
        return true;
    if (pcap_compile(pcap, &program, options->filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "-f '%s': %s", options->filter, pcap_geterr(pcap));
        return false;
    }
    bool is_set = pcap_setfilter(pcap, &program) == 0;
    pcap_freecode(&program);
    return is_set || set_open_error(error, options, FP_ERROR_NO_INPUT, pcap_geterr(pcap), "");
}

/* Has libpcap write a file header, as tcpdump would: libpcap alone knows the number that the link type has in files. */
static bool make_file_header(pcap_t *pcap, uint8_t header[FP_PCAP_HEADER_BYTES])
{
    char *bytes = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&bytes, &n);
    pcap_dumper_t *dumper = file != NULL ? pcap_dump_fopen(pcap, file) : NULL;

    if (dumper != NULL)
        pcap_dump_close(dumper);
    else if (file != NULL)
        fclose(file);
    bool is_made = dumper != NULL && n >= FP_PCAP_HEADER_BYTES;
    if (is_made)
        memcpy(header, bytes, FP_PCAP_HEADER_BYTES);
    free(bytes);
    return is_made;
}

static bool describe(Live *live, const FpLiveOptions *options, GError **error)
{
    uint8_t header[FP_PCAP_HEADER_BYTES];

    if (!make_file_header(live->pcap, header) || !fp_pcap_read_file_header(header, &live->base.format))
        return set_open_error(error, options, FP_ERROR_NO_INPUT, "no capture file can hold its link type", "");
    live->link = fp_link_of_link_type(live->base.format.link_field & 0xffff, G_BYTE_ORDER == G_BIG_ENDIAN);
    return true;
}

static bool wakes(const Live *live, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd >= 0 && epoll_ctl(live->waker, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool make_waker(Live *live)
{
    char message[PCAP_ERRBUF_SIZE];

    live->waker = epoll_create1(EPOLL_CLOEXEC);
    live->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return pcap_setnonblock(live->pcap, 1, message) == 0 && wakes(live, pcap_get_selectable_fd(live->pcap)) && wakes(live, live->timer);
}

static FpCapture *open_now(const FpLiveOptions *options, GError **error)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(options->interface, message);

    if (pcap == NULL) {
        set_open_error(error, options, FP_ERROR_NO_INPUT, message, "");
        return NULL;
    }
    Live *live = g_new0(Live, 1);
    live->base.reader = &live_reader;
    live->base.live = &live_kind;
    live->base.path = g_strdup(options->interface);
    live->base.file_bytes = -1;
    live->base.bytes_read = FP_PCAP_HEADER_BYTES;
    live->pcap = pcap;
    live->waker = live->timer = -1;
    live->snaplen = (size_t)options->snaplen;
    live->room = FP_LIVE_ROOM_BEFORE + live->snaplen + FP_LIVE_ROOM_BEHIND;
    if (!activate(pcap, options, error) || !set_filter(pcap, options, error) || !describe(live, options, error)) {
        fp_capture_close(&live->base);
        return NULL;
    }
    if (!make_waker(live)) {
        set_open_error(error, options, FP_ERROR_NO_INPUT, "libpcap cannot wait for its frames", "");
        fp_capture_close(&live->base);
        return NULL;
    }
    if (options->waits)
        live->again = fp_live_again_new(options->interface, pcap_get_selectable_fd(pcap), options->only_own);
    live->buffer = g_malloc(RECORDS_MAX * live->room);
    return &live->base;
}

/* Whether it is to be waited for: it is not there, or not up. The program counts as started meanwhile. */
static bool must_wait(const FpLiveOptions *options, const GError *failure, bool *is_said)
{
    if (!options->waits || failure->code != CODE_AWAY)
        return false;
    if (!*is_said) {
        fp_message_print("%s; waiting for it", failure->message);
        fp_notify("READY=1");
    }
    *is_said = true;
    fp_notify_feed();
    return fp_stop_sleep(FP_LIVE_AGAIN_MS) && !fp_stop_asked();
}

FpCapture *fp_capture_live_open(const FpLiveOptions *options, GError **error)
{
    GError *failure = NULL;
    FpCapture *capture;
    bool is_said = false;

    while ((capture = open_now(options, &failure)) == NULL && must_wait(options, failure, &is_said))
        g_clear_error(&failure);
    if (failure != NULL && failure->code == CODE_AWAY)
        failure->code = FP_ERROR_NO_INPUT;
    if (failure != NULL)
        g_propagate_error(error, failure);
    return capture;
}

/* libpcap compiled the filter before, so that does not fail. */
static bool attach_cut(pcap_t *pcap, const char *filter, FpKernelCut *cut, GError **error)
{
    const bool is_cooked = pcap_datalink(pcap) == DLT_LINUX_SLL2;
    const int socket = pcap_get_selectable_fd(pcap);
    struct bpf_program program;

    if (filter == NULL || pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return fp_kernel_cut_attach(cut, socket, is_cooked, NULL, error);
    const FpClassicFilter before = {.instructions = program.bf_insns, .n = program.bf_len};
    bool is_attached = fp_kernel_cut_attach(cut, socket, is_cooked, &before, error);
    pcap_freecode(&program);
    return is_attached;
}

bool fp_capture_live_cut(const FpCapture *capture, const FpLiveOptions *options, FpKernelCut *cut, GError **error)
{
    const Live *live = (const Live *)capture;
    const int link_type = pcap_datalink(live->pcap);
    struct pcap_stat stats;

    if (link_type != DLT_EN10MB && link_type != DLT_LINUX_SLL2) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "its frames have no Ethernet header");
        return false;
    }
    if (!attach_cut(live->pcap, options->filter, cut, error))
        return false;
    if (pcap_stats(live->pcap, &stats) != 0 || stats.ps_recv != 0)
        fp_kernel_cut_distrust(cut); /* they came before the filter */
    return true;
}

bool fp_capture_is_live(const FpCapture *capture)
{
    return capture->live != NULL;
}

char *fp_capture_live_link_name(const FpCapture *capture)
{
    int link_type = pcap_datalink(((const Live *)capture)->pcap);
    const char *name = pcap_datalink_val_to_name(link_type), *description = pcap_datalink_val_to_description(link_type);

    return name != NULL ? g_strdup_printf("%s (%s)", name, description) : g_strdup_printf("%d", link_type);
}

const FpCapture *fp_capture_live_part(const FpCapture *capture, unsigned n)
{
    return capture->live != NULL ? capture->live->part(capture, n) : NULL;
}

/* libpcap counts in 32 bits, which are a few hours of a busy interface. What becomes less has begun anew: the kernel's counters of an
 * interface that was made again. */
static uint64_t more(u_int now, u_int before)
{
    const uint32_t n = now - before;

    return n <= INT32_MAX ? n : 0;
}

/* Nobody sees that it changes. Returns false when libpcap cannot tell. */
static bool count(const Live *asked)
{
    Live *live = (Live *)asked;
    struct pcap_stat now;

    if (pcap_stats(live->pcap, &now) != 0)
        return false;
    live->frames += (uint32_t)(now.ps_recv - live->counted.ps_recv);
    live->drops.by_kernel += (uint32_t)(now.ps_drop - live->counted.ps_drop);
    live->drops.by_interface += more(now.ps_ifdrop, live->counted.ps_ifdrop);
    live->counted = now;
    return true;
}

bool fp_capture_live_stats(const FpCapture *capture, unsigned number, FpInterfaceStats *stats)
{
    const FpCapture *part = fp_capture_live_part(capture, number);
    const Live *live = (const Live *)part;

    *stats = (FpInterfaceStats){0};
    if (part == NULL)
        return false;
    stats->interface = part->path;
    bool is_counted = count(live);
    stats->frames = live->frames;
    stats->drops = live->drops;
    return is_counted;
}

bool fp_capture_live_drops(const FpCapture *capture, FpDrops *drops)
{
    FpInterfaceStats stats;
    FpDrops sum = {0};
    bool is_counted = false;

    for (unsigned n = 0; fp_capture_live_part(capture, n) != NULL; n++) {
        is_counted |= fp_capture_live_stats(capture, n, &stats);
        sum.by_kernel += stats.drops.by_kernel;
        sum.by_interface += stats.drops.by_interface;
    }
    if (is_counted)
        *drops = sum;
    return is_counted;
}
