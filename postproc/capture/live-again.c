/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-again.c - see live-again.h. packet(7), netdevice(7). */
#include "live-again.h"

#include <arpa/inet.h>
#include <glib.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/if_ether.h>

#include "base/message.h"

typedef enum {
    HERE,
    DOWN,
    GONE, /* and one that came back is not bound to */
} Presence;

struct FpLiveAgain {
    char *interface;
    int fd;
    bool only_own;
    int index; /* of the interface that the socket is bound to */
    int kind;  /* ARPHRD_... */
    Presence presence;
    unsigned n_flaps; /* failures in a row, less than a second apart, of an interface that is there and up */
    gint64 flap_us;
};

#define FLAPS_MAX 10U

/* Asks something about the interface by its name. */
static bool ask(const FpLiveAgain *again, unsigned long what, struct ifreq *answer)
{
    memset(answer, 0, sizeof *answer);
    g_strlcpy(answer->ifr_name, again->interface, sizeof answer->ifr_name);
    return ioctl(again->fd, what, answer) == 0;
}

FpLiveAgain *fp_live_again_new(const char *interface, int fd, bool only_own)
{
    FpLiveAgain *again = g_new0(FpLiveAgain, 1);
    struct ifreq answer = {0};

    *again = (FpLiveAgain){.interface = g_strdup(interface), .fd = fd, .only_own = only_own};
    bool is_known = strlen(interface) < IFNAMSIZ && ask(again, SIOCGIFINDEX, &answer);
    again->index = is_known ? answer.ifr_ifindex : 0;
    is_known = is_known && ask(again, SIOCGIFHWADDR, &answer);
    again->kind = answer.ifr_hwaddr.sa_family;
    if (is_known)
        return again;
    fp_live_again_free(again);
    return NULL;
}

void fp_live_again_free(FpLiveAgain *again)
{
    if (again == NULL)
        return;
    g_free(again->interface);
    g_free(again);
}

static Presence look(const FpLiveAgain *again)
{
    struct ifreq answer;

    if (!ask(again, SIOCGIFINDEX, &answer) || answer.ifr_ifindex != again->index)
        return GONE;
    return ask(again, SIOCGIFFLAGS, &answer) && answer.ifr_flags & IFF_UP ? HERE : DOWN;
}

/* Whether it may have been down for less than it takes to look, and not something else have failed. */
static bool was_down(FpLiveAgain *again)
{
    const gint64 now_us = g_get_monotonic_time();

    again->n_flaps = now_us - again->flap_us < G_USEC_PER_SEC ? again->n_flaps + 1 : 0;
    again->flap_us = now_us;
    return again->n_flaps < FLAPS_MAX;
}

/* An interface that got another name is bound to as before, and its frames are not those that were asked for. No frame is of this
 * protocol, which IEEE 802 reserves; 0 would leave the protocol as it is. */
static void stop_listening(const FpLiveAgain *again)
{
    const struct sockaddr_ll nothing = {.sll_family = AF_PACKET, .sll_protocol = htons(0xFFFF), .sll_ifindex = again->index};

    (void)!bind(again->fd, (const struct sockaddr *)&nothing, sizeof nothing);
}

bool fp_live_again_has_gone(FpLiveAgain *again)
{
    const Presence before = again->presence;

    again->presence = look(again);
    if (again->presence == HERE)
        return was_down(again);
    if (again->presence == GONE)
        stop_listening(again);
    if (before == HERE)
        fp_message_print("%s: the interface %s; waiting for it", again->interface, again->presence == DOWN ? "is down" : "is gone");
    return true;
}

static bool be_promiscuous(const FpLiveAgain *again, int index)
{
    const struct packet_mreq membership = {.mr_ifindex = index, .mr_type = PACKET_MR_PROMISC};

    return again->only_own || setsockopt(again->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) == 0;
}

/* Binds to the interface that has the name now, if it is up, and of the same kind: frames of another would begin otherwise. */
static bool bind_again(FpLiveAgain *again)
{
    struct ifreq answer;

    if (!ask(again, SIOCGIFHWADDR, &answer) || answer.ifr_hwaddr.sa_family != again->kind)
        return false;
    if (!ask(again, SIOCGIFFLAGS, &answer) || !(answer.ifr_flags & IFF_UP) || !ask(again, SIOCGIFINDEX, &answer))
        return false;
    const struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = answer.ifr_ifindex};
    if (bind(again->fd, (const struct sockaddr *)&address, sizeof address) != 0 || !be_promiscuous(again, answer.ifr_ifindex))
        return false;
    again->index = answer.ifr_ifindex;
    return true;
}

bool fp_live_again_is_away(FpLiveAgain *again)
{
    if (again->presence == HERE)
        return false;
    bool is_back = again->presence == GONE ? bind_again(again) : look(again) == HERE;
    if (!is_back) {
        const Presence before = again->presence;
        again->presence = look(again);
        if (before == DOWN && again->presence == GONE) {
            stop_listening(again);
            fp_message_print("%s: the interface is gone; waiting for it", again->interface);
        }
        return true;
    }
    again->presence = HERE;
    fp_message_print("%s: the interface is back", again->interface);
    return false;
}
