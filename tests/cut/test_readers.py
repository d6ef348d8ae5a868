# SPDX-License-Identifier: GPL-2.0-or-later
"""--kernel-cut changes neither lines nor kept frames: several readers of one wire at once, with it and without, also where there is no room for streams, no
right, and no bpf(2)."""
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

from conversations import ports_used_again
from namespaces import missing
from pcaps import CAPTURES, PROGRAM, slim
from replayed import Reader, Wire, frames_of, replay

SOURCE = pathlib.Path(os.environ["FIRSTPAYLOAD_SOURCE"])
SHARED = pathlib.Path(os.environ.get("FIRSTPAYLOAD_CAPTURES") or SOURCE.parent / "shared" / "captures")
WITHOUT_BPF = os.environ["FIRSTPAYLOAD_WITHOUT_BPF"]
NO_RIGHT_BUT_RAW = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw",
                    "--bounding-set=-all,+net_raw")


def ethernet(path, folder):
    """Returns the frames of a capture of any format, if it is of Ethernet."""
    out = os.path.join(folder, "ethernet.pcap")
    subprocess.run(["editcap", "-F", "pcap", path, out], capture_output=True, check=False)        # of a damaged capture, what can be read
    with open(out, "rb") as file:
        is_ethernet = file.read(24)[20:24] == b"\1\0\0\0"
    return frames_of(out) if is_ethernet else []


def all_captures(folder):
    own = sorted(pathlib.Path(CAPTURES).glob("*.pcap"))
    index = SHARED / "index.tsv"
    shared = [SHARED / "files" / line.split("\t")[0] for line in index.read_text().splitlines()[1:] if line.split("\t")[5] == "ether"] if index.exists() else []
    if not shared:
        print("shared captures absent: only those of the project are replayed", flush=True)
    return [frame for path in own + shared for frame in ethernet(path, folder)]


class Readers(unittest.TestCase):
    def setUp(self):
        lacks = missing(["setpriv", "nsenter", "ip", "editcap"], [])
        if lacks:
            self.fail("missing: " + "; ".join(lacks))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.wire = Wire()
        self.addCleanup(self.wire.close)

    def read(self, name, *options, **kwargs):
        return Reader(self.wire, self.folder, name, *options, **kwargs)

    def assert_same(self, *readers):
        """The first is the one without. Returns the summaries."""
        summaries = [reader.end() for reader in readers]
        for summary in summaries:
            self.assertEqual(summary["dropped"], 0)
            self.assertEqual(summary["frames"] + summary.get("cut", 0), summaries[0]["frames"])
        lines, frames = readers[0].answer()
        for reader in readers[1:]:
            its_lines, its_frames = reader.answer()
            self.assertEqual(its_lines, lines)
            self.assertTrue(its_frames == frames)      # assertEqual would print them
        self.assertNotIn("cut", summaries[0])
        return summaries                           # how many were cut depends on how soon the program tells the kernel

    def test_captures(self):
        frames = all_captures(self.folder)
        keep = ("--keep", "first,reply,flight,handshake,closing")
        readers = [self.read("off", *keep, "--kernel-cut", "off"), self.read("on", *keep), self.read("few", *keep, "--kernel-cut-streams", "1")]
        replay(self.wire, frames, readers, burst=512)
        self.assertGreater(self.assert_same(*readers)[1]["cut"], 0)

    def test_ports_used_again(self):
        frames = ports_used_again(20)
        readers = [self.read("off", "--kernel-cut", "off"), self.read("on", "--kernel-cut", "on"), self.read("few", "--kernel-cut-streams", "1")]
        replay(self.wire, frames, readers, burst=23)
        summaries = self.assert_same(*readers)
        self.assertEqual(sum(line["dest_port"] == 443 for line in readers[0].lines), 60)
        self.assertGreater(summaries[1]["cut"], 0)

    def test_any(self):
        frames = ports_used_again(4)
        readers = [self.read("off", "--kernel-cut", "off", interface="any"), self.read("on", "--kernel-cut", "on", interface="any")]
        replay(self.wire, frames, readers, burst=23)
        self.assertGreater(self.assert_same(*readers)[1]["cut"], 0)

    def test_filter(self):
        """What -f lets pass, of which the kernel drops what cannot matter."""
        frames = ports_used_again(4)
        expression = ("-f", "port 1000 or (src net 198.51.100.0/24 and tcp) or (vlan 7 and tcp port 1002)")
        readers = [self.read("off", *expression, "--kernel-cut", "off"), self.read("on", *expression, "--kernel-cut", "on")]
        replay(self.wire, frames, readers, burst=23)
        self.assertGreater(self.assert_same(*readers)[1]["cut"], 0)
        self.assertEqual({line["dest_port"] for line in readers[0].lines}, {443, 9})
        self.assertEqual({line["src_port"] for line in readers[0].lines if line["dest_port"] == 443}, {1000, 1002})

    def test_replies_and_hellos(self):
        """They want frames of later, but nothing of what is dropped."""
        frames = ports_used_again(4)
        options = ("--log-reply", "--all-hellos")
        readers = [self.read("off", *options, "--kernel-cut", "off"), self.read("on", *options)]
        replay(self.wire, frames, readers, burst=23)
        self.assert_same(*readers)

    def test_loopback(self):
        """Each frame passes there twice, and counts once."""
        readers = [self.read("off", "--kernel-cut", "off", interface="lo"), self.read("on", "--kernel-cut", "on", interface="lo")]
        server = self.wire.near.call(lambda: socket.create_server(("127.0.0.1", 0)))
        for i in range(3):
            def answer():
                peer = server.accept()[0]
                with peer:
                    peer.recv(100)
                    for _ in range(40):
                        peer.sendall(bytes(20000))
                        peer.recv(1)

            thread = threading.Thread(target=answer)
            thread.start()
            with self.wire.near.socket(socket.AF_INET) as peer:
                peer.connect(server.getsockname())
                peer.sendall(b"hello %d" % i)
                for n in range(40):
                    got = 0
                    while got < 20000:
                        got += len(peer.recv(65536))
                    peer.sendall(b"x")
                    if n == 20:
                        readers[1].wait_for_lines(i + 1)
            thread.join()
        server.close()
        for reader in readers:
            reader.wait_for_lines(3)
        self.assertGreater(self.assert_same(*readers)[1]["cut"], 0)

    def test_where_the_kernel_refuses(self):
        """All is as before, with one line that says so."""
        frames = ports_used_again(1)
        os.chmod(self.folder, 0o777)
        readers = [self.read("off", "--kernel-cut", "off"), self.read("unprivileged", wrapper=NO_RIGHT_BUT_RAW), self.read("without", wrapper=(WITHOUT_BPF,))]
        replay(self.wire, frames, readers)
        self.assertNotIn("cut", self.assert_same(*readers)[1])
        for reader, why in zip(readers[1:], ("Operation not permitted; it takes root, or CAP_BPF besides CAP_NET_RAW",
                                             "Function not implemented; this kernel has no bpf(2)")):
            said = f"firstpayload: near: the kernel hands over all frames, as it cannot make the first cut: {why}\n"
            self.assertEqual([message for message in reader.messages if "hands over" in message], [said])

    def test_insisting(self):
        command = self.wire.near.argv(WITHOUT_BPF, PROGRAM, "slim", "-i", "near", "--log", "-", "--kernel-cut", "on")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (69, "firstpayload: near: the kernel cannot make the first cut: Function not implemented; "
                                                              "this kernel has no bpf(2)\n"))


class Usage(unittest.TestCase):
    def test_what_it_does_not_go_with(self):
        for options in (["--idle", "10"], ["--stream-key", "vlan"], ["-c", "10"], ["--transport", "udp"]):
            done = slim("-i", "lo", "--log", "-", "--kernel-cut", "on", *options)
            self.assertEqual(done.returncode, 64, options)
            self.assertIn("--kernel-cut on ", done.stderr)

    def test_wrong(self):
        self.assertEqual(slim("-i", "nflog:5", "--kernel-cut", "on").returncode, 64)
        self.assertEqual(slim("-i", "lo", "--kernel-cut", "maybe").returncode, 64)
        self.assertEqual(slim("--kernel-cut", "on", os.path.join(CAPTURES, "http.pcap")).returncode, 64)


if __name__ == "__main__":
    unittest.main()
