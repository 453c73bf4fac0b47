"""apprise against a receiver on this machine, and what is said where it is not installed."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from activities.clients.anything import Anything, missing
from cli import app
from remediation.config import read_config
from remediation.errors import ConfigError, NoticeFailed
from remediation.settings import Settings
from worker import load_config

PAGE = """\
channels:
  oncall:
    to:
      - apprise: ${NTFY}
operators: [oncall]
"""


# raised on older Pythons by what apprise itself imports
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Receiver(ThreadingHTTPServer):
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_address[1]}/the-secret-topic"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    pytest.importorskip("apprise", reason="`make setup` installs it")
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def without_apprise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)


@pytest.mark.parametrize(("chosen", "arrives"), [("", 70_000), ("?overflow=truncate", 32_768)])
def test_a_text_longer_than_its_service_takes_comes_in_parts_unless_the_url_says_otherwise(
    receiver: Receiver, chosen: str, arrives: int
) -> None:
    Anything().send(f"{receiver.url}{chosen}", "s", "x" * 70_000)
    assert sum(body["message"].count("x") for body in receiver.received) == pytest.approx(arrives, rel=0.01)
    assert all(len(body["message"]) <= 32_768 for body in receiver.received)


def test_a_text_arrives_as_it_is(receiver: Receiver) -> None:
    Anything().send(receiver.url, "[OBSERVED] 测试", "line 1\nline 2 <b> & http://ui/run")
    (body,) = receiver.received
    assert (body["title"], body["message"]) == ("[OBSERVED] 测试", "line 1\nline 2 <b> & http://ui/run")


def test_a_receiver_that_refuses_may_be_tried_again_and_nothing_tells_the_url(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    with pytest.raises(NoticeFailed, match="apprise json: not delivered") as failed:
        Anything().send(receiver.url, "t", "x")
    assert not failed.value.permanent
    assert "secret" not in str(failed.value) + caplog.text


@pytest.mark.parametrize("url", ["nonsense://the-secret-topic", "json://:x@:/"])
def test_a_url_that_it_does_not_know_is_final(url: str, receiver: Receiver) -> None:
    with pytest.raises(NoticeFailed, match=r"correct it in medic\.yaml") as failed:
        Anything().send(url, "t", "x")
    assert failed.value.permanent
    assert "secret" not in str(failed.value)


@pytest.mark.usefixtures("without_apprise")
def test_where_it_is_not_installed_the_page_and_a_notice_say_how_to_install_it(tmp_path: Path) -> None:
    page = tmp_path / "medic.yaml"
    page.write_text(PAGE, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"medic.yaml:4:9 .*pip install .* -r requirements/apprise.txt"):
        load_config(Settings(config=str(page)), {"NTFY": "ntfy://topic"})
    with pytest.raises(NoticeFailed, match="pip install") as failed:
        Anything().send("ntfy://topic", "t", "x")
    assert failed.value.permanent


@pytest.mark.usefixtures("without_apprise")
def test_lint_warns_of_it_and_fails_only_when_it_is_strict(tmp_path: Path) -> None:
    page = tmp_path / "medic.yaml"
    page.write_text(PAGE, encoding="utf-8")
    found = CliRunner().invoke(app, ["lint", str(page)])
    assert (found.exit_code, "medic.yaml:4:9 warning" in found.stdout) == (0, True)
    assert "requirements/apprise.txt" in found.stdout
    assert CliRunner().invoke(app, ["lint", str(page), "--strict"]).exit_code == 1


@pytest.mark.usefixtures("without_apprise")
def test_a_page_without_such_an_address_does_not_need_it() -> None:
    page = PAGE.replace("apprise", "webhook")
    assert list(missing(read_config(page, "medic.yaml", {"NTFY": "https://x.example"}))) == []
