# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocks that are not commands, and commands that are not run as they stand, with the reason. All others are run: if you add one that cannot be
run, name it here. Keys are first lines; a key that no document has any more is an error."""

# Blocks that another test takes from the document: {document: (test, blocks that it does not take)}.
ELSEWHERE = {
    "docs/kernel-first-cut.md": ("recipe-kernel-first-cut", ()),
    "docs/comparison.md": ("comparison", ()),
    "docs/shipping.md": ("shipping", (
        "apt-get install -y rsyslog rsyslog-relp logrotate",
        "sh -c 'echo $$ >/run/firstpayload.pid; exec firstpayload slim -i eth0 --log /var/log/firstpayload.jsonl --log-format json'",
        "CREATE TABLE firstpayload (")),
}

# Blocks that are a file, which is called BLOCK here, and the command that takes it.
FILES = {
    "docs/log.md": {
        "/var/log/firstpayload.log /var/log/firstpayload.jsonl {": "logrotate --debug BLOCK",
        "[Unit]": "cp BLOCK BLOCK.service && systemd-analyze verify BLOCK.service",
        'module(load="imfile" mode="inotify")': "(echo 'global(workDirectory=\"/tmp\")'; cat BLOCK) >BLOCK.conf && rsyslogd -N1 -f BLOCK.conf",
    },
    "docs/live.md": {
        "/var/log/firstpayload/*.jsonl {": "logrotate --debug BLOCK",
        "e /var/spool/firstpayload/live - - - 30d": "cp BLOCK /etc/tmpfiles.d/firstpayload-live.conf && systemd-tmpfiles --clean firstpayload-live.conf",
    },
    "docs/live-kernel-cut.md": {
        "AmbientCapabilities=CAP_NET_RAW CAP_BPF": "(printf '[Service]\\nExecStart=/bin/true\\n'; cat BLOCK) >BLOCK.service && systemd-analyze verify BLOCK.service",
    },
    "docs/wireshark.md": {
        'local text = Field.new("firstpayload.text")': "tshark -q -X lua_script:BLOCK -r captures/http.pcap | grep '^14.GET '",
    },
    "man/firstpayload.conf.5": {
        "[watch]": "install -d /var/spool/firstpayload/eth0/in && firstpayload watch --check-config --config BLOCK",
    },
}

# Blocks that show what a command of another block prints.
SHOWN_BY = {
    "README.md": {"demo: program and plugin found the same 22 frames": "./demo"},
}

NO_COMMANDS = {
    "docs/digest.md": {
        "firstpayload digest -w OUT [--flight-bytes N] [--opening-bytes N] [--transport LIST] [--stream-key KINDS] [--compress HOW] FILE...": "a synopsis",
    },
    "docs/slim.md": {
        "firstpayload slim [-w OUT] [-F FORMAT] [--keep CLASSES] [OPTION...] FILE...": "a synopsis",
    },
    "docs/shipping.md": {
        "CREATE TABLE firstpayload (": "ClickHouse is not in Debian; the document says that this was not run",
    },
    "docs/privileges.md": {
        "firstpayload: rights: user firstpayload; no capabilities; no new privileges; Landlock (version 2); seccomp filter (97 system calls)": "a message",
    },
    "docs/troubleshooting.md": {
        "dropped         N frames by the kernel, N by the interface": "a line of the summary",
        "firstpayload: eth0: the kernel hands over all frames, as it cannot make the first cut: Operation not permitted; it takes root, or CAP_BPF besides "
        "CAP_NET_RAW": "a message",
        "firstpayload: eth0: cannot capture: socket: Operation not permitted; run as root, or give the program CAP_NET_RAW": "a message",
    },
}

NO_SYSTEMD = "systemd is not process 1 where tests run; rings-users has tcpdump and the watcher as the users of the units, with their rights"
PACKAGES = "makes Debian packages with programs that ./check does not install; scripts/check-packages runs it"
ALREADY_RUNS = "looks at a program that runs, which would have to be started; test_rights.py looks at the same"
WIRESHARKS_SOURCE = "takes Wireshark's source, and half an hour; scripts/check-in-wireshark does it, the test plugin-tree compares the list of files"
NO_CLUSTER = "there are neither hosts nor a Slurm where these commands run; the test archive runs the script with two sshds, and in a Slurm, both its own"
NOT_RUN = {
    "README.md": {
        "./check": "runs this test among all others",
    },
    "docs/installing.md": {
        "scripts/install-packages package": PACKAGES,
        "cmake --build --preset release --target package": PACKAGES,
        "sudo apt-get install ./build/release/firstpayload_*.deb": PACKAGES,
        "sudo apt-get install ./build/release/firstpayload-wireshark_*.deb": PACKAGES,
    },
    "docs/wireshark-tree.md": {
        "scripts/check-in-wireshark -d /var/tmp/wireshark": WIRESHARKS_SOURCE,
        "mkdir -p $W/plugins/epan/firstpayload/core": WIRESHARKS_SOURCE,
        "cp $F/plugin/*.[ch] $F/plugin/wireshark-tree/* $W/plugins/epan/firstpayload/": WIRESHARKS_SOURCE,
        "cp $F/core/*.[ch] $W/plugins/epan/firstpayload/core/": WIRESHARKS_SOURCE,
        "rm $W/plugins/epan/firstpayload/entry.c $W/plugins/epan/firstpayload/core/memory.c": WIRESHARKS_SOURCE,
        "cmake -S $W -B build -G Ninja -DCUSTOM_PLUGIN_SRC_DIR=plugins/epan/firstpayload": WIRESHARKS_SOURCE,
    },
    "docs/archive.md": {
        "/usr/share/firstpayload/archive/with-parallel /srv/job --jobs 2 --sshlogin one.example,two.example --retries 3": NO_CLUSTER,
        "/usr/share/firstpayload/archive/with-slurm /srv/job --partition night --time 8:00:00": NO_CLUSTER,
        "squeue --me": NO_CLUSTER,
    },
    "docs/live.md": {
        "systemctl enable --now firstpayload-live@eth0.service": NO_SYSTEMD,
        "journalctl -f -o cat -u firstpayload-live@eth0.service": NO_SYSTEMD,
        "docker run --network host --cap-drop ALL --cap-add NET_RAW --read-only --security-opt no-new-privileges IMAGE firstpayload slim -i eth0 --log - "
        "--log-format json": "there is no container engine where tests run; the next block has the same rights",
    },
    "docs/privileges.md": {
        "PID=$(pgrep -o firstpayload)": ALREADY_RUNS,
        "grep -E '^(Uid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/$PID/status": ALREADY_RUNS,
        "ls -l /proc/$PID/fd": ALREADY_RUNS,
        "pstree -p $PID": ALREADY_RUNS,
    },
    "docs/troubleshooting.md": {
        "ausearch -m SECCOMP -c firstpayload": "auditd is not there, and takes a kernel that answers to one process alone",
    },
    "docs/watch.md": {
        "systemctl enable --now firstpayload-watch@eth0.service": NO_SYSTEMD,
        "systemctl daemon-reload": NO_SYSTEMD,
        "systemctl enable --now tcpdump@eth0.service": NO_SYSTEMD,
        "journalctl -u firstpayload-watch@eth0.service": NO_SYSTEMD,
        "firstpayload status /var/spool/firstpayload/eth0/out": NO_SYSTEMD,
        "ls /var/spool/firstpayload/eth0/out": NO_SYSTEMD,
        "tail -F /var/spool/firstpayload/eth0/out/.firstpayload/live.jsonl": NO_SYSTEMD,
    },
}

# In a build folder other than build/release, these would build the whole project again, unlike the one test that runs there.
BUILDS = r"(\./demo|cmake --preset|cmake --build|cmake --install)\b"

# What is typed instead, because nobody wants to wait for it.
QUICKER = {"-G 60 ": "-G 1 "}
