"""A robot's service on this machine, as each of the three documents it: always HTTP 200, and a code in the body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "9f8e7d-the-key"
SIGNING_SECRET = "SECd41d8cd98f00"


class RobotServer(ThreadingHTTPServer):
    """Answers what its kind does, or `says` if that is set; keeps what came."""

    daemon_threads = True

    def __init__(self, kind: str, signed: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kind = kind
        self.signed = signed
        self.says: tuple[int, bytes] | None = None
        self.drips = False
        self.received: list[dict[str, Any]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        at = f"http://127.0.0.1:{self.server_address[1]}"
        return {
            "wecom": f"{at}/cgi-bin/webhook/send?key={KEY}",
            "feishu": f"{at}/open-apis/bot/v2/hook/{KEY}",
            "dingtalk": f"{at}/robot/send?access_token={KEY}",
        }[self.kind]

    def judged(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the service makes of a request."""
        return {"wecom": self._wecom, "feishu": self._feishu, "dingtalk": self._dingtalk}[self.kind](path, body)

    def _wecom(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if parse_qs(urlsplit(path).query).get("key") != [KEY]:
            return {"errcode": 93000, "errmsg": f"invalid webhook url, hint: {path}"}
        if len(body["markdown"]["content"].encode()) > 4096:
            return {"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}
        return {"errcode": 0, "errmsg": "ok"}

    def _feishu(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if not path.endswith(KEY):
            return {"code": 19001, "data": {}, "msg": "param invalid: incoming webhook access token invalid"}
        if self.signed:
            key = f"{body.get('timestamp')}\n{SIGNING_SECRET}".encode()
            right = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
            if body.get("sign") != right:
                return {"code": 19021, "data": {}, "msg": "sign match fail or timestamp is not within one hour"}
        if len(json.dumps(body, ensure_ascii=False).encode()) > 20 * 1024:
            return {"code": 9499, "msg": "Bad Request", "data": {}}
        return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}

    def _dingtalk(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        query = parse_qs(urlsplit(path).query)
        if query.get("access_token") != [KEY]:
            return {"errcode": 300005, "errmsg": "token is not exist"}
        if self.signed:
            (stamp,) = query.get("timestamp", ["0"])
            text = f"{stamp}\n{SIGNING_SECRET}".encode()
            right = base64.b64encode(hmac.new(SIGNING_SECRET.encode(), text, hashlib.sha256).digest()).decode()
            if query.get("sign") != [right]:
                return {"errcode": 310000, "errmsg": "sign not match"}
        if len(json.dumps(body, ensure_ascii=False).encode()) > 20_000:
            return {"errcode": 40035, "errmsg": "message too long, exceed 20000 bytes"}
        return {"errcode": 0, "errmsg": "ok"}


class _Handler(BaseHTTPRequestHandler):
    server: RobotServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append(body)
        status, said = self.server.says or (200, json.dumps(self.server.judged(self.path, body)).encode())
        if status == 0:
            self.server.released.wait(10)
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if not self.server.drips:
            self.wfile.write(said)
            return
        for at in range(len(said)):  # each piece in time, and the whole never
            self.wfile.write(said[at : at + 1])
            if self.server.released.wait(0.05):
                return

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def robot_server(kind: str, signed: bool = False) -> Iterator[RobotServer]:
    with RobotServer(kind, signed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
