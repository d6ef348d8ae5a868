/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin for tshark that listens to the plugin firstpayload: for each service port, how many streams spoke there, how many of them got a
 * reply, how long that took on average, and the name that was asked for last.
 *
 *     cc -shared -fPIC -o said-first-tap.so said-first-tap.c $(pkg-config --cflags wireshark)
 *     cp said-first-tap.so ~/.local/lib/wireshark/plugins/4.0/epan/
 *     tshark -q -r capture.pcap -z said-first
 *
 * It needs Wireshark's development files, and tap.h, which is installed as firstpayload/tap.h. The folder is named after the version of
 * Wireshark (tshark -G folders). A display filter may follow: -z said-first,'ip.addr == 192.0.2.10'
 */
#include <stdio.h>
#include <string.h>

#define WS_BUILD_DLL
#include <epan/packet.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <ws_version.h>

#include <firstpayload/tap.h>

#define PORTS 65536
#define NS_PER_MS 1e6

/* What Wireshark looks for in a plugin. */
WS_DLL_PUBLIC_DEF const char plugin_version[] = "1.0";
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;
WS_DLL_PUBLIC void plugin_register(void);
#if WIRESHARK_VERSION_MAJOR > 4 || WIRESHARK_VERSION_MINOR >= 2
#include <wsutil/plugins.h>
WS_DLL_PUBLIC uint32_t plugin_describe(void);

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_TAP_LISTENER;
}
#endif

/* Since Wireshark 4.6, the function that begins a statistic says whether it could. */
#if WIRESHARK_VERSION_MAJOR > 4 || WIRESHARK_VERSION_MINOR >= 6
typedef bool Begun;
#define BEGUN true
#else
typedef void Begun;
#define BEGUN
#endif

typedef struct {
    unsigned streams;
    unsigned replies;
    double reply_ms; /* the sum */
    char name[256];
} Port;

static Port ports[PORTS];
static GArray *port_of; /* of uint16_t, indexed by stream: where it spoke, or 0 */

static void reset(void *data)
{
    (void)data;
    memset(ports, 0, sizeof ports);
    g_array_set_size(port_of, 0);
}

/* Called for each frame that moves a stream on. What it is given is valid until it returns. */
static tap_packet_status packet(void *data, packet_info *pinfo, epan_dissect_t *edt, const void *given, tap_flags_t flags)
{
    const FpTapStream *told = given;

    (void)data, (void)pinfo, (void)edt, (void)flags;
    if (told->stream >= port_of->len)
        g_array_set_size(port_of, told->stream + 1);
    uint16_t *number = &g_array_index(port_of, uint16_t, told->stream);
    if (told->first != NULL) {
        *number = told->first->service_port;
        ports[*number].streams++;
    }
    if (told->detail != NULL)
        snprintf(ports[*number].name, sizeof ports[*number].name, "%s", told->detail);
    if (told->state == FP_TAP_REPLIED && *number != 0) {
        ports[*number].replies++;
        ports[*number].reply_ms += (double)told->reply_delay_ns / NS_PER_MS;
    }
    return TAP_PACKET_REDRAW;
}

static void draw(void *data)
{
    (void)data;
    printf("port streams replies average-ms name\n");
    for (unsigned number = 0; number < PORTS; number++) {
        const Port *port = &ports[number];
        if (port->streams > 0)
            printf("%u %u %u %.3f %s\n", number, port->streams, port->replies, port->replies > 0 ? port->reply_ms / port->replies : 0,
                   port->name[0] != '\0' ? port->name : "-");
    }
}

/* argument: what follows -z, with the display filter behind the first comma. */
static Begun begin(const char *argument, void *data)
{
    const char *comma = strchr(argument, ',');

    port_of = g_array_new(FALSE, TRUE, sizeof(uint16_t));
    /* Details are found in trees, so the listener wants one. */
    GString *error = register_tap_listener("firstpayload_stream", data, comma != NULL ? comma + 1 : NULL, TL_REQUIRES_PROTO_TREE, reset,
                                           packet, draw, NULL);
    if (error != NULL) {
        fprintf(stderr, "said-first: %s\n", error->str);
        exit(1);
    }
    return BEGUN;
}

static void register_listener(void)
{
    static stat_tap_ui ui = {.group = REGISTER_STAT_GROUP_GENERIC, .title = "Said first", .cli_string = "said-first", .tap_init_cb = begin};

    register_stat_tap_ui(&ui, ports);
}

void plugin_register(void)
{
    static tap_plugin plugin = {.register_tap_listener = register_listener};

    tap_register_plugin(&plugin);
}
