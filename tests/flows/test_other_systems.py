"""Windows and macOS as far as Linux can tell: modules import without what only POSIX has, consoles of CP1252 work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from planned_store import SETTINGS, fill, plan_at
from without_packages import several_without

IMPORT_ALL = """
import importlib, pkgutil, sys

# Other people's packages look at the real system.
import finercam, finercam_core, finercam_flows, napari_finercam
import finercam_core.train, finercam_core.report, finercam_core.export, finercam_core.fetch
import finercam_flows.cli, finercam_flows.serving.service, rich.progress, typer.testing
import finercam_flows.annotate, finercam_flows.direct.annotation, prefect_dask.task_runners, napari, PySide6.QtWidgets
import napari_finercam.window.widget, napari_finercam.formats.reader, napari_finercam.formats.writer
import open_clip, distributed, scipy.stats, sklearn.linear_model, pycocotools.mask, asyncio, subprocess

OURS = ("finercam", "finercam_core", "finercam_flows", "napari_finercam")
for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
    del sys.modules[name]

import os, signal, types
signal.SIGBREAK = signal.SIGTERM  # Windows has it, and servers ask for it
sys.modules["msvcrt"] = types.ModuleType("msvcrt")  # what other people's packages ask for there
sys.platform = {platform!r}
GONE = dict(os=("geteuid", "getuid", "fork", "killpg", "sched_getaffinity", "statvfs", "getpgid", "setsid", "nice"),
            signal=("SIGKILL", "SIGHUP", "SIGUSR1", "pthread_sigmask", "setitimer"))
for module, names in GONE.items():
    for name in names:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog"):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Refuse())
for name in ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog"):
    sys.modules.pop(name, None)
failed = []
for name in OURS:
    package = importlib.import_module(name)
    for each in pkgutil.walk_packages(package.__path__, f"{{name}}."):
        if each.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(each.name)
        except Exception as error:
            failed.append(f"{{each.name}}: {{type(error).__name__}}: {{error}}")
print(failed)
"""


@pytest.mark.parametrize("platform", ["win32", pytest.param("darwin", marks=pytest.mark.slow)])
def test_every_module_imports_where_posix_has_no_say(platform: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL.format(platform=platform)],
        capture_output=True, text=True, check=False, env=environment, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_console_without_greek_letters_shows_the_rest(tmp_path: Path) -> None:
    (tmp_path / "γ photos").mkdir()
    environment = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp1252"}
    for words in (["--help"], ["annotate", "--help"], ["catalog", "check", "γ photos"], ["info", "γ"]):
        command = [sys.executable, "-m", "finercam_flows", *words]
        done = subprocess.run(command, capture_output=True, check=False, env=environment, cwd=tmp_path)
        assert b"Traceback" not in done.stderr, done.stderr.decode("cp1252")
        assert done.returncode == (0 if "--help" in words else 1)


def test_files_are_utf_8_whatever_the_system_writes_by_default(tmp_path: Path) -> None:
    counts = {"Aus bus": 3, "Aus cus": 2}
    known = {**SETTINGS["classifier"], "target_layer": "features", "weights_sha256": "0" * 64}
    settings = {**SETTINGS, "classifier": known, "kind": "evidence", "versions": {"finercam": "0.1.0"}}
    fill(plan_at(f"{tmp_path}/maps.zarr", tmp_path / "images", counts, settings=settings).location)
    for path in (tmp_path / "images").glob("*.jpg"):
        Image.new("RGB", (30, 20)).save(path)
    (tmp_path / "liste.csv").write_text("Datei;Art;Ort\nimages/Aus_cus-000.jpg;Aus cus;Ærø\n", encoding="utf-8")
    words = [
        ["catalog", "check", "liste.csv", "--json", "check.json"], ["catalog", "split", "liste.csv", "--out", "s.csv"],
        ["info", "maps.zarr"], ["evaluate", "maps.zarr", "--out", "e", "--split", "all"],
        ["report", "maps.zarr", "--out", "a", "--split", "all"],
        ["export", "maps.zarr", "--to", "masks", "--which", "automatic", "--format", "csv"],
        ["serve", "--init"], ["ask", "maps.zarr", "Aus bus", "Aus cus", "--split", "all", "--no-show"],
    ]  # fmt: skip
    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8"}
    for said, (code, text) in zip(words, several_without((), words, cwd=tmp_path, **ascii_alone), strict=True):
        assert code == 0 or (said[0] == "ask" and "Traceback" not in text), (said, text)
    assert "γ" in (tmp_path / "a" / "index.html").read_text(encoding="utf-8")
    assert "Aus bus" in (tmp_path / "masks" / "measurements.csv").read_text(encoding="utf-8")


def test_a_process_is_looked_for_without_a_signal_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    from finercam_flows.process import lifeline

    def never(*_: object) -> None:
        raise AssertionError("on Windows os.kill with 0 sends Ctrl-C")

    asked: list[int] = []
    monkeypatch.setattr(lifeline.sys, "platform", "win32")
    monkeypatch.setattr(lifeline.os, "kill", never)
    monkeypatch.setattr(lifeline, "_alive_on_windows", lambda process: asked.append(process) or True)
    assert lifeline._alive(4711)
    assert asked == [4711]


def test_a_server_that_is_found_needs_no_owner_where_the_system_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from finercam_flows.serving import login

    monkeypatch.delattr(login.os, "geteuid")
    monkeypatch.setattr(login, "_listeners", lambda: iter(()))
    login.check_owner("http://127.0.0.1:4200/api")
