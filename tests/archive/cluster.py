# SPDX-License-Identifier: GPL-2.0-or-later
"""A Slurm of one node, and hosts with sshd, that the test starts for itself: from one folder, with keys, ports and sockets of their own, in the
namespaces of the test, which end whatever was started there."""
import os
import secrets
import socket
import subprocess

from waiting import PATIENCE_SECONDS, wait_for

# With limits of minutes, as the machine may be busy.
CONFIGURATION = """
ClusterName=test
SlurmctldHost=%(host)s(127.0.0.1)
SlurmctldPort=%(controller_port)d
SlurmdPort=%(node_port)d
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%(folder)s/munge.socket
StateSaveLocation=%(folder)s/state
SlurmdSpoolDir=%(folder)s/spool
SlurmctldPidFile=%(folder)s/slurmctld.pid
SlurmdPidFile=%(folder)s/slurmd.pid
ProctrackType=proctrack/linuxproc
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
MessageTimeout=100
BatchStartTimeout=600
SlurmdTimeout=3600
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=%(host)s NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=n1 Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start(command, said, **kwargs):
    """Starts a program in the foreground. Its output goes to a file: a daemon's children would keep a pipe open."""
    with open(said, "ab") as file:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, **kwargs)


class Slurm:
    """munged, slurmctld and slurmd, between start and end. environment: that of whoever uses it."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        for name in ("state", "spool"):
            os.mkdir(self.path(name))
        with open(self.path("munge.key"), "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(secrets.token_bytes(128))
        with open(self.path("slurm.conf"), "w") as file:
            file.write(CONFIGURATION % {"folder": folder, "host": os.uname().nodename, "controller_port": free_port(), "node_port": free_port()})
        with open(self.path("cgroup.conf"), "w") as file:
            file.write("CgroupPlugin=cgroup/v1\n")
        self.environment = {**os.environ, "SLURM_CONF": self.path("slurm.conf")}

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        self.run_daemon("munged", "--force", "-F", "--key-file", self.path("munge.key"), "--socket", self.path("munge.socket"),
                        "--pid-file", self.path("munged.pid"), "--seed-file", self.path("munge.seed"), "--log-file", self.path("munged.log"))
        self.wait(lambda: os.path.exists(self.path("munge.socket")), "munged's socket")
        self.run_daemon("slurmctld", "-D", "-f", self.path("slurm.conf"))
        self.run_daemon("slurmd", "-D", "-f", self.path("slurm.conf"))
        self.wait(self.is_idle, "the node to be idle")

    def run_daemon(self, name, *arguments):
        self.processes.append(start([name, *arguments], self.path(name + ".said"), env=self.environment))

    def wait(self, condition, what):
        """Waits for what only comes while all daemons run."""
        wait_for(lambda: self.check() or condition(), lambda: what + "; " + self.said())

    def check(self):
        for process in self.processes:
            if process.poll() is not None:
                raise AssertionError("%s has ended; %s" % (process.args[0], self.said()))

    def said(self):
        texts = []
        for name in ("munged", "slurmctld", "slurmd"):
            if os.path.exists(self.path(name + ".said")):
                with open(self.path(name + ".said"), errors="replace") as file:
                    texts.append("%s said:\n%s" % (name, file.read()[-3000:]))
        return "\n".join(texts)

    def is_idle(self):
        done = subprocess.run(["sinfo", "--noheader", "--format=%T"], env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        return done.stdout.strip() == "idle"

    def is_empty(self):
        """Whether no job waits or runs. No answer is not one."""
        done = subprocess.run(["squeue", "--noheader"], env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        return done.returncode == 0 and not done.stdout

    def wait_until_empty(self):
        self.wait(self.is_empty, "jobs to end")

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(PATIENCE_SECONDS)


class Hosts:
    """sshds on loopback, each a host of its own by name, between start and end."""

    def __init__(self, folder, names, path):
        """path: the value of PATH for what runs there."""
        self.folder, self.processes, self.names, self.search = folder, [], names, path

    def start(self):
        for name in ("user", "host"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)], check=True)
        with open(self.path("config"), "w") as config:
            for name in self.names:
                port = free_port()
                config.write("Host %s\nHostName 127.0.0.1\nPort %d\nUser root\nIdentityFile %s\nIdentitiesOnly yes\nStrictHostKeyChecking no\n"
                             "UserKnownHostsFile /dev/null\nLogLevel ERROR\n" % (name, port, self.path("user")))
                # -o and not a file: Debian's own configuration is not read.
                options = ["Port=%d" % port, "ListenAddress=127.0.0.1", "HostKey=" + self.path("host"), "AuthorizedKeysFile=" + self.path("user.pub"),
                           "PidFile=none", "UsePAM=no", "StrictModes=no", "PermitRootLogin=yes", "PasswordAuthentication=no",
                           'SetEnv="PATH=%s"' % self.search]
                self.processes.append(start(["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *(word for option in options for word in ("-o", option))],
                                            self.path(name + ".said")))
        for name in self.names:
            wait_for(lambda: self.answers(name), lambda: "an answer of sshd: " + open(self.path(name + ".said")).read())

    def path(self, name):
        return os.path.join(self.folder, name)

    def ssh(self):
        """The value of parallel's --ssh."""
        return "ssh -F " + self.path("config")

    def answers(self, name):
        return subprocess.run(["ssh", "-F", self.path("config"), name, "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def end(self):
        for process in self.processes:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
