"""A Slurm of two nodes on this machine, with four cards that there are not: what Debian's packages bring, and root."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

NODES = ("n0", "n1")
NEEDED = ("slurmctld", "slurmd", "sbatch", "munged")
CONF = """
ClusterName=finercam
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=3600
SlurmdTimeout=10
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
NodeName=n[0-1] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=32 RealMemory=200000 Gres=gpu:2
PartitionName=main Nodes=n[0-1] Default=YES State=UP
"""


class Slurm:
    """The cluster in a folder, while `cluster` holds it.

    Parameters
    ----------
    folder : Path
        Short, since a socket lies in it.
    port : int
        First of four free ones.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.host = folder, os.uname().nodename.split(".")[0]
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("state", *(f"spool-{node}" for node in NODES)):
            (folder / name).mkdir()
        text = CONF.format(host=self.host, folder=folder, port=port, first=port + 1, last=port + 2)
        (folder / "slurm.conf").write_text(text, encoding="utf-8")
        cards = [f"NodeName=n[0-1] Name=gpu File={device}\n" for device in ("/dev/null", "/dev/zero")]
        (folder / "gres.conf").write_text("".join(cards), encoding="utf-8")
        (folder / "munge.key").write_bytes(os.urandom(1024))
        (folder / "munge.key").chmod(0o600)

    def start(self) -> None:
        """Start everything, and wait until both nodes are idle."""
        own = {name: f"{self.folder}/munge.{name}" for name in ("socket", "key")}
        self._run("munged", "munged", "--foreground", "--force", f"--key-file={own['key']}",
                  f"--socket={own['socket']}", f"--pid-file={self.folder}/munge.pid",
                  f"--log-file={self.folder}/munge.log", f"--seed-file={self.folder}/munge.seed")  # fmt: skip
        until(lambda: Path(own["socket"]).exists(), 30)
        self._run("slurmctld", "slurmctld", "-D")
        for node in NODES:
            self.start_node(node)
        until(lambda: self.ask("sinfo", "--noheader", "--format=%T").split() == ["idle"], 60)

    def start_node(self, node: str) -> None:
        """Start a node, for the first time or after its death."""
        self._run(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node: str) -> int:
        """Let a node die with all that runs there; how many of its processes there were."""
        daemon = self._running.pop(node)
        daemon.kill()
        daemon.wait()
        own = [process for process in psutil.process_iter() if _node_of(process) == node]
        steps = {parent for process in own if (parent := process.parent()) and parent.name() == "slurmstepd"}
        for process in (*steps, *own):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return len(own)

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints, its complaints too."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr

    def warn(self, task: str) -> None:
        """Send a task's script the signal that Slurm sends when its time is nearly up."""
        command = ("scancel", "--signal=USR1", "--batch", task)
        with suppress(subprocess.TimeoutExpired):  # a task that queues itself again meanwhile is asked over and over
            subprocess.run(command, env=self.environment, capture_output=True, check=False, timeout=3)

    def stop(self) -> None:
        """End everything."""
        for node in NODES:
            if node in self._running:
                self.kill_node(node)
        for process in self._running.values():
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _run(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            self._running[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)


@contextmanager
def cluster(folder: Path, port: int) -> Iterator[Slurm]:
    """The running cluster."""
    slurm = Slurm(folder, port)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()


def missing() -> list[str]:
    """Programs of Slurm that this machine lacks."""
    return [name for name in NEEDED if shutil.which(name) is None]


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something is true; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def _node_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("SLURMD_NODENAME", "")
    except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
