# SPDX-License-Identifier: GPL-2.0-or-later
"""What this machine must have for the comparison, and which settings are changed while it runs."""
import contextlib
import os

import namespaces

ALL_NAMESPACES = "/proc/sys/net/netfilter/nf_log_all_netns"
TOOLS = "nft", "iptables", "ip6tables", "ip", "sysctl", "tcpdump", "tshark", "nsenter", "setpriv", "dmesg", "openssl"
RULE = "%s -A FORWARD -p tcp -m conntrack --ctdir ORIGINAL -m connbytes --connbytes 3:3 --connbytes-dir original --connbytes-mode packets -j NFQUEUE --queue-num 3"
LOG = "%s -A FORWARD -p tcp -m conntrack --ctstate NEW -j LOG"
PROBES = (
    ("veth pairs", "ip link add probe0 type veth peer name probe1"),
    ("iptables with connbytes and NFQUEUE", RULE % "iptables"),
    ("ip6tables with connbytes and NFQUEUE", RULE % "ip6tables"),
    ("iptables with conntrack and LOG", LOG % "iptables"),
    ("ip6tables with conntrack and LOG", LOG % "ip6tables"),
    ("log group in nftables", "nft 'add table inet probe; add chain inet probe probe; add rule inet probe probe ct packets 1-8 log group 5'"),
    ("/proc/net/netfilter/nfnetlink_queue", "cat /proc/net/netfilter/nfnetlink_queue"),
    ("/proc/sys that can be written to", "sysctl -w net.ipv4.tcp_fastopen=1"),
)


def missing():
    """Returns in words what this machine lacks."""
    lacks = namespaces.missing(TOOLS, PROBES)
    if os.geteuid() == 0:
        lacks += ["%s, which can be opened" % path for path in ("/dev/kmsg", ALL_NAMESPACES) if not os.access(path, os.R_OK | os.W_OK)]
    return lacks


@contextlib.contextmanager
def log_of_all_namespaces():
    """Without this, LOG says nothing about packets in a namespace. It is reset afterwards."""
    with open(ALL_NAMESPACES, "r+") as file:
        before = file.read()
        file.seek(0)
        file.write("1\n")
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.write(before)
