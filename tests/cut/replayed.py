# SPDX-License-Identifier: GPL-2.0-or-later
"""A wire between two namespaces, several readers of it, and a replay that waits for them: so that none loses a frame, and what one has told the kernel
is true of the next frames."""
import json
import os
import signal
import struct
import subprocess
import tempfile
import threading

from namespaces import Namespace, cable
from pcaps import ACK, PROGRAM, RST, header, record, segment
from waiting import wait_for

REPLAY = os.environ["FIRSTPAYLOAD_REPLAY"]
MARK = b"\xc6\x33\x64"        # 198.51.100: where marks come from
MARK_TEXT = "198.51.100."
OF_READER = ("pcap_cnt", "frames", "flow_id", "timestamp", "age", "delay")


def mark(n):
    """A stream of which each reader writes a line at once, even one that waits for replies: payload, and the end of the stream."""
    its = dict(ack=1, src=MARK + bytes([1 + n // 65000]), dst=b"\xc6\x33\x65\x01")
    return [segment(1 + n % 65000, 9, 1, ACK, b"mark %d" % n, **its), segment(1 + n % 65000, 9, 100, ACK | RST, **its)]


def frames_of(path):
    """Returns the frames of a classic pcap of this machine's byte order."""
    with open(path, "rb") as file:
        data = file.read()
    offset, found = 24, []
    while offset + 16 <= len(data):
        captured = struct.unpack_from("=I", data, offset + 8)[0]
        found.append(data[offset + 16:offset + 16 + captured])
        offset += 16 + captured
    return found


def without(line, keys):
    return {key: without(value, keys) if isinstance(value, dict) else value for key, value in line.items() if key not in keys}


class Wire:
    def __init__(self):
        self.far, self.near = Namespace(), Namespace()
        for end in (self.far, self.near):
            end.run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")
        cable(self.far, "far", self.near, "near")
        for end, name in ((self.far, "far"), (self.near, "near")):
            end.run("ip", "link", "set", name, "mtu", "65535")

    def close(self):
        self.far.close()
        self.near.close()


class Reader:
    """slim on the near end. wrapper: what it is started by."""

    def __init__(self, wire, folder, name, *options, wrapper=(), interface="near", at_once=("-U",)):
        self.capture = os.path.join(folder, name + ".pcap")
        self.lines, self.messages, self.n_marks = [], [], 0
        command = [*wrapper, PROGRAM, "slim", "-i", interface, *at_once, "--log", "-", "--log-format", "json", "-w", self.capture, *options]
        self.process = subprocess.Popen(wire.near.argv(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.threads = [threading.Thread(target=take, daemon=True) for take in (self.take_lines, self.take_messages)]
        for thread in self.threads:
            thread.start()
        wait_for(lambda: self.process.poll() is not None or any(" listening on " in message for message in self.messages), lambda: self.messages)

    def take_lines(self):
        for line in self.process.stdout:
            line = json.loads(line)
            self.lines.append(line)
            self.n_marks += line["src_ip"].startswith(MARK_TEXT)

    def take_messages(self):
        for line in self.process.stderr:
            self.messages.append(line.decode())

    def end(self, allowed=(0,)):
        """Returns the summary, {name: first number}. allowed: exit statuses."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait()
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        if status not in allowed:
            raise AssertionError((status, self.messages))
        words = [line.split() for line in self.messages]
        return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdigit()}

    def wait_for_lines(self, n):
        wait_for(lambda: len(self.lines) >= n or self.process.poll() is not None, lambda: f"{n} lines; there are {len(self.lines)}")

    def answer(self):
        """What it found: lines without what counts frames, and frames without their times, which the kernel takes for each reader."""
        return [without(line, OF_READER) for line in self.lines], frames_of(self.capture)


def replay(wire, frames, readers, burst=64):
    """Sends all frames. After burst of them comes a mark, for which all readers are waited for. Returns how many frames were too long."""
    with tempfile.TemporaryFile() as file:
        file.write(header("="))
        n = 0
        for at in range(0, len(frames), burst):
            batch = frames[at:at + burst]
            n += 1
            for frame in batch + [bytes(12) + b"\x88\xb5"] * (burst - len(batch)) + mark(n):   # filled up by what is no packet
                file.write(record(frame, order="="))
        file.seek(0)
        go, its_go = os.pipe()
        sender = subprocess.Popen(wire.far.argv(REPLAY, "far", str(burst + 2), str(go)), stdin=file, stdout=subprocess.PIPE,
                                  text=True, pass_fds=[go])
        os.close(go)
        marks = [reader.n_marks for reader in readers]
        for i, line in enumerate(iter(sender.stdout.readline, ""), start=1):
            if "left out" in line:
                break
            wait_for(lambda i=i: all(reader.n_marks >= before + min(i, n) or reader.process.poll() is not None
                                     for reader, before in zip(readers, marks)), lambda: [reader.messages for reader in readers])
            os.write(its_go, b"\n")
        os.close(its_go)
        sender.stdout.close()
        if sender.wait() != 0:
            raise AssertionError("replay failed")
        return int(line.split()[0])
