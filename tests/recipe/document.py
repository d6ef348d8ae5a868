# SPDX-License-Identifier: GPL-2.0-or-later
"""The code blocks of docs/kernel-first-cut.md."""
import os
import re

from blocks import read_blocks

PATH = os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "docs", "kernel-first-cut.md")

# All of them are taken here: a block that no test knows is an error.
_blocks = read_blocks(PATH)
RULES, LOAD, READ, READ_UNBUFFERED, UNLOAD, IPTABLES, LATER, SERVICES, BRIDGE, COPIED, LOST, TABLE = (_blocks.pop(name) for name in (
    "firstpayload.nft", "load", "read", "read-unbuffered", "unload", "iptables", "later", "services", "bridge", "copied", "lost", "table"))
if _blocks:
    raise ValueError(PATH + ": blocks that are not tested: " + ", ".join(_blocks))

LIMIT = int(re.search(r"ct packets 1-(\d+)", RULES).group(1))
SNAPLEN = int(re.search(r"snaplen (\d+)", RULES).group(1))
BUFFER_BYTES = int(re.search(r"-B (\d+)", READ).group(1)) * 1024
if "--connbytes 1:%d " % LIMIT not in IPTABLES or "--nflog-size %d " % SNAPLEN not in IPTABLES:
    raise ValueError(PATH + ": the rules for nftables and for iptables differ")
IPTABLES_UNLOAD = IPTABLES.replace(" -I ", " -D ")

READER = READ
# all packets that the kernel copies
RAW_READER = "tcpdump -i nflog:5 -B 8192 -U -w - >first.pcap"
