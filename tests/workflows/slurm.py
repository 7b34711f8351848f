"""A Slurm of one node, started for a test on loopback with a key of its own, and stopped again."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue", "scontrol", "sinfo")


def where(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def configuration(folder, cpus):
    """No cgroup, no accounting; jobs are put back at once, not after two minutes."""
    host = socket.gethostname().split(".")[0]
    control, node = free_ports(2)
    return f"""ClusterName=grids_test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmUser=root
SlurmdUser=root
SlurmctldPort={control}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0,requeue_setup_env_fail
ReturnToService=2
MpiDefault=none
KillWait=10
MinJobAge=3600
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """`with Slurm(folder) as slurm`: `slurm.environment` is what its programs need. Raises Skipped where the
    machine does not allow it."""

    class Skipped(Exception):
        pass

    def __init__(self, folder, cpus=2):
        self.folder = pathlib.Path(folder)
        self.cpus = cpus
        self.daemons = []

    def start(self, words, **options):
        with open(self.folder / f"{pathlib.Path(words[0]).name}.out", "w") as out:
            self.daemons.append(subprocess.Popen(words, stdout=out, stderr=out, **options))

    def __enter__(self):
        missing = [name for name in PROGRAMS if not where(name)]
        if missing:
            raise self.Skipped(f"{', '.join(missing)}: not installed (slurm-wlm, munge)")
        if os.geteuid() != 0:
            raise self.Skipped("slurmd wants root")
        try:
            munge = pwd.getpwnam("munge")
        except KeyError:
            raise self.Skipped("there is no user munge")
        for name in ("munge", "state", "spool"):
            (self.folder / name).mkdir(parents=True)
        # munged wants every folder above its socket to be readable, and its own to be its user's.
        self.folder.chmod(0o755)
        key = self.folder / "munge" / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        for path in (key, key.parent):
            os.chown(path, munge.pw_uid, munge.pw_gid)
        conf = self.folder / "slurm.conf"
        conf.write_text(configuration(self.folder, self.cpus))
        self.environment = dict(os.environ, SLURM_CONF=str(conf))
        here = key.parent
        try:
            self.start([where("munged"), "--foreground", f"--key-file={key}", f"--socket={here}/socket",
                        f"--pid-file={here}/pid", f"--log-file={here}/log", f"--seed-file={here}/seed",
                        "--num-threads=1"], user=munge.pw_uid, group=munge.pw_gid)
            for name in ("slurmctld", "slurmd"):
                self.start([where(name), "-D"], env=self.environment)
            self.wait_for_node()
        except BaseException:
            self.stop()
            raise
        return self

    def wait_for_node(self):
        for _ in range(60):
            time.sleep(0.5)
            done = self.call("sinfo", "-h", "-o", "%t")
            if done.returncode == 0 and done.stdout.strip() == "idle":
                return
            dead = [each.args[0] for each in self.daemons if each.poll() is not None]
            if dead:
                raise self.Skipped(f"{pathlib.Path(dead[0]).name} does not start here: {self.last_words(dead[0])}")
        raise self.Skipped(f"slurmd does not register: {self.last_words('slurmd')}")

    def last_words(self, program):
        name = pathlib.Path(program).name
        for path in (self.folder / f"{name}.log", self.folder / f"{name}.out"):
            lines = path.read_text(errors="replace").splitlines() if path.exists() else []
            if lines:
                return lines[-1]
        return "it says nothing"

    def call(self, *words):
        return subprocess.run([where(words[0]), *words[1:]], env=self.environment, capture_output=True, text=True)

    def stop(self):
        if hasattr(self, "environment"):
            self.call("scancel", "--user=root")
        for each in reversed(self.daemons):
            each.terminate()
        for each in self.daemons:
            try:
                each.wait(20)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()

    def __exit__(self, *_):
        self.stop()
