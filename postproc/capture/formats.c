/* SPDX-License-Identifier: GPL-2.0-or-later */
/* formats.c - see formats.h. */
#include "formats.h"

#include <string.h>

#include <wiretap/pcap-encap.h>

#include "base/error.h"
#include "capture-wiretap.h"

#define LINK_TYPES 400 /* more than have been assigned */

/*
 * The formats that hold packets: libwiretap's name of each, and the reader that reads it. is_marked: files of the format have no magic
 * number, but libwiretap recognises them by something that nothing else has: certain words, or, in ERF, records that must all be sound. For
 * files of the other formats without a magic number, it also takes text, fonts and programs. A format of a later version that is not listed
 * here is not believed either, unless it has a magic number.
 */
/* clang-format off */
typedef struct {
    const char *name;
    const char *reader;
    bool is_marked;
} Format;

static const Format formats[] = {
    {"pcap", "Wireshark/tcpdump/... - pcap", false},
    {"pcapng", "Wireshark/... - pcapng", false},
    {"5views", "InfoVista 5View capture", false},
    {"aethra", "Aethra .aps file", false},
    {"ascend", "Lucent/Ascend access server trace", true},
    {"blf", "BLF Logfile", false},
    {"btsnoop", "Symbian OS btsnoop", false},
    {"camins", "CAM Inspector file", false},
    {"capsa", "Colasoft Capsa", false},
    {"colasoft-pb", "Colasoft Capsa", false},
    {"commview-ncf", "TamoSoft CommView NCF", true},
    {"commview-ncfx", "TamoSoft CommView NCFX", true},
    {"cosine", "CoSine IPSX L2 capture", true},
    {"csids", "CSIDS IPLog", false},
    {"dct2000", "Catapult DCT2000 trace (.out format)", false},
    {"dct3trace", "Gammu DCT3 trace", false},
    {"dpa400", "Unigraf DPA-400 capture", false},
    {"dsna", "Daintree SNA", true},
    {"erf", "Endace ERF capture", true},
    {"etherwatch", "DBS Etherwatch (VMS)", false},
    {"eyesdn", "EyeSDN USB S0/E1 ISDN trace format", false},
    {"hcidump", "Bluetooth HCI dump", false},
    {"i4btrace", "I4B ISDN trace", false},
    {"iptrace_1", "AIX iptrace", false},
    {"iptrace_2", "AIX iptrace", false},
    {"iseries_ascii", "IBM iSeries comm. trace", true},
    {"iseries_unicode", "IBM iSeries comm. trace", true},
    {"k12text", "K12 text file", true},
    {"lanalyzer", "Novell LANalyzer", true},
    {"mplog", "Micropross mplog", false},
    {"netmon1", "Microsoft Network Monitor", false},
    {"netmon2", "Microsoft Network Monitor", false},
    {"netscreen", "NetScreen snoop text file", true},
    {"nettl", "HP-UX nettl trace", false},
    {"netxray1", "Cinco NetXray/Sniffer (Windows)", false},
    {"netxray2", "Cinco NetXray/Sniffer (Windows)", false},
    {"ngsniffer", "Sniffer (DOS)", false},
    {"ngsniffer_comp", "Sniffer (DOS)", false},
    {"ngwsniffer_1_1", "Cinco NetXray/Sniffer (Windows)", false},
    {"ngwsniffer_2_0", "Cinco NetXray/Sniffer (Windows)", false},
    {"nstrace10", "NetScaler", true},
    {"nstrace20", "NetScaler", true},
    {"nstrace30", "NetScaler", true},
    {"nstrace35", "NetScaler", true},
    {"observer", "Viavi Observer", false},
    {"peekclassic56", "Savvius classic", true},
    {"peekclassic7", "Savvius classic", true},
    {"peektagged", "Savvius tagged", false},
    {"pklg", "macOS PacketLogger", false},
    {"pppd", "pppd log (pppdump format)", false},
    {"radcom", "RADCOM WAN/LAN analyzer", false},
    {"rf5", "Tektronix K12xx 32-bit .rf5 format", false},
    {"shomiti", "Snoop, Shomiti/Finisar Surveyor", false},
    {"snoop", "Snoop, Shomiti/Finisar Surveyor", false},
    {"tcpiptrace", "TCPIPtrace (VMS)", true},
    {"toshiba", "Toshiba Compact ISDN Router snoop", true},
    {"visual", "Visual Networks traffic capture", false},
    {"vwr80211", "Ixia IxVeriWave .vwr Raw Capture", false},
    {"vwreth", "Ixia IxVeriWave .vwr Raw Capture", false},
};

/* Encapsulations of network frames that have no link type in pcap, because only other formats hold them. */
static const int encapsulations[] = {
    WTAP_ENCAP_ISDN, WTAP_ENCAP_ASCEND, WTAP_ENCAP_LAPB, WTAP_ENCAP_ATM_PDUS_UNTRUNCATED, WTAP_ENCAP_COSINE, WTAP_ENCAP_WFLEET_HDLC,
    WTAP_ENCAP_CHDLC_WITH_PHDR, WTAP_ENCAP_NETTL_RAW_ICMP, WTAP_ENCAP_NETTL_RAW_ICMPV6, WTAP_ENCAP_NETTL_RAW_IP, WTAP_ENCAP_NETTL_ETHERNET,
    WTAP_ENCAP_NETTL_TOKEN_RING, WTAP_ENCAP_NETTL_FDDI, WTAP_ENCAP_NETTL_UNKNOWN, WTAP_ENCAP_NETTL_X25, WTAP_ENCAP_NETTL_RAW_TELNET,
    WTAP_ENCAP_K12, WTAP_ENCAP_CATAPULT_DCT2000, WTAP_ENCAP_BLUETOOTH_HCI, WTAP_ENCAP_LAYER1_EVENT, WTAP_ENCAP_GSM_UM, WTAP_ENCAP_DPNSS,
    WTAP_ENCAP_PACKETLOGGER, WTAP_ENCAP_NSTRACE_1_0, WTAP_ENCAP_NSTRACE_2_0, WTAP_ENCAP_NSTRACE_3_0, WTAP_ENCAP_NSTRACE_3_5,
    WTAP_ENCAP_IEEE_802_11_NETMON, WTAP_ENCAP_IP_OVER_IB_SNOOP, WTAP_ENCAP_V5_EF, WTAP_ENCAP_BACNET_MS_TP_WITH_PHDR, WTAP_ENCAP_IXVERIWAVE,
    WTAP_ENCAP_SDH, WTAP_ENCAP_INFINIBAND, WTAP_ENCAP_NETMON_NET_NETEVENT, WTAP_ENCAP_NETMON_HEADER, WTAP_ENCAP_NETMON_NET_FILTER,
    WTAP_ENCAP_NETMON_NETWORK_INFO_EX, WTAP_ENCAP_MA_WFP_CAPTURE_V4, WTAP_ENCAP_MA_WFP_CAPTURE_V6, WTAP_ENCAP_MA_WFP_CAPTURE_2V4,
    WTAP_ENCAP_MA_WFP_CAPTURE_2V6, WTAP_ENCAP_MA_WFP_CAPTURE_AUTH_V4, WTAP_ENCAP_MA_WFP_CAPTURE_AUTH_V6,
};
/* clang-format on */

static char *const *limit; /* from fp_formats_limit; NULL: no limit */

static const Format *find_format(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_str_equal(formats[i].name, name))
            return &formats[i];
    return NULL;
}

/* All variants of classic pcap share one row. */
static const Format *format_of(wtap *wth)
{
    const char *name = wtap_file_type_subtype_name(wtap_file_type_subtype(wth));

    return find_format(g_str_has_suffix(name, "pcap") ? "pcap" : name);
}

static bool is_known(const char *name)
{
    const Format *format = find_format(name);

    return format != NULL && wtap_has_open_info(format->reader);
}

static void set_unknown_error(GError **error, const char *name)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (wtap_has_open_info(formats[i].reader))
            g_string_append_printf(names, " %s", formats[i].name);
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "--formats: \"%s\" is not a capture format; it takes these, comma-separated:%s", name,
                names->str);
}

char **fp_formats_from_text(const char *list, GError **error)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);

    fp_wiretap_initialise();
    for (char **name = names; *name != NULL; name++) {
        g_strstrip(*name);
        if (!is_known(*name)) {
            set_unknown_error(error, *name);
            return NULL;
        }
    }
    if (*names != NULL)
        return g_steal_pointer(&names);
    set_unknown_error(error, list);
    return NULL;
}

static bool is_listed(const char *name)
{
    return limit == NULL || g_strv_contains((const char *const *)limit, name);
}

static bool is_reader_wanted(const char *reader)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_str_equal(formats[i].reader, reader) && is_listed(formats[i].name))
            return true;
    return false;
}

static wtap_open_return_val read_nothing(struct wtap *wth, int *err, char **err_info)
{
    (void)wth, (void)err, (void)err_info;
    return WTAP_OPEN_NOT_MINE;
}

/* libwiretap's table must keep a reader that goes by magic numbers and one that guesses, so it gets one of each that reads nothing. */
static void take_out_readers(void)
{
    struct open_info first = {.name = "none, by a magic number", .type = OPEN_INFO_MAGIC, .open_routine = read_nothing};
    struct open_info last = {.name = "none, by a guess", .type = OPEN_INFO_HEURISTIC, .open_routine = read_nothing};

    wtap_register_open_info(&first, TRUE);
    wtap_register_open_info(&last, FALSE);
    for (size_t i = 0; open_routines[i].name != NULL;) {
        if (open_routines[i].open_routine == read_nothing || is_reader_wanted(open_routines[i].name))
            i++;
        else
            wtap_deregister_open_info(open_routines[i].name);
    }
}

void fp_formats_limit(char *const *names)
{
    if (names == NULL || limit != NULL)
        return;
    limit = names;
    fp_wiretap_initialise();
    take_out_readers();
}

bool fp_formats_take(const char *name)
{
    return is_listed(name);
}

const char *fp_formats_unknown(void)
{
    return limit == NULL ? "is not a capture in any format that Wireshark reads; leave it out, file(1) may tell what it is"
                         : "is not a capture in any of the formats that --formats takes; leave it out, or name its format as well";
}

bool fp_formats_is_sure(wtap *wth)
{
    const Format *format = format_of(wth);
    unsigned reader = format != NULL ? open_info_name_to_type(format->reader) : 0; /* counts from 1 */

    return reader > 0 && open_routines[reader - 1].type == OPEN_INFO_MAGIC;
}

static bool has_link_type(int encapsulation)
{
    for (int link_type = 0; link_type < LINK_TYPES; link_type++)
        if (wtap_pcap_encap_to_wtap_encap(link_type) == encapsulation)
            return true;
    return false;
}

/* Log messages and video streams have link types so that pcap can hold them. In files of other formats they were never on a network. */
static bool is_of_packets(int encapsulation)
{
    if (encapsulation == WTAP_ENCAP_PER_PACKET || encapsulation == WTAP_ENCAP_UNKNOWN)
        return true;
    if (encapsulation == WTAP_ENCAP_WIRESHARK_UPPER_PDU || encapsulation == WTAP_ENCAP_MPEG_2_TS)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(encapsulations); i++)
        if (encapsulations[i] == encapsulation)
            return true;
    return has_link_type(encapsulation);
}

/* A guess is believed for a format that is marked, or when --formats named the formats. */
static bool is_believed(const Format *format)
{
    return format != NULL && (format->is_marked || limit != NULL);
}

char *fp_formats_refusal(wtap *wth, const wtap_rec *first)
{
    const Format *format = format_of(wth);
    int subtype = wtap_file_type_subtype(wth), encapsulation = wtap_file_encap(wth);
    const char *description = wtap_file_type_subtype_description(subtype);

    if (limit != NULL && (format == NULL || !is_listed(format->name)))
        return g_strdup(fp_formats_unknown());
    if (format == find_format("pcap") || format == find_format("pcapng"))
        return NULL;
    if (first != NULL && first->rec_type == REC_TYPE_PACKET)
        encapsulation = first->rec_header.packet_header.pkt_encap;
    if (!is_of_packets(encapsulation))
        return g_strdup_printf("is not a capture: Wireshark reads it as \"%s\", which holds no packets; leave it out", description);
    if (fp_formats_is_sure(wth))
        return NULL;
    if (first == NULL)
        return g_strdup_printf("is not a capture, it seems: Wireshark guesses \"%s\", but finds no packet; leave it out", description);
    if (is_believed(format))
        return NULL;
    return g_strdup_printf("is not a capture, it seems: Wireshark guesses \"%s\", as it does for other files, too; leave it out%s%s",
                           description, format != NULL ? ", or, if it is one, use --formats " : "", format != NULL ? format->name : "");
}
