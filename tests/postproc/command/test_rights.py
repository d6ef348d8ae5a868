# SPDX-License-Identifier: GPL-2.0-or-later
"""Rights end before packets are looked at. The program with tests/postproc/base/probe.c in it tries what it must no longer be able to do: live, with
files, and as a watcher. It takes root, network namespaces and Landlock."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from namespaces import Namespace
from pcaps import CAPTURES, PROGRAM, read, stub, write
from waiting import PATIENCE_SECONDS, send_signal, wait_for

PROBED = os.environ["FIRSTPAYLOAD_PROBED"]
CAPTURE = os.path.join(CAPTURES, "http.pcap")
HAS_FILTER = not os.environ.get("FIRSTPAYLOAD_SANITIZED")     # a sanitizer takes calls that the filter has not
NOBODY = 65534
CALLS = ["execve", "socket", "connect", "ptrace", "unshare", "namespace", "setuid", "mount", "kill", "bpf", "io_uring_setup", "terminal", "chmod"]


def status_of(pid):
    """Returns the lines of /proc/PID/status by name."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def child_of(pid, name):
    """Returns a child of that name, or None."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            for child in file.read().split():
                if status_of(child)["Name"] == name:
                    return int(child)
    return None


class Rights(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "giving up root takes root: run the tests as root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = os.path.join(self.folder, "out.pcap")
        self.log = os.path.join(self.folder, "log")

    def namespace(self):
        namespace = Namespace()
        self.addCleanup(namespace.close)
        return namespace

    def probe(self, what, *words, namespace=None, before=()):
        """Returns how the program ended that tried what: a signal's name, or what it printed. before: what starts it."""
        command = [*before, PROBED, *words]
        done = subprocess.run(namespace.argv(*command) if namespace else command, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
                              env={**os.environ, "PROBE": what}, stdin=subprocess.DEVNULL)
        if done.returncode < 0:
            return signal.Signals(-done.returncode).name
        found = re.search(r"^probe: (.*)$", done.stderr, re.M)
        return found[1] if found else done.stderr

    def check(self, *words, denied=(), allowed=(), calls=CALLS, namespace=None):
        if HAS_FILTER:
            self.assertEqual({call: self.probe(call, *words, namespace=namespace) for call in calls}, dict.fromkeys(calls, "SIGSYS"))
        self.assertEqual({what: self.probe(what, *words, namespace=namespace) for what in denied}, dict.fromkeys(denied, "EACCES"))
        self.assertEqual({what: self.probe(what, *words, namespace=namespace) for what in allowed}, dict.fromkeys(allowed, "done"))


class Forbidden(Rights):
    def setUp(self):
        """Where anybody may make a file, and nothing of the run is. What a wrong program makes there is gone with the test."""
        super().setUp()
        folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o777)
        self.elsewhere = os.path.join(folder.name, "made")

    def test_live(self):
        self.check("slim", "-i", "lo", "--kernel-cut", "off", "-w", self.out, calls=[*CALLS, "fork"], namespace=self.namespace(),
                   denied=["read:/etc/shadow", "write:/etc/passwd", "make:" + self.elsewhere], allowed=["read:/etc/localtime", "isatty"])

    def input_alone(self):
        """The input, unless the project is beside the outputs: the folder above theirs may be changed, as they may be made again."""
        return [] if CAPTURE.startswith(tempfile.gettempdir() + "/") else ["write:" + CAPTURE]

    def test_files(self):
        self.check("slim", "-w", self.out, CAPTURE, calls=[*CALLS, "fork"],
                   denied=["read:/etc/shadow", "write:/etc/passwd", "make:" + self.elsewhere, *self.input_alone()],
                   allowed=["read:/usr/share/zoneinfo/UTC", "read:" + CAPTURE, "make:" + os.path.join(self.folder, "new")])

    def test_show(self):
        self.check("show", CAPTURE, calls=["execve"], denied=["read:/etc/shadow", "make:" + self.elsewhere])

    def test_watch(self):
        inbox = os.path.join(self.folder, "in")
        os.mkdir(inbox)
        made = os.path.join(inbox, "made")
        words = ["watch", "--once", inbox, os.path.join(self.folder, "out")]
        self.check(*words, denied=["read:/etc/shadow", "write:/etc/passwd", "make:" + self.elsewhere],
                   allowed=["fork"] if HAS_FILTER else [])
        self.assertEqual([self.probe("make:" + made, *words), self.probe("remove:" + made, *words)], ["done", "done"])

    def test_each_can_be_switched_off(self):
        words = ["slim", "-w", self.out, CAPTURE]
        self.assertEqual(self.probe("socket", *words, "--without", "seccomp"), "done")
        self.assertEqual(self.probe("read:/etc/shadow", *words, "--without", "landlock"), "done")
        self.assertEqual(self.probe("setuid", "slim", "-i", "lo", "--without", "user,seccomp", namespace=self.namespace()), "done")
        for words, said in ((["--without", "sandbox"], "--without takes user, capabilities, seccomp, landlock"),
                            (["-Z", "nobody", "--without", "all"], "contradict one another"),
                            (["-Z", "no such user"], "-Z: there is no user no such user")):
            done = subprocess.run([PROGRAM, "show", CAPTURE, *words], capture_output=True, text=True)
            self.assertEqual(done.returncode, 64)
            self.assertIn(said, done.stderr)


    @unittest.skipUnless(HAS_FILTER, "this build has no filter")
    def test_under_strace(self):
        """A call that strace has fail is none that is forbidden, and those that are forbidden can be seen."""
        trace = os.path.join(self.folder, "trace")
        words = ["slim", "-w", self.out, CAPTURE]
        self.assertEqual(self.probe("socket", *words, before=["strace", "-f", "-qq", "-o", trace]), "EPERM")
        self.assertRegex(read(trace).decode(), r"socket\(.*\) += -1 EPERM")
        done = subprocess.run(["strace", "-f", "-qq", "-o", trace, "-e", "inject=fsync:error=EIO:when=1", PROGRAM, *words], capture_output=True, text=True,
                              timeout=PATIENCE_SECONDS)
        self.assertEqual((done.returncode, "Input/output error" in done.stderr), (74, True), done.stderr)


class Live(Rights):
    """A capture in a folder that is root's alone."""

    def start(self, *words, wrap=(), interface="lo"):
        self.namespace_of_run = self.namespace()
        os.chmod(self.folder, 0o700)
        run = subprocess.Popen(self.namespace_of_run.argv(*wrap, PROGRAM, "slim", "-v", "-i", interface, "-U", "--log", self.log, *words),
                               env={**os.environ, "FIRSTPAYLOAD_TSHARK_SECONDS": str(PATIENCE_SECONDS)}, stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        for line in run.stderr:
            if "rights: " in line:
                self.rights = line
                return run
        self.fail("it ended at once")

    def talk(self, words):
        server = self.namespace_of_run.call(lambda: socket.create_server(("127.0.0.1", 0)))
        client = self.namespace_of_run.socket(socket.AF_INET)
        with server, client:
            client.connect(server.getsockname())
            client.sendall(words)
            with server.accept()[0] as peer:
                peer.recv(1000)

    def logged(self, words):
        with contextlib.suppress(FileNotFoundError):
            return words.decode() in read(self.log).decode()
        return False

    def end(self, run):
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(run.returncode, 0, said)

    def check_new_log_and_end(self, run):
        """The log is opened anew, and each output has its name in the end."""
        os.rename(self.log, self.log + ".1")
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.log), "a new log")
        self.talk(b"GET /after HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/after"), "a line in the new log")
        self.end(run)
        self.assertEqual(sorted(os.listdir(self.folder)), ["log", "log.1", "out.pcap"])

    def test_root_becomes_nobody_and_outputs_stay_its_own(self):
        run = self.start("-Z", "nobody", "-w", self.out)
        status = status_of(run.pid)
        self.assertEqual(status["Uid"].split(), [str(NOBODY)] * 4)
        self.assertEqual((status["Groups"].strip(), status["NoNewPrivs"]), ("", "1"))
        self.assertEqual([int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")], [0] * 5)
        self.assertEqual(status["Seccomp"], "2" if HAS_FILTER else "0")
        self.assertRegex(self.rights, r"user nobody; no capabilities; no new privileges; Landlock \(version \d+\); (no )?seccomp filter")
        self.talk(b"GET /before HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/before"), "a line")
        self.check_new_log_and_end(run)
        self.assertEqual({os.stat(os.path.join(self.folder, name)).st_uid for name in os.listdir(self.folder)}, {0})

    def test_root_in_a_folder_of_somebody_else(self):
        """Root stays root where nobody cannot create files, and needs what opens such a folder to root."""
        os.chown(self.folder, 12345, 12345)
        run = self.start("-G", "1", "-w", os.path.join(self.folder, "c-%s.pcap"), "--metrics", os.path.join(self.folder, "m.prom"))
        self.assertIn("user root, as ", self.rights)
        self.assertIn("; no capabilities but those for files;", self.rights)
        wait_for(lambda: len([name for name in os.listdir(self.folder) if name.startswith("c-")]) > 1 or run.poll() is not None, "files")
        self.talk(b"GET /here HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/here"), "a line")
        self.end(run)
        captures = [os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.endswith(".pcap")]
        self.assertEqual(sum(read(path).count(b"GET /here") for path in captures), 1)
        self.assertIn("m.prom", os.listdir(self.folder))

    def test_a_folder_that_is_made_again(self):
        """Files are begun in it as soon as it is there."""
        os.chown(self.folder, NOBODY, NOBODY)
        folder, moved = (os.path.join(self.folder, name) for name in ("outputs", "moved"))
        os.mkdir(folder)
        os.chown(folder, NOBODY, NOBODY)
        metrics = os.path.join(folder, "m.prom")
        run = self.start("-Z", "nobody", "-G", "1", "-w", os.path.join(folder, "c-%s.pcap"), "--metrics", metrics, "--stats", "1")
        wait_for(lambda: os.path.exists(metrics), "metrics")
        os.rename(folder, moved)
        self.assertTrue(any("going on without, and trying again" in line for line in run.stderr))
        os.mkdir(folder)
        os.chown(folder, NOBODY, NOBODY)
        wait_for(lambda: os.path.exists(metrics) and any(name.startswith("c-") for name in os.listdir(folder)) or run.poll() is not None, "files")
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(run.returncode, 74)      # the file that was moved away did not get its name
        self.assertTrue(any(name.startswith("c-") for name in os.listdir(folder)))

    def test_root_that_stays_root(self):
        """It has no helper, so it opens the log anew, and gives the capture its name, itself."""
        os.chown(self.folder, 12345, 12345)
        run = self.start("-Z", "root", "-w", self.out)
        self.assertEqual(read(f"/proc/{run.pid}/task/{run.pid}/children"), b"")
        os.rename(self.log, self.log + ".1")
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.log), "a new log")
        self.end(run)
        self.assertEqual(sorted(os.listdir(self.folder)), ["log", "log.1", "out.pcap"])

    def secret(self):
        """Returns a file of root's, and gives the folder of outputs to nobody, which may be in a stranger's hands."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        os.chown(self.folder, NOBODY, NOBODY)
        return write(folder.name, "secret", b"of root\n")

    def link(self, target, path):
        os.symlink(target, path)
        os.lchown(path, NOBODY, NOBODY)

    def check_secret(self, secret):
        self.assertEqual((read(secret), os.stat(secret).st_uid), (b"of root\n", 0))

    def test_the_helper_opens_no_link(self):
        secret = self.secret()
        run = self.start("-Z", "nobody", "-w", self.out)
        os.rename(self.log, self.log + ".1")
        for plant in (self.link, os.link):
            plant(secret, self.log)
            send_signal(run, signal.SIGHUP)
            words = b"/" + plant.__name__.encode()
            self.talk(b"GET " + words + b" HTTP/1.0\r\n\r\n")
            wait_for(lambda words=words: words in read(self.log + ".1"), "a line in the old log")
            self.check_secret(secret)
            os.remove(self.log)
        os.rename(self.folder, self.folder + ".moved")      # whoever has the folder above can do that, too
        self.addCleanup(os.rename, self.folder + ".moved", self.folder)
        self.link(os.path.dirname(secret), self.folder)
        self.addCleanup(os.remove, self.folder)
        send_signal(run, signal.SIGHUP)
        self.talk(b"GET /folder HTTP/1.0\r\n\r\n")
        wait_for(lambda: b"/folder" in read(os.path.join(self.folder + ".moved", "log.1")), "a line in the old log")
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(said.count("cannot be reopened"), 3, said)
        self.assertEqual(run.returncode, 73, said)
        self.assertEqual(os.listdir(os.path.dirname(secret)), ["secret"])

    def test_root_opens_no_link_of_that_user(self):
        secret = self.secret()
        self.link(secret, self.log)
        for words in (["--log", self.log], ["-w", self.log]):
            done = subprocess.run(self.namespace().argv(PROGRAM, "slim", "-q", "-i", "lo", "-Z", "nobody", *words), capture_output=True, text=True, timeout=PATIENCE_SECONDS)
            self.assertEqual(done.returncode, 73, done.stderr)
            self.assertIn("log: its symbolic links cannot be followed: Operation not permitted", done.stderr)
        self.check_secret(secret)

    def test_what_is_left_is_finished_as_that_user(self):
        """And so are the first files of a rotation, which root begins."""
        secret = self.secret()
        left = write(self.folder, ".c-1.pcap.unfinished", read(CAPTURE))
        os.chown(left, NOBODY, NOBODY)
        self.link(secret, left + "-copy")
        os.link(secret, os.path.join(self.folder, ".c-2.pcap.unfinished"))
        self.link(secret, os.path.join(self.folder, ".c-3.pcap.unfinished"))
        run = self.start("-Z", "nobody", "-G", "3600", "-w", os.path.join(self.folder, "c-%s.pcap"))
        self.end(run)
        self.check_secret(secret)
        whole = os.path.join(self.folder, "c-1.pcap")
        self.assertFalse(os.path.islink(whole))
        self.assertEqual(read(whole), read(CAPTURE))
        captures = [name for name in os.listdir(self.folder) if name.startswith("c-")]
        self.assertEqual((len(captures), {os.stat(os.path.join(self.folder, name)).st_uid for name in captures}), (2, {NOBODY}))

    def test_a_page_of_root_that_stays_root(self):
        os.chown(self.folder, 12345, 12345)
        os.chmod(self.folder, 0o700)
        page = os.path.join(self.folder, "page.html")
        run = subprocess.Popen(self.namespace().argv(PROGRAM, "said", "-i", "lo", "-Z", "root", "--html", page), stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        self.assertIn("listening on lo", run.stderr.readline())
        self.end(run)
        self.assertEqual(os.listdir(self.folder), ["page.html"])

    def test_names_of_interfaces(self):
        """They are asked for when frames come."""
        run = self.start("-f", "tcp", "--log-format", "json", interface="any")
        self.talk(b"GET /named HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/named") or run.poll() is not None, "a line")
        self.assertIn(b'"in_iface":"lo"', read(self.log))
        self.end(run)

    def test_whatever_ends_it_leaves_no_temporary_file(self):
        run = self.start("-w", self.out)
        self.assertEqual(len(os.listdir(self.folder)), 2)
        run.kill()
        wait_for(lambda: os.listdir(self.folder) == ["log"], "the unfinished output to go")

    def test_without_root(self):
        """CAP_NET_RAW is all that it takes, and goes."""
        os.chown(self.folder, NOBODY, NOBODY)
        run = self.start("-w", self.out, wrap=("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all,+net_raw",
                                               "--ambient-caps=-all,+net_raw"))
        self.assertEqual([int(status_of(run.pid)[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")], [0] * 4)
        self.talk(b"GET /here HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/here"), "a line")
        self.end(run)
        self.assertEqual(sorted(os.listdir(self.folder)), ["log", "out.pcap"])

    def test_the_helper_is_killed(self):
        """In a folder of its own, the program does without."""
        os.chown(self.folder, NOBODY, NOBODY)
        run = self.start("-Z", "nobody", "-w", self.out)
        self.talk(b"GET /before HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/before"), "a line")
        helper = child_of(run.pid, "fp-helper")
        os.kill(helper, signal.SIGKILL)
        wait_for(lambda: status_of(helper)["State"].startswith("Z"), "the helper's end")
        self.check_new_log_and_end(run)

    def test_root_s_home_is_closed_to_tshark(self):
        """setpriv leaves HOME as it was, where tshark may look for nothing."""
        os.chown(self.folder, NOBODY, NOBODY)
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        run = self.start("--fields", "tcp.dstport", wrap=("env", "HOME=" + home.name, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                                                          "--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw"))
        self.talk(b"GET /home HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/home"), "a line")
        self.end(run)
        self.assertRegex(read(self.log).decode(), r"/home\ttcp\.dstport=\d+\n")

    def test_tshark_is_started_again(self):
        """By the helper, which is root still; as another user."""
        run = self.start("-Z", "nobody", "--fields", "tcp.dstport")
        helper = child_of(run.pid, "fp-helper")
        self.assertEqual(status_of(helper)["Uid"].split()[0], "0")
        self.assertEqual([os.readlink(f"/proc/{helper}/fd/{fd}") for fd in ("0", "1")], ["/dev/null"] * 2)
        first = wait_for(lambda: child_of(helper, "tshark"), "tshark")
        wait_for(lambda: len(os.listdir(f"/proc/{helper}/fd")) == 4, "the helper to close tshark's pipes")
        self.assertNotEqual(status_of(first)["Uid"].split()[0], "0")
        os.kill(first, signal.SIGKILL)
        self.talk(b"GET /again HTTP/1.0\r\n\r\n")
        wait_for(lambda: self.logged(b"/again"), "a line")
        self.assertRegex(read(self.log).decode(), r"/again\ttcp\.dstport=\d+\n")
        self.end(run)


class Watch(Rights):
    def test_status_says_what_is_on(self):
        inbox, out = os.path.join(self.folder, "in"), os.path.join(self.folder, "out")
        os.mkdir(inbox)
        shutil.copy(CAPTURE, inbox)
        done = subprocess.run([PROGRAM, "watch", "--once", "-v", inbox, out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        rights = re.search(r"rights: (.*)", done.stderr)[1]
        status = subprocess.run([PROGRAM, "status", os.path.join(out, ".firstpayload")], capture_output=True, text=True, check=True).stdout
        self.assertEqual(re.search(r"^rights +(.*)$", status, re.M)[1], rights)
        self.assertEqual(os.listdir(inbox), [])

    def test_new_folders_are_those_of_the_user(self):
        """What is made before rights end is opened afterwards, too. A folder that will be closed to the user is told of at the beginning."""
        inbox, out = os.path.join(self.folder, "in"), os.path.join(self.folder, "out")
        os.chmod(self.folder, 0o755)
        for folder in (inbox, out):
            os.mkdir(folder)
            os.chown(folder, NOBODY, NOBODY)
        words = [PROGRAM, "watch", "--once", "-Z", "nobody", inbox]
        for _ in range(2):
            os.chown(shutil.copy(CAPTURE, inbox), NOBODY, NOBODY)
            done = subprocess.run([*words, out], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
            self.assertEqual((done.returncode, os.listdir(inbox)), (0, []), done.stderr)
        made = [os.path.join(folder, name) for folder, folders, files in os.walk(out) for name in folders + files]
        self.assertGreater(len(made), 10)
        self.assertEqual({(os.stat(path).st_uid, os.stat(path).st_gid) for path in made}, {(NOBODY, NOBODY)})
        os.chown(out, 0, 0)
        shutil.rmtree(os.path.join(out, ".firstpayload"))
        done = subprocess.run([*words, out], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual((done.returncode, done.stderr), (73, f"firstpayload: {out}/.firstpayload: cannot be created: Permission denied\n"))

    def test_another_folder_in_the_place_of_one(self):
        """Rules are for what was there. That a watcher has to be restarted is said; not where it is enough to make its folders again."""
        around = os.path.join(self.folder, "around")
        inbox, out = os.path.join(around, "in"), os.path.join(around, "out")
        os.makedirs(inbox)
        run = subprocess.Popen([PROGRAM, "watch", inbox, out], stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        said = []
        threading.Thread(target=lambda: said.extend(iter(run.stderr.readline, "")), daemon=True).start()
        wait_for(lambda: os.path.exists(os.path.join(out, ".firstpayload", "status")), "a watcher")
        os.rename(os.path.join(out, ".firstpayload"), os.path.join(self.folder, "deleted"))
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: os.path.exists(os.path.join(out, ".firstpayload", "status")), "its folders to be there again")
        os.rename(around, around + ".old")
        os.makedirs(inbox)
        os.mkdir(out)
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: "another folder" in "".join(said), "trouble")
        self.assertIn(f"{inbox}: is another folder than when the watcher began, and closed to it: restart it; ", "".join(said))
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)

    def test_options_read_again_reach_the_helper(self):
        """tshark is started with the fields of the new configuration, and metrics stay in a folder that can be written."""
        inbox, out, config = (os.path.join(self.folder, name) for name in ("in", "out", "conf"))
        os.mkdir(inbox)

        def configure(*lines):
            with open(config + ".new", "w", encoding="ascii") as file:
                file.write("\n".join(["[watch]", f"inbox={inbox}", f"outdir={out}", "log=only", *lines, ""]))
            os.rename(config + ".new", config)

        configure("log-format=text")
        run = subprocess.Popen([PROGRAM, "watch", "--config", config], stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        said = []
        threading.Thread(target=lambda: said.extend(iter(run.stderr.readline, "")), daemon=True).start()
        wait_for(lambda: os.path.exists(os.path.join(out, ".firstpayload", "status")), "a watcher")
        configure("metrics=/var/lib/elsewhere.prom")
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: "metrics can move" in "".join(said), "a refusal")
        configure("log-format=text", "fields=tcp.dstport")
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: "options were read again" in "".join(said), "new options")
        shutil.copy(CAPTURE, os.path.join(self.folder, "copy"))
        os.rename(os.path.join(self.folder, "copy"), os.path.join(inbox, "http.pcap"))
        log = os.path.join(out, "http.pcap.log")
        wait_for(lambda: os.path.exists(log), "a log: " + "".join(said))
        self.assertRegex(read(log).decode(), r"\ttcp\.dstport=\d+\n")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)


if __name__ == "__main__":
    unittest.main()
