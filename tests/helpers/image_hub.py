"""A hub beside a host of images that speaks the Hugging Face hub's own API."""

import hashlib
import json
from urllib.parse import parse_qs

from image_host import Handler, Host, Page

COMMIT = "c0ffee" + "0" * 34


class Hub:
    """The Hugging Face hub's API for one data set, as far as `huggingface_hub` asks for it."""

    name = "imageomics/fish-vista"

    def __init__(self, host: Host) -> None:
        self.files: dict[str, bytes] = {}
        self.promised: dict[str, int] = {}
        self.host = host
        host.hub = self.serve

    def serve(self, request: Handler, path: str) -> bool:
        api, resolve = f"/api/datasets/{self.name}", f"/datasets/{self.name}/resolve/"
        if path.startswith(f"{api}/paths-info/"):
            length = int(request.headers.get("Content-Length", 0))
            paths = parse_qs(request.rfile.read(length).decode())["paths"]
            self._json(request, [self._entry(p) for p in paths if p in self.files])
        elif path.startswith(f"{api}/tree/"):
            self._json(request, self._tree(path.removeprefix(f"{api}/tree/").partition("/")[2]))
        elif path.startswith(api):
            self._json(request, {"id": self.name, "sha": COMMIT, "siblings": [], "tags": [], "private": False})
        elif path.startswith(resolve):
            self._resolve(request, path.removeprefix(resolve).partition("/")[2])
        else:
            return False
        return True

    def _resolve(self, request: Handler, path: str) -> None:
        """Small files from the hub itself; images through a redirect to where large files lie."""
        if path not in self.files:
            request.answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        content = self.files[path]
        if path.startswith("Images/"):
            stored = f"/large/{hashlib.sha256(content).hexdigest()}"
            if stored not in self.host.pages:
                self.host.put(stored, content)
            headers = {"Location": self.host.url + stored, "X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(content))}
            request.answer(302, headers=headers)
        else:
            request.whole(Page(content, headers={"X-Repo-Commit": COMMIT, "Content-Type": "text/plain"}))

    def _entry(self, path: str) -> dict[str, object]:
        content = self.files[path]
        size = self.promised.get(path, len(content))
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry: dict[str, object] = {"type": "file", "path": path, "size": size, "oid": oid}
        if path.startswith("Images/"):
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": size, "pointerSize": 130}
        return entry

    def _tree(self, folder: str) -> list[dict[str, object]]:
        prefix = f"{folder}/" if folder else ""
        inside = [p.removeprefix(prefix) for p in self.files if p.startswith(prefix)]
        folders = sorted({p.split("/")[0] for p in inside if "/" in p})
        entries = [{"type": "directory", "path": prefix + f, "oid": "0" * 40, "size": 0} for f in folders]
        return entries + [self._entry(prefix + p) for p in inside if "/" not in p]

    @staticmethod
    def _json(request: Handler, value: object) -> None:
        request.answer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})
