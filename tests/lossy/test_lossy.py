#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What real clients say first is in the log once, and whole, however the network treats their segments. slim -i logs at both ends while
tcpdump captures beside it: slim says the same of the capture, and so does stock tshark."""
import collections
import concurrent.futures
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

import log_schema
import tshark_runner
from bridge import Bridge, switch_offloads_off
from namespaces import Namespace, add_addresses, cable, missing
from waiting import PATIENCE_SECONDS, wait_for

PROGRAM = os.environ["FIRSTPAYLOAD_PROGRAM"]
CLIENT4, SERVER4, CLIENT6, SERVER6 = "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"
HTTP, TLS, SSH, AROUND = 80, 443, 22, 9
FIRST_WORDS, LAST_WORDS = b"the first words", b"the last words"
MORE_BYTES = 0, 0, 1200, 5000           # by which a ClientHello is longer than usual
AT_ONCE = 12
TOOLS = "ip", "nsenter", "setpriv", "tcpdump", "tshark", "openssl", "curl"
FIELDS = "ip.src", "ipv6.src", "tcp.srcport", "tls.handshake.extensions_server_name", "tls.handshake.ja3", "http.host", "http.request.uri", "ssh.protocol"


def long_protocols(n):
    """Names for ALPN that make a ClientHello n bytes longer, or somewhat less: as a post-quantum key share would."""
    return ["x%03d" % i + "y" * 196 for i in range(n // 201)]


class Server:
    """Serves three protocols, each connection in a thread of its own."""

    def __init__(self, namespace, folder):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(os.path.join(folder, "certificate"), os.path.join(folder, "key"))
        self.banners = collections.Counter()
        self.sockets = [self.listen(namespace, port, serve) for port, serve in
                        ((HTTP, self.serve_http), (TLS, self.serve_tls), (SSH, self.serve_ssh), (AROUND, self.serve_around))]

    def listen(self, namespace, port, serve):
        listener = namespace.socket(socket.AF_INET6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::", port))
        listener.listen(64)
        threading.Thread(target=self.accept, args=(listener, serve), daemon=True).start()
        return listener

    @staticmethod
    def accept(listener, serve):
        def serve_one(connection):
            with connection:
                serve(connection)

        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve_one, args=(connection,), daemon=True).start()

    @staticmethod
    def serve_http(connection):
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            part = connection.recv(65536)
            if not part:
                return                  # openssl s_client says nothing more
            request += part
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nyes\n")

    def serve_tls(self, connection):
        with self.tls.wrap_socket(connection, server_side=True) as wrapped:
            self.serve_http(wrapped)

    def serve_ssh(self, connection):
        number = self.banners["ssh"] = self.banners["ssh"] + 1
        connection.sendall(b"SSH-2.0-server_%d of the test\r\n" % number)
        connection.recv(100)

    @staticmethod
    def serve_around(connection):
        connection.sendall(connection.recv(100))

    def close(self):
        for listener in self.sockets:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


class Clients:
    """Each method is a connection. names: what was said first, in the words of facts()."""

    def __init__(self, namespace, address, folder):
        self.namespace, self.address, self.folder = namespace, address, folder
        self.names = []

    def run(self, *command, **kwargs):
        subprocess.run(self.namespace.argv(*command), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_SECONDS, check=True, cwd=self.folder, **kwargs)

    def connect(self, port):
        client = self.namespace.socket(socket.AF_INET6 if ":" in self.address else socket.AF_INET)
        client.settimeout(PATIENCE_SECONDS)
        client.connect((self.address, port))
        return client

    def url(self, scheme, name):
        address = f"[{self.address}]" if ":" in self.address else self.address
        return [f"{scheme}://{name}/{name}", "--connect-to", f"::{address}:"]

    def python_tls(self, n):
        name = f"python-{n}.example"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        protocols = long_protocols(MORE_BYTES[n % len(MORE_BYTES)])
        if protocols:
            context.set_alpn_protocols(protocols)
        with context.wrap_socket(self.connect(TLS), server_hostname=name) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while client.recv(65536):
                pass
        self.names.append(("tls", name))

    def openssl(self, n):
        name = f"openssl-{n}.example"
        address = f"[{self.address}]" if ":" in self.address else self.address
        self.run("openssl", "s_client", "-connect", f"{address}:{TLS}", "-servername", name, *(("-alpn", ",".join(long_protocols(1800))) if n % 2 else ()))
        self.names.append(("tls", name))

    def curl_tls(self, n):
        name = f"curl-{n}.example"
        self.run("curl", "-sSk", *self.url("https", name))
        self.names.append(("tls", name))

    def curl(self, n):
        name = f"http-{n}.example"
        self.run("curl", "-sS", "-A", "x" * (3000 if n % 2 else 10), *self.url("http", name))
        self.names.append(("http", f"{name}/{name}"))

    def ssh(self, n):
        with self.connect(SSH) as client:
            banner = client.recv(100)
            while not banner.endswith(b"\n"):
                banner += client.recv(100)
            client.sendall(b"SSH-2.0-client_%d\r\n" % n)
        self.names.append(("ssh", banner.decode().strip()))

    def say(self, words):
        with self.connect(AROUND) as client:
            client.sendall(words)
            client.recv(100)


def facts(entry):
    """The protocol and the name that a line has."""
    said = entry.get(entry.get("app_proto"), {})
    if "tls" in entry:
        return "tls", said.get("sni")
    if "http" in entry:
        return "http", said.get("hostname", "") + said["url"]
    if "ssh" in entry:
        speaker = said.get("server", said.get("client"))
        return "ssh", f"SSH-{speaker['proto_version']}-{speaker['software_version']} {speaker.get('comments', '')}"
    return None, entry["payload_printable"]


def without_places(entries):
    """By connection: on a busy machine, two packet sockets may have frames of different connections in another order."""
    return sorted(({**entry, "frames": len(entry["frames"])} for entry in entries), key=lambda entry: (entry["src_port"], entry["dest_port"]))


def by_tshark(path):
    """Returns a set of (address, port, protocol, name, JA3)."""
    words = [word for field in FIELDS for word in ("-e", field)]
    done = tshark_runner.run_tshark(["-n", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "tls.handshake.type == 1 || http.request || ssh.protocol",
                                     "-T", "fields", "-E", "occurrence=f", *words], plugin=False)
    found = set()
    for line in tshark_runner.output_of(done).splitlines():
        ip, ipv6, port, server_name, ja3, host, uri, banner = line.split("\t")
        protocol, name = ("tls", server_name) if server_name else ("http", host + uri) if host else ("ssh", banner)
        if not banner.startswith("SSH-2.0-client"):
            found.add((ip or ipv6, int(port), protocol, name, ja3 or None))
    return found


class End:
    """slim, and tcpdump beside it, on one device."""

    def __init__(self, test, namespace, name):
        self.test, self.name = test, name
        self.capture, self.log = (os.path.join(test.folder, name + ending) for ending in (".pcap", ".jsonl"))
        options = ["--log-format", "json", "--message-wait", str(PATIENCE_SECONDS), "-B", "65536", "-f", "tcp", "-i", "eth0",
                   "--kernel-cut", "off"]     # so that it counts the frames that tcpdump counts
        self.slim = self.start(namespace, PROGRAM, "slim", "-q", "--log", self.log, *options)
        self.tcpdump = self.start(namespace, "tcpdump", "-n", "-U", "--immediate-mode", "-B", "65536", "-Z", "root", "-i", "eth0", "-w", self.capture, "tcp")

    def start(self, namespace, *command):
        run = subprocess.Popen(namespace.argv(*command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.test.addCleanup(run.stderr.close)
        self.test.addCleanup(run.wait)
        self.test.addCleanup(run.kill)
        return run

    def has(self, words):
        """What comes before these in the network is there, too, then."""
        for run in (self.slim, self.tcpdump):
            self.test.assertIsNone(run.poll(), run.poll() is not None and run.stderr.read())
        return all(os.path.exists(path) and words in pathlib.Path(path).read_bytes() for path in (self.capture, self.log))

    def stop(self):
        for run in (self.slim, self.tcpdump):
            run.send_signal(signal.SIGINT)
            run.wait(PATIENCE_SECONDS)
        said = self.tcpdump.stderr.read().decode()
        self.test.assertEqual((self.slim.returncode, self.tcpdump.returncode), (0, 0), said)
        self.test.assertIn("\n0 packets dropped by kernel", said)

    def lines(self):
        with open(self.log, "rb") as file:
            return self.compared(log_schema.entries(file.read()))

    def lines_of_capture(self):
        done = subprocess.run([PROGRAM, "slim", "-q", "--log", "-", "--log-format", "json", "--message-wait", str(PATIENCE_SECONDS), self.capture], capture_output=True, check=True)
        return self.compared(log_schema.entries(done.stdout))

    @staticmethod
    def compared(entries):
        """What both say. Each packet socket has a clock of its own, and the two do not begin with the same frame."""
        own = ("pcap_filename", "in_iface", "timestamp", "delay", "age", "flow_id", "stream", "pcap_cnt")
        return [{**{key: value for key, value in entry.items() if key not in own}, "frames": [frame - entry["pcap_cnt"] for frame in entry["frames"]]}
                for entry in entries if AROUND not in (entry["src_port"], entry["dest_port"])]


class Lossy(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstpayload-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)
        self.client, self.middle, self.server = (Namespace() for _ in range(3))
        for namespace in (self.client, self.middle, self.server):
            self.addCleanup(namespace.close)
        for end, device in ((self.client, "client"), (self.server, "server")):
            cable(end, "eth0", self.middle, device)
            switch_offloads_off(end, "eth0")
            switch_offloads_off(self.middle, device)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-keyout", "key", "-out", "certificate"], cwd=self.folder, capture_output=True, check=True)

    def lay_network(self, mtu, ipv6):
        addresses = ((CLIENT6 + "/64", SERVER6 + "/64") if ipv6 else (CLIENT4 + "/24", SERVER4 + "/24"))
        for namespace, address in zip((self.client, self.server), addresses):
            namespace.run("ip", "link", "set", "eth0", "mtu", str(mtu))
            add_addresses(namespace, "eth0", address)
            network = "2001:db8::/64" if ipv6 else "192.0.2.0/24"
            namespace.run("ip", "route", "replace", network, "dev", "eth0", "rto_min", "20ms")       # what is lost comes again soon

    def talk(self, clients, n):
        """n connections of each kind, some at a time."""
        kinds = (clients.python_tls, clients.python_tls, clients.curl, clients.curl_tls, clients.openssl, clients.ssh)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(kind, kind_number * 1000 + i) for i in range(n) for kind_number, kind in enumerate(kinds)]:
                done.result()

    def check_end(self, end, names):
        """Returns the lines, and what tshark has found in the capture: nothing else than they say, but on a busy machine it once missed two of 72."""
        lines = end.lines()
        self.assertEqual(collections.Counter(map(facts, lines)), collections.Counter(names))
        self.assertEqual([entry["complete"] for entry in lines], [True] * len(lines))
        self.assertEqual(without_places(lines), without_places(end.lines_of_capture()))
        ours = {(e["src_ip"], e["src_port"], *facts(e), e["tls"]["ja3"]["hash"] if "tls" in e else None) for e in lines}
        theirs = by_tshark(end.capture)
        self.assertEqual(theirs - ours, set())
        return lines, theirs

    def check(self, seed, mtu=1500, ipv6=False, n=12):
        self.lay_network(mtu, ipv6)
        bridge = Bridge(self.middle, ("client", "server"), seed)
        self.addCleanup(bridge.close)
        server = Server(self.server, self.folder)
        self.addCleanup(server.close)
        ends = [End(self, namespace, name) for namespace, name in ((self.client, "client"), (self.server, "server"))]
        clients = Clients(self.client, SERVER6 if ipv6 else SERVER4, self.folder)
        wait_for(lambda: clients.say(FIRST_WORDS) or all(end.has(FIRST_WORDS) for end in ends), "captures and logs that have begun")
        self.talk(clients, n)
        clients.say(LAST_WORDS)
        wait_for(lambda: all(end.has(LAST_WORDS) for end in ends), "the last words in captures and logs")
        for end in ends:
            end.stop()
        self.assertEqual(len(set(clients.names)), 6 * n)
        self.assertGreater(min(bridge.lost, bridge.repeated, bridge.held_back), 20)
        (at_client, theirs), (at_server, others) = (self.check_end(end, clients.names) for end in ends)
        self.assertEqual(len(theirs | others), 6 * n)   # what it missed at one end it has found at the other
        self.assertGreater(max(len(entry["frames"]) for entry in at_client), 3)
        return at_server

    def test_usual(self):
        self.check(seed=1)

    def test_small_segments(self):
        """A ClientHello as long as with a post-quantum key share takes four segments and more."""
        lines = self.check(seed=2, mtu=576)
        self.assertTrue(any(entry["frames"][-1] - entry["frames"][0] >= len(entry["frames"]) for entry in lines), "no message with others' frames between its own")
        self.assertTrue(any(entry["out_of_order"] for entry in lines), "no message of which a later segment came first")

    def test_ipv6(self):
        self.check(seed=3, mtu=1280, ipv6=True)


if __name__ == "__main__":
    lacks = missing(TOOLS, [("veth pairs", "ip link add probe0 type veth peer name probe1")])
    if lacks:
        sys.exit("this test needs\n  " + "\n  ".join(lacks))
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})     # with one, all packet sockets see frames in the same order
    unittest.main()
