"""Who is let in to the review's server: by link, by name and by origin; and what it never takes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from napari_finercam.web import links
from napari_finercam.web.app import application, atlas_folder
from napari_finercam.web.guard import LARGEST_BODY
from napari_finercam.web.room import ReviewRoom
from napari_finercam.web.server import Listening
from starlette.testclient import TestClient

from finercam_core.errors import ReviewError
from finercam_core.report import live_evidence
from finercam_core.review import read_verdicts

pytestmark = pytest.mark.skipif(
    not live_evidence.SCRIPT.exists(), reason="the script of the live atlas is not built (make web)"
)
ADDRESS = "http://127.0.0.1:8770"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "user_data_path", lambda *_: tmp_path / "home")


@pytest.fixture
def room(small_store: Path) -> Iterator[ReviewRoom]:
    made = ReviewRoom(small_store, ["Ana", "Ben"])
    yield made
    made.close()


@pytest.fixture
def client(room: ReviewRoom) -> TestClient:
    return TestClient(application(room, [ADDRESS]), base_url=ADDRESS)


def bearer(room: ReviewRoom, reviewer: str = "Ana") -> dict[str, str]:
    token = room.links.link(ADDRESS, reviewer).partition("#token=")[2]
    return {"Authorization": f"Bearer {token}", "Origin": ADDRESS}


def form(room: ReviewRoom, **changed: object) -> dict[str, object]:
    row = room.store.rows.iloc[0]
    made = {"gamma": 0.6, "weighting": "mean", "method": "gradcam", "references": ["Aus cus"]}
    return {
        "key": "0123456789abcdef", "image_id": row["image_id"], "scientificName": row["scientificName"],
        "reviewer": "Ana", "decision": "accept", "comparison": made, "note": "", "run": room.store.provenance.run,
        "regions": [{"source": "threshold", "top": 0.1, "number": 1}], "time": "2026-01-01T00:00:00Z", **changed,
    }  # fmt: skip


def test_without_a_link_nothing_is_told(client: TestClient, room: ReviewRoom) -> None:
    assert "Aus" not in client.get("/").text
    for name in ("session", "queue", "specimen?id=Aus_bus-000", "photo?id=Aus_bus-000", "changes"):
        for headers in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic QTpC"},
            {"Cookie": "finercam-atlas=x"},
        ):
            answer = client.get(f"/api/{name}", headers=headers)
            assert answer.status_code == 401
            assert "Aus" not in answer.text
    assert client.post("/api/verdict", json=form(room), headers={"Origin": ADDRESS}).status_code == 401
    assert read_verdicts(room.store.location) == []


def test_links_are_each_reviewer_s_own_and_outlive_the_server(room: ReviewRoom, small_store: Path) -> None:
    again = links.Links(small_store, room.store.provenance.run, ["Ben", "Ana"])
    assert again.link(ADDRESS, "Ana") == room.links.link(ADDRESS, "Ana") != again.link(ADDRESS, "Ben")
    other = links.Links(small_store, "another run", ["Ana"])
    assert other.link(ADDRESS, "Ana") != again.link(ADDRESS, "Ana")
    assert links.key_file().stat().st_mode & 0o077 == 0
    links.key_file().unlink()
    assert links.Links(small_store, room.store.provenance.run, ["Ana"]).link(ADDRESS, "Ana") != again.link(
        ADDRESS, "Ana"
    )
    with pytest.raises(ReviewError, match="cannot be told apart"):
        links.Links(small_store, "run", ["Ana", "Ana"])


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_a_foreign_page_cannot_post_even_with_a_stolen_token(
    client: TestClient, room: ReviewRoom, changed: dict[str, str | None], status: int
) -> None:
    headers = {k: v for k, v in {**bearer(room), **JSON, **changed}.items() if v is not None}
    answer = client.post("/api/verdict", json=form(room), headers=headers)
    assert answer.status_code == status
    assert "access-control-allow-origin" not in answer.headers
    assert read_verdicts(room.store.location) == []


def test_the_guarded_request_itself_passes(client: TestClient, room: ReviewRoom) -> None:
    """What the refusals above rely on."""
    answer = client.post("/api/verdict", json=form(room), headers=bearer(room))
    assert answer.status_code == 201
    again = client.post("/api/verdict", json=form(room), headers=bearer(room))
    assert again.json() == answer.json()
    assert [verdict.key for verdict in read_verdicts(room.store.location)] == ["0123456789abcdef"]


def test_too_much_is_not_read(client: TestClient, room: ReviewRoom) -> None:
    stated = client.post("/api/verdict", content=b"x" * (LARGEST_BODY + 1), headers={**bearer(room), **JSON})
    assert stated.status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 100_000 + 2):
            yield b" " * 100_000

    unstated = client.post("/api/verdict", content=endless(), headers={**bearer(room), **JSON})
    assert unstated.status_code == 413
    assert client.post("/api/verdict", json=form(room, note="x" * 20_000), headers=bearer(room)).status_code == 409


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"reviewer": "Ben"}, "the verdict is Ben's, the link Ana's"),
        ({"run": "another"}, "is about run another"),
        ({"image_id": "none"}, "is not a specimen of this store"),
        ({"scientificName": "Eus fus"}, "was judged as Eus fus"),
        ({"decision": "maybe"}, "not a verdict: decision"),
        ({"key": "../../x"}, "not a verdict: key"),
        ({"comparison": {"gamma": 1e9, "method": "gradcam", "references": []}}, "gamma"),
        ({"comparison": {"gamma": 1, "method": "gradcam", "references": ["Nobody"]}}, "was not compared with Nobody"),
        ({"comparison": {"gamma": 1, "method": "scorecam", "references": []}}, "maps of scorecam"),
        ({"regions": [{"source": "painted", "number": 1}]}, "has no mask"),
        (
            {"regions": [{"source": "painted", "number": 1, "rle": {"size": [64, 96], "counts": [5]}}]},
            "has not 64 × 96",
        ),
        ({"regions": [{"source": "painted", "number": 1, "rle": {"size": [9, 9], "counts": [0, 81]}}]}, "proportions"),
        (
            {"regions": [{"source": "painted", "number": 1, "rle": {"size": [99999, 99999], "counts": [1]}}]},
            "too large",
        ),
        ({"regions": [{"source": "painted", "number": 1, "rle": {"size": [2, 3], "counts": [-1, 7]}}]}, "counts"),
        ({"regions": [{"source": "threshold", "number": 1, "top": 0.1}] * 2}, "have one number"),
    ],
)
def test_what_does_not_fit_the_store_is_refused_with_its_reason(
    client: TestClient, room: ReviewRoom, changed: dict[str, object], reason: str
) -> None:
    answer = client.post("/api/verdict", json=form(room, **changed), headers=bearer(room))
    assert answer.status_code == 409
    assert reason in answer.json()["problem"]
    assert read_verdicts(room.store.location) == []


def test_pages_and_answers_carry_a_policy_that_runs_nothing_else(client: TestClient, room: ReviewRoom) -> None:
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    scripts = re.findall(r"<script([^>]*)>", page.text)
    assert all("src=" in attributes or "application/json" in attributes for attributes in scripts), "no inline script"
    assert " on" not in re.sub(r">[^<]*<", "><", page.text), "no handler in an attribute"
    for answer in (page, client.get("/api/session", headers=bearer(room)), client.get("/api/session")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


def test_the_atlas_beside_it_needs_the_link_and_leads_to_the_review(small_store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "atlas"
    (folder / "species").mkdir(parents=True)
    (folder / "index.html").write_text('<body data-page="index">', encoding="utf-8")
    (folder / "species" / "a.html").write_text('<body data-page="species">', encoding="utf-8")
    (tmp_path / "secret.html").write_text("secret", encoding="utf-8")
    room = ReviewRoom(small_store, ["Ana"], atlas=atlas_folder(folder))
    client = TestClient(application(room, [ADDRESS]), base_url=ADDRESS)
    assert client.get("/atlas/species/a.html").status_code == 401
    assert client.get("/api/session", headers=bearer(room)).json()["atlas"] is True
    assert 'data-review="/"' in client.get("/atlas/species/a.html").text
    assert client.get("/atlas/").text.count("data-review") == 1
    for outside in ("/atlas/../secret.html", "/atlas/%2e%2e/secret.html", "/atlas/..%2fsecret.html"):
        assert "secret" not in client.get(outside).text
    room.close()
    with pytest.raises(ReviewError, match="there is no atlas"):
        atlas_folder(tmp_path)


def test_where_it_listens(small_store: Path) -> None:
    assert Listening().alone
    assert Listening("localhost").alone
    assert not Listening("0.0.0.0").alone
    assert Listening().addresses(8770) == ("http://127.0.0.1:8770", "http://localhost:8770")
    assert Listening("0.0.0.0", address="https://review.example.org").addresses(1)[0] == "https://review.example.org"
    with pytest.raises(ReviewError, match="every network"):
        Listening("0.0.0.0").addresses(1)
    with pytest.raises(ReviewError, match="no address of a server"):
        Listening(address="review.example.org/x").addresses(1)
    with Listening(port=0).socket() as taken:
        taken.listen()
        with pytest.raises(ReviewError, match="cannot be listened at"):
            Listening(port=taken.getsockname()[1]).socket()


def test_the_queue_and_what_others_did_follow_the_rules_of_the_window(client: TestClient, room: ReviewRoom) -> None:
    ana, ben = bearer(room), bearer(room, "Ben")
    first = client.get("/api/queue", headers=ana).json()
    assert (len(first["ids"]), set(first["mine"]), first["position"]) == (14, {"0"}, 0)
    count = client.get("/api/changes", headers=ana).json()
    asked = f"/api/changes?boot={count['boot']}&since={count['count']}"
    assert client.post("/api/verdict", json=form(room, reviewer="Ben"), headers=ben).status_code == 201
    assert client.get(asked, headers=ana).json()["ids"] == [], "blind before one's own verdict"
    image_id = first["ids"][0]
    assert client.get("/api/specimen", params={"id": image_id}, headers=ana).json()["others"] == []
    mine = client.post("/api/verdict", json=form(room, key="abcdefgh", decision="unsure", regions=[]), headers=ana)
    assert [other["reviewer"] for other in mine.json()["others"]] == ["Ben"]
    assert client.get(asked, headers=ana).json()["ids"] == [image_id]
    only = client.get("/api/queue", params={"only": "disagreement"}, headers=ana).json()
    assert only["ids"] == [image_id]
    assert client.get("/api/queue", params={"only": "x"}, headers=ana).status_code == 400
    assert client.get("/api/specimen", params={"id": "none"}, headers=ana).status_code == 404
    photo = client.get("/api/photo", params={"id": image_id}, headers=ana)
    assert photo.content[:2] == b"\xff\xd8"
