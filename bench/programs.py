# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: commands, by the names that they have in the tables.

In a command, the words IN, OUT and FOLDER stand for the capture, a file to write, and an empty folder to write to.
"""
import os
import shutil
from dataclasses import dataclass

CLIENT_HELLO = "tcp[((tcp[12] & 0xf0) >> 2)] = 0x16"
FIRST_BY_FIELDS = "tcp.len>0 && tcp.seq==1"
WIRETAP_LOOP = "`wtap_read` of libwiretap, nothing else"
SLIM = "`firstpayload slim -w /dev/null`"


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple
    package: str = ""           # what it comes with, if it need not be there
    on_share: bool = False      # too slow for the whole capture
    reads_pcapng: bool = False  # and is measured on it
    with_plugin: bool = False

    @property
    def is_ours(self):
        return not self.package


def fill(command, path, scratch):
    """The command with its places filled in."""
    places = {"IN": path, "OUT": os.path.join(scratch, "out"), "FOLDER": scratch}
    return [places.get(word, word) for word in command]


def slim(tools, *options):
    return (tools.firstpayload, "slim", *options, "IN")


def readers(tools):
    """What reading alone costs; the first is the base of all ratios."""
    return [
        Program("`cat FILE`", ("cat", "IN"), reads_pcapng=True),
        Program("blocks of 256 KiB, walking the records, nothing else", (tools.read_blocks, "IN")),
        Program("`pcap_next_ex` of libpcap, nothing else", (tools.read_libpcap, "IN"), "libpcap-dev; configure again"),
        Program(WIRETAP_LOOP, (tools.read_libwiretap, "IN"), reads_pcapng=True),
    ]


def ours(tools):
    return [
        Program(SLIM, slim(tools, "-q", "-w", "/dev/null"), reads_pcapng=True),
        Program("`firstpayload slim -w OUT` (fsync included)", slim(tools, "-q", "-w", "OUT"), reads_pcapng=True),
        Program("`firstpayload slim --list`", slim(tools, "-q", "--list"), reads_pcapng=True),
        Program("`firstpayload slim --log /dev/null`", slim(tools, "-q", "--log", "/dev/null"), reads_pcapng=True),
        Program("`firstpayload said`", (tools.firstpayload, "said", "-q", "IN"), reads_pcapng=True),
        Program("`firstpayload slim --log /dev/null --log-format json`", slim(tools, "-q", "--log", "/dev/null", "--log-format", "json"), reads_pcapng=True),
    ]


def name_loggers(tools):
    """The first, whose lines have nothing that was sent, is the base."""
    log = ("-q", "--log", "/dev/null")
    return [
        Program("`firstpayload slim --log /dev/null --log-bytes 0`", slim(tools, *log, "--log-bytes", "0")),
        Program("`firstpayload slim --log /dev/null`", slim(tools, *log)),
        Program("`firstpayload slim --log /dev/null --log-format json --log-bytes 0`", slim(tools, *log, "--log-format", "json", "--log-bytes", "0")),
        Program("`firstpayload slim --log /dev/null --log-format json --message-bytes 0`", slim(tools, *log, "--log-format", "json", "--message-bytes", "0")),
        Program("`firstpayload slim --log /dev/null --log-format json`", slim(tools, *log, "--log-format", "json")),
        Program("`ndpiReader -i FILE -q`", ("ndpiReader", "-i", "IN", "-q"), "libndpi-bin"),
        Program("`ndpiReader -i FILE -q -C OUT`", ("ndpiReader", "-i", "IN", "-q", "-C", "OUT"), "libndpi-bin"),
    ]


def threads(tools):
    """Of these the wall time counts; the first is the base."""
    return [readers(tools)[0], ours(tools)[0], Program("`firstpayload slim -j 2 -w /dev/null`", slim(tools, "-q", "-j", "2", "-w", "/dev/null"))]


def copiers():
    """Programs that copy a capture, or cut it without a look at streams."""
    return [
        Program("`tcpdump -r FILE -w /dev/null`", ("tcpdump", "-r", "IN", "-w", "/dev/null"), "tcpdump"),
        Program("`tcpdump -r FILE -w OUT`", ("tcpdump", "-r", "IN", "-w", "OUT"), "tcpdump"),
        Program("`tcpdump -r FILE -w OUT FILTER`, for a ClientHello", ("tcpdump", "-r", "IN", "-w", "OUT", CLIENT_HELLO), "tcpdump"),
        Program("`tcpslice -w OUT FILE`", ("tcpslice", "-w", "OUT", "IN"), "tcpslice"),
        Program("`editcap FILE OUT`", ("editcap", "IN", "OUT"), "wireshark-common"),
    ]


def followers():
    """Programs that follow streams."""
    return [
        # it exports to nobody; without the options it would hold 8192 flows, and IPv4 only
        Program("`softflowd -r FILE`", ("softflowd", "-r", "IN", "-d", "-6", "-m", "10000000", "-p", "OUT", "-c", "none"), "softflowd"),
        Program("`nfpcapd -r FILE -w FOLDER`", ("nfpcapd", "-r", "IN", "-w", "FOLDER"), "nfdump"),
        # -X: not what the system's configuration asks for
        Program("`argus -X -r FILE -w /dev/null`", ("argus", "-X", "-r", "IN", "-w", "/dev/null"), "argus-server"),
        # -n: or it asks a name server for every address
        Program("`tcptrace -n FILE`", ("tcptrace", "-n", "IN"), "tcptrace", on_share=True),
        Program(f"`tshark -r FILE -Y '{FIRST_BY_FIELDS}' -w OUT`", ("tshark", "-r", "IN", "-Y", FIRST_BY_FIELDS, "-w", "OUT"), "tshark",
                on_share=True),
    ]


def mercury(folder):
    """Where the environment variable MERCURY says. Copied, as that may be closed to the user who runs it."""
    path = os.environ.get("MERCURY")
    command = shutil.copy(path, folder) if path and os.path.isfile(path) else "MERCURY"
    return [Program("`mercury -r FILE -w OUT --select=none --nonselected-tcp-data`",
                    (command, "-r", "IN", "-w", "OUT", "--select=none", "--nonselected-tcp-data"), "set MERCURY to its path")]


def tsharks_that_filter():
    """(without the plugin, with it): what tells payload frames, and what tells the first ones."""
    return (Program("`tshark -Y 'tcp.len>0'`", ("tshark", "-r", "IN", "-Y", "tcp.len>0"), "tshark"),
            Program("`tshark -Y firstpayload` with the plugin", ("tshark", "-r", "IN", "-Y", "firstpayload"), "tshark", with_plugin=True))


def tsharks():
    """What the plugin costs; the first is the base. io,stat dissects all frames and asks for no field: the least that loading is."""
    without, with_plugin = tsharks_that_filter()
    return [
        without,
        Program("`tshark -Y 'tcp.len>0'` with the plugin loaded", ("tshark", "-r", "IN", "-Y", "tcp.len>0"), "tshark", with_plugin=True),
        with_plugin,
        Program("`tshark -q -z io,stat,0`", ("tshark", "-r", "IN", "-q", "-z", "io,stat,0"), "tshark"),
        Program("`tshark -q -z io,stat,0` with the plugin loaded", ("tshark", "-r", "IN", "-q", "-z", "io,stat,0"), "tshark", with_plugin=True),
    ]


def base_of(program, chosen):
    """Of tsharks: the last before it that goes without the plugin, or itself."""
    return [other for other in chosen[:chosen.index(program) + 1] if not other.with_plugin][-1]
