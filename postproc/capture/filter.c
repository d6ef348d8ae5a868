/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.c - see filter.h. */
#include "filter.h"

#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

#include "base/error.h"
#include "base/message.h"

typedef struct {
    uint32_t link_type;
    bool is_usable;
    struct bpf_program program;
} Compiled;

struct FpFilter {
    char *expression;
    GArray *compiled; /* of Compiled */
};

static void clear_compiled(gpointer data)
{
    if (((Compiled *)data)->is_usable)
        pcap_freecode(&((Compiled *)data)->program);
}

FpFilter *fp_filter_new(const char *expression)
{
    FpFilter *filter = g_new0(FpFilter, 1);

    filter->expression = g_strdup(expression);
    filter->compiled = g_array_new(FALSE, TRUE, sizeof(Compiled));
    g_array_set_clear_func(filter->compiled, clear_compiled);
    return filter;
}

void fp_filter_free(FpFilter *filter)
{
    if (filter == NULL)
        return;
    g_free(filter->expression);
    g_array_unref(filter->compiled);
    g_free(filter);
}

/* Link types have other numbers in files than in libpcap's interface (pcap-linktype(7)), and only libpcap knows the mapping. So it is given
 * a file without records. */
static pcap_t *open_empty(uint32_t link_type)
{
    struct pcap_file_header header = {.magic = 0xa1b2c3d4,
                                      .version_major = PCAP_VERSION_MAJOR,
                                      .version_minor = PCAP_VERSION_MINOR,
                                      .snaplen = FP_FRAME_BYTES_MAX,
                                      .linktype = link_type};
    char message[PCAP_ERRBUF_SIZE];
    FILE *file = fmemopen(&header, sizeof header, "r");
    pcap_t *pcap = file != NULL ? pcap_fopen_offline(file, message) : NULL;

    if (pcap == NULL && file != NULL)
        fclose(file);
    return pcap;
}

/* Link types that each allow words in expressions which the others do not (pcap-filter(7)). */
static const uint32_t some_link_types[] = {1 /* Ethernet */,    105 /* 802.11 */, 113 /* cooked */,
                                           276 /* cooked, 2 */, 9 /* PPP */,      123 /* ATM */};

bool fp_filter_check(const char *expression, GError **error)
{
    g_autofree char *why = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(some_link_types); i++) {
        struct bpf_program program;
        pcap_t *pcap = open_empty(some_link_types[i]);
        bool is_usable = pcap != NULL && pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
        if (is_usable)
            pcap_freecode(&program);
        else if (why == NULL && pcap != NULL)
            why = g_strdup(pcap_geterr(pcap));
        g_clear_pointer(&pcap, pcap_close);
        if (is_usable)
            return true;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "-f '%s': %s", expression, why != NULL ? why : "cannot be compiled");
    return false;
}

/* An expression that makes no sense for the first link type is an error. For a later link type it is a warning, and such frames are left
 * out. */
static const Compiled *compile(FpFilter *filter, const FpCapture *capture, uint32_t link_type, GError **error)
{
    Compiled compiled = {.link_type = link_type};
    pcap_t *pcap = open_empty(link_type);
    g_autofree char *why = NULL;

    compiled.is_usable = pcap != NULL && pcap_compile(pcap, &compiled.program, filter->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    if (!compiled.is_usable)
        why = g_strdup_printf("%s: -f '%s': %s (link type %u)", fp_capture_path(capture), filter->expression,
                              pcap != NULL ? pcap_geterr(pcap) : "cannot be compiled", link_type);
    g_clear_pointer(&pcap, pcap_close);
    if (why != NULL && filter->compiled->len == 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s", why);
        return NULL;
    }
    if (why != NULL)
        fp_message_print("%s; such frames are left out", why);
    g_array_append_val(filter->compiled, compiled);
    return &g_array_index(filter->compiled, Compiled, filter->compiled->len - 1);
}

static const Compiled *find(FpFilter *filter, const FpCapture *capture, uint32_t link_type, GError **error)
{
    for (guint i = 0; i < filter->compiled->len; i++) {
        const Compiled *compiled = &g_array_index(filter->compiled, Compiled, i);
        if (compiled->link_type == link_type)
            return compiled;
    }
    return compile(filter, capture, link_type, error);
}

int fp_filter_matches(FpFilter *filter, const FpCapture *capture, const FpRecord *record, GError **error)
{
    uint32_t link_type = fp_capture_link_type(capture, record);

    if (link_type == FP_LINK_TYPE_NONE)
        return 0;
    const Compiled *compiled = find(filter, capture, link_type, error);
    if (compiled == NULL)
        return -1;
    struct pcap_pkthdr header = {.caplen = record->captured_bytes, .len = record->wire_bytes};
    return compiled->is_usable && pcap_offline_filter(&compiled->program, &header, record->data) != 0;
}
