"""Ctrl-C and SIGTERM end every command in one sentence, whatever stage it is in."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SLOW = """
import sys, time
import finercam_core.catalog

def slow(*args, **kwargs):
    print("begun", flush=True)
    time.sleep(60)

finercam_core.catalog.open_catalog = slow
from finercam_flows.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(("number", "word"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
@pytest.mark.parametrize("words", ["catalog check .", "catalog split . --out s.csv", "catalog fetch . --to images"])
def test_a_command_is_stopped_in_one_sentence(words: str, number: signal.Signals, word: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SLOW, *words.split()]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **pipes) as run:
        assert run.stdout is not None
        while "begun" not in run.stdout.readline():
            time.sleep(0.05)
        os.killpg(run.pid, number)
        said, errors = run.communicate(timeout=30)
    assert "Traceback" not in errors
    assert "Aborted" not in errors + said
    if "fetch" in words:
        assert run.returncode in (130, 128 + number)
        assert "Stopped; what was fetched is kept." in errors or f"stopped by {word}" in errors
    else:
        assert run.returncode == 128 + number
        assert errors.strip().splitlines()[-2:][0] == f"finercam: stopped by {word}"


NOISY = """
import logging, threading, time
from finercam_flows.cli import main
import finercam_core.catalog

def slow(*args, **kwargs):
    def client():
        time.sleep(1)
        logging.getLogger("httpx").error("no connection")
        raise ConnectionError("the server is gone")
    threading.Thread(target=client).start()
    print("begun", flush=True)
    try:
        time.sleep(60)
    finally:
        time.sleep(2)

finercam_core.catalog.open_catalog = slow
main(["catalog", "check", "."])
"""


def test_clients_whose_server_has_ended_too_say_nothing_more(tmp_path: Path) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", NOISY], cwd=tmp_path, **pipes) as run:
        assert run.stdout is not None
        assert run.stdout.readline().strip() == "begun"
        run.send_signal(signal.SIGTERM)
        _, errors = run.communicate(timeout=30)
    assert run.returncode == 143
    assert errors.splitlines()[0] == "finercam: stopped by SIGTERM"
    assert len(errors.splitlines()) == 2
