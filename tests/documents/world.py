# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the documents' commands are run: a copy of this machine that is thrown away, with the program installed, an interface eth0 and connections
on it. Nothing of it outlives the process, and nothing outside notices it."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from hello import client_hello
from namespaces import Namespace

SOURCE, BUILD = os.environ["FIRSTPAYLOAD_SOURCE"], os.environ["FIRSTPAYLOAD_BUILD"]
INSIDE = "FIRSTPAYLOAD_TEST_INSIDE"
HERE, THERE = "192.0.2.1", "192.0.2.2"
PAUSE_SECONDS = 0.05    # between two connections


def enter(command, **kwargs):
    """Runs the command in namespaces of its own, where it may call make_root. In a folder that was entered by chroot, there is no mount to make
    private."""
    is_mount = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    unshare = ["unshare", "--mount", *([] if is_mount else ["--propagation", "unchanged"]), "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with tempfile.TemporaryDirectory(prefix="firstpayload-test-") as over:
        return subprocess.run([*unshare, *command], env={**os.environ, INSIDE: over}, stdin=subprocess.DEVNULL, **kwargs)


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def overlay(folder, where, over):
    """Shows folder at the path where; changes go to over."""
    for name in ("up", "work"):
        os.makedirs(os.path.join(over, name))
    mount("-t", "overlay", "overlay", "-o", "lowerdir=%s,upperdir=%s/up,workdir=%s/work" % (folder, over, over), where)


def make_root():
    """Makes a copy of all folders of this machine, and has this process live in it. What is changed there is kept in memory, over the empty folder
    that the environment names."""
    over = os.environ[INSIDE]
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", over)
    root = os.path.join(over, "root")
    os.mkdir(root)
    overlay("/", root, os.path.join(over, "of-root"))
    for n, folder in enumerate(sorted({SOURCE, BUILD, tempfile.gettempdir()})):
        if os.stat(folder).st_dev != os.stat("/").st_dev:      # a file system of its own, which the copy does not have
            overlay(folder, root + folder, os.path.join(over, "of-%d" % n))
    for folder in ("/dev", "/sys"):
        mount("--rbind", folder, root + folder)
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", root + "/dev/pts")
    mount("--bind", root + "/dev/pts/ptmx", root + "/dev/ptmx")
    mount("-t", "proc", "proc", root + "/proc")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", root + "/run")
    os.chroot(root)
    os.chdir("/")


def install():
    said = subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], capture_output=True, text=True)
    if said.returncode != 0:
        raise RuntimeError(said.stdout + said.stderr)
    for folder in ("/srv", "/var/spool/firstpayload", "/etc/firstpayload"):
        shutil.rmtree(folder, ignore_errors=True)
    os.mkdir("/srv")
    os.environ.update(HOME="/root", LC_ALL="C.UTF-8", TERM="dumb", PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    os.makedirs("/root", exist_ok=True)


def put_captures():
    """Makes captures under the names that the documents use: those of a clone, capture.pcap, and a ring buffer whose connections go on from one
    file to the next."""
    os.chdir(SOURCE)
    shutil.copy("captures/mixed.pcap", "capture.pcap")
    subprocess.run(["editcap", "-F", "pcap", "-c", "200", "capture.pcap", "/tmp/ring.pcap"], check=True, capture_output=True)
    pieces = sorted(name for name in os.listdir("/tmp") if name.startswith("ring_"))
    for n, name in enumerate(pieces):
        shutil.move(os.path.join("/tmp", name), "ring.pcap%d" % n)


class Peer:
    """The other end of eth0, which answers everything that it is told."""

    def __init__(self):
        self.namespace = Namespace()
        for command in (["ip", "link", "set", "lo", "up"],
                        ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", self.namespace.path],
                        ["ip", "link", "set", "eth0", "up"], ["ip", "address", "add", HERE + "/24", "dev", "eth0"],
                        ["ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth1-peer"], ["ip", "link", "set", "eth1", "up"]):
            subprocess.run(command, check=True)
        self.namespace.run("ip", "link", "set", "eth0", "up")
        self.namespace.run("ip", "address", "add", THERE + "/24", "dev", "eth0")
        for port in (80, 443):
            listener = self.namespace.socket(socket.AF_INET)
            listener.bind((THERE, port))
            listener.listen(64)
            threading.Thread(target=self.serve, args=(listener,), daemon=True).start()
        threading.Thread(target=self.talk, daemon=True).start()

    @staticmethod
    def serve(listener):
        while True:
            with listener.accept()[0] as peer:
                peer.recv(1000)
                peer.sendall(b"answer\r\n")

    @staticmethod
    def talk():
        while True:
            for port, words in ((80, b"GET / HTTP/1.1\r\nHost: www.example\r\n\r\n"), (443, client_hello("www.example"))):
                with socket.create_connection((THERE, port)) as connection:
                    connection.sendall(words)
                    while connection.recv(1000):
                        pass
            time.sleep(PAUSE_SECONDS)


def lacks():
    """Returns what this machine lacks for it, in words, or None when nothing is missing."""
    if os.geteuid() != 0:
        return "root: the commands of the documents are run in namespaces, on a copy of all folders"
    for tool, package in (("tcpdump", "tcpdump"), ("tshark", "tshark"), ("editcap", "wireshark-common"), ("jq", "jq"), ("xxd", "xxd"), ("sqlite3", "sqlite3"),
                          ("parallel", "parallel"), ("ip", "iproute2"), ("unshare", "util-linux"), ("bash", "bash")):
        if not shutil.which(tool):
            return "the program %s (package %s; scripts/install-packages check)" % (tool, package)
    probe = enter([sys.executable, "-B", "-c", "import world; world.make_root()"], capture_output=True, text=True,
                  cwd=os.path.dirname(os.path.abspath(__file__)))
    return None if probe.returncode == 0 else "network, mount and process namespaces with overlayfs: " + probe.stderr.strip()


def begin():
    """Makes the copy, the program, captures and connections, in the namespaces."""
    make_root()
    install()
    put_captures()
    return Peer()
