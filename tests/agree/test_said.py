#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On every capture: if the program's log and the plugin both say something about a first message, they say the same."""
import sys
import unittest

import answers
import log_schema
import tshark_runner

# app_proto -> what Wireshark calls it. SMB and RDP have another layer below them.
PROTOCOLS = {"tls": ("TLS",), "http": ("HTTP",), "http2": ("HTTP2",), "ssh": ("SSH",), "smtp": ("SMTP",), "ftp": ("FTP",), "pop3": ("POP",),
             "imap": ("IMAP",), "mysql": ("MySQL",), "pgsql": ("PGSQL",), "mqtt": ("MQTT",), "rdp": ("TPKT", "COTP"), "smb": ("NBSS", "SMB", "SMB2"),
             "dns": ("DNS",), "proxy": ("PROXY",), "socks": ("Socks",), "xmpp": ("XMPP",), "ldap": ("LDAP",)}

# A field for each protocol about which both can say something. The preference's default has more, for protocols that the program does not know.
DETAILS = ("tls.handshake.extensions_server_name", "http.host", "ssh.protocol", "dns.qry.name", "mysql.version", "mqtt.clientid", "smtp.rsp.parameter",
           "ftp.response.arg")


def http_host(http):
    """Joins what the log has apart: the name and the port of the Host field."""
    host = http.get("hostname")
    return f"{host}:{http['http_port']}" if host is not None and "http_port" in http else host


def ssh_banner(ssh):
    side = next(iter(ssh.values()))
    banner = f"SSH-{side.get('proto_version', '')}-{side.get('software_version', '')}"
    return f"{banner} {side['comments']}" if "comments" in side else banner


NAMES = {
    "tls": lambda entry: entry["tls"].get("sni"),
    "http": lambda entry: http_host(entry["http"]),
    "ssh": lambda entry: ssh_banner(entry["ssh"]),
    "dns": lambda entry: entry["dns"].get("rrname"),
    "mysql": lambda entry: entry["mysql"].get("version"),
    "mqtt": lambda entry: entry["mqtt"].get("client_id"),
    "smtp": lambda entry: entry["smtp"].get("greeting"),
    "ftp": lambda entry: entry["ftp"].get("greeting"),
}

def by_log(path):
    options = ["--log", "-", "--log-format", "json", "--log-bytes", "65535"]
    return {entry["pcap_cnt"]: entry for entry in log_schema.entries(answers.program("slim", "-q", *options, path, check=False).stdout)}


def by_plugin(path):
    """Returns {frame: (protocol, detail)}. It takes two passes, as the first does not know later frames."""
    done = tshark_runner.run_tshark(["-n", "-2", "-r", str(path), "-o", "firstpayload.details:" + " ".join(DETAILS), "-Y", "firstpayload",
                                     "-T", "fields", "-E", "occurrence=l", "-e", "frame.number", "-e", "firstpayload.protocol", "-e", "firstpayload.detail"])
    rows = (line.split("\t") for line in tshark_runner.output_of(done).splitlines())
    return {int(frame): (protocol, detail) for frame, protocol, detail in rows}


def ask_both(path):
    return by_log(path), by_plugin(path)


def said_by_log(entry):
    """Returns (what Wireshark may call the protocol, name in the message); () and None for what the entry does not say."""
    protocol = entry.get("app_proto")
    headers = PROTOCOLS["proxy"] if "proxy" in entry else ()         # of which Wireshark's protocol is, where they have a frame of their own
    return PROTOCOLS.get(protocol, ()) + headers, NAMES[protocol](entry) if protocol in NAMES else None


class Agreement(unittest.TestCase):
    def check(self, paths):
        """Returns how many protocols, and how many names, both say."""
        protocols = details = 0
        for path, result in zip(paths, answers.in_parallel(ask_both, paths)):
            if isinstance(result, Exception):
                raise result
            entries, rows = result
            for frame in entries.keys() & rows.keys():
                names, name = said_by_log(entries[frame])
                protocol, detail = rows[frame]
                if not names or not protocol:
                    continue
                with self.subTest(str(path), frame=frame):
                    self.assertIn(protocol, names)
                    protocols += 1
                    if name and detail:
                        self.assertEqual(name, detail)
                        details += 1
        return protocols, details

    def test_own_captures(self):
        self.assertTrue(tshark_runner.plugin_is_listed())
        protocols, details = self.check(answers.own_captures())
        self.assertGreater(protocols, 60)
        self.assertGreater(details, 50)

    def test_shared(self):
        captures = [path for _, path, _ in answers.shared_captures()]
        if not captures:
            answers.say_absent(1)
            raise unittest.SkipTest("shared captures absent")
        for path in captures:
            tshark_runner.readable(str(path))
        protocols, details = self.check(captures)
        self.assertGreater(protocols, 150)
        self.assertGreater(details, 100)


if __name__ == "__main__":
    unittest.main(verbosity=1 if len(sys.argv) == 1 else 2)
