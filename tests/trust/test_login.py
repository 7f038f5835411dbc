"""The Prefect server that `finercam serve` starts asks everybody who they are; on a real one."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import httpx
import psutil
import pytest
from finercam_flows.serving.login import check_owner, login_of, own_origins
from finercam_flows.serving.server import running_server
from serve_process import login_in, server_client, wait_for

from finercam_core.errors import ServeError

from .conftest import Served, hostile_folder

pytestmark = pytest.mark.xdist_group("served")
EVIL = {"Origin": "http://evil.example"}


def questions(served: Served, headers: dict[str, str], auth: httpx.BasicAuth | None = None) -> list[httpx.Response]:
    """Reading runs, reading a deployment, starting a run, and changing one, as a web page or another account would."""
    with httpx.Client(base_url=served.url, headers=headers, auth=auth) as client:
        return [
            client.post("/flow_runs/filter", json={}),
            client.get("/deployments/name/annotate/open"),
            client.post("/deployments/filter", json={}),
            client.post(f"/deployments/{UUID(int=1)}/create_flow_run", json={"parameters": {"classifier": "x"}}),
            client.post(f"/flow_runs/{UUID(int=1)}/set_state", json={"state": {"type": "CANCELLED"}}),
        ]


def test_nobody_without_the_log_in_reads_or_starts_a_run(served: Served) -> None:
    for headers in ({}, EVIL, {"Origin": "null"}):
        for answer in questions(served, headers):
            assert answer.status_code in (401, 403), answer.url
            assert "access-control-allow-origin" not in answer.headers
    wrong = httpx.BasicAuth("finercam", "guess")
    assert {answer.status_code for answer in questions(served, {}, wrong)} <= {401, 403}


def test_a_page_of_another_origin_is_refused_also_where_a_browser_knows_the_log_in(served: Served) -> None:
    auth = httpx.BasicAuth(*login_in(served.process.folder).split(":", 1))
    with httpx.Client(base_url=served.url, headers=EVIL, auth=auth) as client:
        started = client.post(f"/deployments/{UUID(int=1)}/create_flow_run", json={})
        assert (started.status_code, started.json()["detail"]) == (403, "Missing CSRF token.")
        read = client.get("/deployments/name/annotate/open")
        assert "access-control-allow-origin" not in read.headers, "the browser hides the answer from the page"
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        assert client.options("/flow_runs/filter", headers=asked).status_code == 400
    own = httpx.get(f"{served.url}/health", headers={"Origin": served.url.removesuffix("/api")})
    assert own.headers["access-control-allow-origin"] == served.url.removesuffix("/api")


@pytest.mark.slow
def test_a_run_from_the_form_cannot_have_code_run(served: Served, tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path / "classifier", tmp_path / "ran")
    with server_client(served.url, served.process.folder) as client:
        runs = [
            client.start("annotate/open", classifier=each, store=str(tmp_path / f"{number}.zarr"))
            for number, each in enumerate((str(folder), "os:system"))
        ]
        own = client.start("annotate/open")
        assert [client.ended(run) for run in runs] == ["Failed", "Failed"]
        assert client.ended(own) == "Completed", "what the file itself names is called"
        reasons = [str(client.artifacts(run)["failure"].data) for run in runs]
    for reason in reasons:
        assert "nobody has allowed it" in reason
        assert "in prefect.yaml" in reason
    assert not (tmp_path / "ran").exists()


def test_the_log_in_is_in_a_file_that_its_owner_alone_can_read_and_nowhere_else(served: Served) -> None:
    folder = served.process.folder / "prefect-server"
    login = login_in(served.process.folder)
    assert len(login) > 40
    for path in (folder / "login", folder / "server.log", folder / "prefect.db"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert f"Log in there with the line in {folder / 'login'}" in served.process.output()
    assert login.split(":")[1] not in served.process.output() + (folder / "server.log").read_text()
    for process in (*served.process.descendants(), served.process.process):
        shown = Path(f"/proc/{process.pid}/cmdline").read_text()
        assert login.split(":")[1] not in shown


def test_a_second_serve_is_told_to_log_in(served: Served, tmp_path: Path) -> None:
    with (
        pytest.raises(ServeError, match=r"asks who you are: set PREFECT_API_AUTH_STRING"),
        running_server(served.url, tmp_path),
    ):
        pass


def test_a_log_in_is_kept_and_made_anew_where_others_could_have_read_it(tmp_path: Path) -> None:
    first = login_of(tmp_path / "new" / "server")
    path = tmp_path / "new" / "server" / "login"
    assert login_of(path.parent) == first == path.read_text().strip()
    assert [each.name for each in path.parent.iterdir()] == ["login"]
    path.chmod(0o644)
    second = login_of(path.parent)
    assert second != first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    path.symlink_to("/dev/null")
    assert login_of(path.parent) not in (first, second, "")
    assert not path.is_symlink()


def test_own_origins() -> None:
    assert own_origins("http://127.0.0.1:4200/api") == [
        "http://127.0.0.1:4200", "http://localhost:4200", "http://[::1]:4200",
    ]  # fmt: skip
    assert own_origins("https://museum.example/api") == ["https://museum.example"]


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_another_account_of_this_machine_cannot_get_in(served: Served) -> None:
    folder = served.process.folder / "prefect-server"
    script = f"""
import json, urllib.request, urllib.error
def ask(request):
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
def read(path):
    try:
        return open(path).read(1) and "read"
    except OSError as error:
        return type(error).__name__
post = urllib.request.Request({served.url!r} + "/flow_runs/filter", b"{{}}", {{"Content-Type": "application/json"}})
print(json.dumps([ask(post), ask({served.url!r} + "/deployments/name/annotate/open"),
                  *(read({str(folder)!r} + "/" + name) for name in ("login", "prefect.db", "server.log")),
                  read("/proc/{served.process.process.pid}/environ")]))
"""
    served.process.folder.chmod(0o755)
    found = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/env", "python3", "-c", script],
        capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert json.loads(found.stdout or "[]") == [403, 401, *["PermissionError"] * 4], found.stderr
    print(f"another account: {found.stdout.strip()}")


@pytest.mark.slow
def test_the_temporary_server_of_a_one_off_run_serves_this_run_alone(
    make_collection: Callable[[Path, dict[str, int]], Path], tiny_classifier: str, tmp_path: Path
) -> None:
    catalog, store = make_collection(tmp_path / "images", {"Aus bus": 3, "Aus cus": 3}), tmp_path / "maps.zarr"
    command = [sys.executable, "-m", "finercam_flows", "annotate", str(catalog), "--classifier", tiny_classifier]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**kept, "PREFECT_HOME": str(tmp_path / "prefect"), "FINERCAM_TEST_SLEEP": "2"}
    options = ["--store", str(store), "--references", "1", "--batch-size", "1"]
    with subprocess.Popen([*command, *options], env=environment, stdout=subprocess.PIPE, text=True) as run:
        wait_for(lambda: run.poll() is not None or (store / "specimens.parquet").exists())
        children = psutil.Process(run.pid).children(recursive=True)
        ports = {c.laddr.port for p in children for c in p.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        codes = {httpx.post(f"http://127.0.0.1:{port}/api/flow_runs/filter", json={}).status_code for port in ports}
        output, _ = run.communicate(timeout=240)
    assert run.returncode == 0
    assert "6 specimens computed in this run" in output
    assert (len(ports), codes) == (1, {401})


def test_who_listens_where_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        check_owner(url)
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
        monkeypatch.setattr("finercam_flows.serving.login._ROOT", 4243)
        with pytest.raises(ServeError, match="belongs to another account"):
            check_owner(url)
