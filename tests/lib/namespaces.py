# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces without names. Each lives as long as a descriptor of this process, and disappears with it, whatever happens.

ip netns would need a shared mount under /run, which a chroot may not have, and would leave its names behind when the test is
killed. A thread can be in another namespace than the rest of the process, and a socket stays in the namespace in which it was
made. So a thread enters the namespace and makes the sockets there.
"""
import ctypes
import os
import shutil
import socket
import subprocess
import threading

from waiting import PATIENCE_SECONDS

CLONE_NEWNET = 0x40000000
ESTABLISHED, TIME_WAIT, LISTEN = "01", "06", "0A"      # linux/tcp_states.h, as in /proc/net/tcp
libc = ctypes.CDLL(None, use_errno=True)


def in_thread(call):
    """Calls call in a thread of its own. Returns what it returns, or raises what it raises."""
    result = []

    def body():
        try:
            result.extend((call(), None))
        except Exception as error:
            result.extend((None, error))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if result[1]:
        raise result[1]
    return result[0]


def checked(status, what):
    if status != 0:
        raise OSError(ctypes.get_errno(), "%s: %s" % (what, os.strerror(ctypes.get_errno())))


class Namespace:
    def __init__(self):
        def make():
            checked(libc.unshare(CLONE_NEWNET), "a network namespace cannot be made")
            return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

        self.descriptor = in_thread(make)
        self.path = "/proc/%d/fd/%d" % (os.getpid(), self.descriptor)
        self.run("ip", "link", "set", "lo", "up")

    def close(self):
        os.close(self.descriptor)

    def call(self, call):
        def there():
            checked(libc.setns(self.descriptor, CLONE_NEWNET), "a network namespace cannot be entered")
            return call()

        return in_thread(there)

    def socket(self, family):
        return self.call(lambda: socket.socket(family, socket.SOCK_STREAM))

    def read(self, name):
        """Returns the contents of a file under /proc/net, as seen in this namespace."""
        def there():
            with open(os.path.join("/proc/thread-self/net", name)) as file:
                return file.read()

        return self.call(there)

    def counter(self, name):
        """Returns one of the kernel's counters for this namespace, by its name in /proc/net/netstat or /proc/net/snmp."""
        for file in ("netstat", "snmp"):
            lines = [line.split() for line in self.read(file).splitlines()]
            for names, values in zip(lines[::2], lines[1::2]):
                if name in names:
                    return int(values[names.index(name)])
        raise ValueError(name)

    def has_open_connections(self):
        """Connections that are being opened or closed count."""
        return any(state not in (LISTEN, TIME_WAIT) for state in self.states())

    def states(self, peer_port=None):
        """Returns the states of all TCP sockets, or of those connected to that port."""
        rows = [row.split() for file in ("tcp", "tcp6") for row in self.read(file).splitlines()[1:]]
        return [row[3] for row in rows if peer_port in (None, int(row[2].rpartition(":")[2], 16))]

    def argv(self, *command):
        # setpriv: the command is killed when the test ends.
        return ["nsenter", "--net=" + self.path, "setpriv", "--pdeathsig", "KILL", *command]

    def run(self, *command, **kwargs):
        done = subprocess.run(self.argv(*command), capture_output=True, text=True, timeout=PATIENCE_SECONDS, **kwargs)
        if done.returncode != 0:
            raise RuntimeError("%s: exit status %d\n%s%s" % (" ".join(command), done.returncode, done.stdout, done.stderr))
        return done.stdout


def missing(tools, probes):
    """Returns what this machine lacks for tests in namespaces, in words. probes: pairs of a feature and a shell command that needs it."""
    if os.geteuid() != 0:
        return ["root: it makes network namespaces and loads rules in them"]
    lacks = ["the program %s (scripts/install-packages check)" % tool for tool in tools if not shutil.which(tool)]
    if lacks:
        return lacks
    try:
        namespace = Namespace()
    except (OSError, RuntimeError) as error:
        return ["network namespaces: %s" % error]
    done = [(what, subprocess.run(namespace.argv("sh", "-euc", command), capture_output=True, text=True)) for what, command in probes]
    namespace.close()
    return ["%s: %s" % (what, probe.stderr.strip()) for what, probe in done if probe.returncode != 0]


def cable(one, its_name, other, other_name):
    one.run("ip", "link", "add", its_name, "type", "veth", "peer", "name", other_name, "netns", other.path)
    one.run("ip", "link", "set", its_name, "up")
    other.run("ip", "link", "set", other_name, "up")


def add_addresses(namespace, device, *addresses):
    for text in addresses:
        namespace.run("ip", "address", "add", text, "dev", device, *(["nodad"] if ":" in text else []))
