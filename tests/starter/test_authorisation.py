"""Who is let in, by values alone: tokens, signatures, keys during a rotation, and clocks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from remediation.settings import Settings, read_settings
from starter.authorisation import WINDOW_SECONDS, Unauthorised, authorise
from tests.starter.doors import KEYS, NEW, OLD, TOKEN, signature

NOW = 1_764_000_000
BODY = '{"id": "x", "text": "中"}\n'.encode()
HOW_TO = Path(__file__).parents[2] / "docs/how-to/sign-events.md"
WITH_KEYS = read_settings({"MEDIC_WEBHOOK_KEYS": KEYS})
WITH_BOTH = read_settings({"MEDIC_WEBHOOK_KEYS": KEYS, "MEDIC_WEBHOOK_TOKEN": TOKEN})


def let_in(headers: dict[str, str], body: bytes = BODY, settings: Settings = WITH_KEYS, now: float = NOW) -> str:
    """ "", or why not."""
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    try:
        signed = authorise(raw, settings, now)
        if signed is not None:
            signed.verify(body)
    except Unauthorised as refused:
        return str(refused)
    return ""


def test_the_signature_is_the_one_of_rfc_2104_over_time_full_stop_and_body() -> None:
    # By another implementation: printf '1764000000.{}' | openssl dgst -sha256 -hmac (old- eight times)
    known = {
        "X-Medic-Key": "2026a",
        "X-Medic-Timestamp": "1764000000",
        "X-Medic-Signature": "v1=ae170a21c9cf0ff3cdd199640732df443169b3c04ceadf87b9ab111a4ca514dd",
    }
    assert let_in(known, b"{}") == ""


@pytest.mark.parametrize(("key", "secret"), [("2026a", OLD), ("2026b", NEW)])
def test_both_keys_are_good_during_a_rotation(key: str, secret: str) -> None:
    assert let_in(signature(BODY, key, secret, at=NOW)) == ""


def test_a_key_that_was_taken_away_is_good_no_longer() -> None:
    after = read_settings({"MEDIC_WEBHOOK_KEYS": f"2026b:{NEW}"})
    assert "names no key" in let_in(signature(BODY, "2026a", OLD, at=NOW), settings=after)


@pytest.mark.parametrize("off", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1, -86_400, NOW])
def test_a_stale_signature_and_one_of_the_future_are_refused(off: int) -> None:
    assert f"our clock, which says {NOW}" in let_in(signature(BODY, at=NOW - off))


@pytest.mark.parametrize("off", [-WINDOW_SECONDS, 0, WINDOW_SECONDS])
def test_a_signature_within_five_minutes_is_good(off: int) -> None:
    assert let_in(signature(BODY, at=NOW - off)) == ""


GOOD = signature(BODY, at=NOW)
FORGED = {
    "signed with another secret": {**GOOD, **signature(BODY, secret="x" * 32, at=NOW)},
    "signed with the other key": {**GOOD, "X-Medic-Key": "2026a"},
    "another body's": signature(BODY + b" ", at=NOW),
    "another time's": {**GOOD, "X-Medic-Timestamp": str(NOW + 1)},
    "the full stop moved": {**signature(b"1." + BODY, at=NOW), "X-Medic-Timestamp": f"{NOW}1"},
    "of nobody": {**GOOD, "X-Medic-Key": "2026c"},
    "an empty key": {**GOOD, "X-Medic-Key": ""},
    "no ascii": {**GOOD, "X-Medic-Key": "\xe9", "X-Medic-Signature": "v1=\xff"},
    "empty": {**GOOD, "X-Medic-Signature": "v1="},
    "cut": {**GOOD, "X-Medic-Signature": GOOD["X-Medic-Signature"][:-2]},
    "of another version": {**GOOD, "X-Medic-Signature": GOOD["X-Medic-Signature"].replace("v1", "v0")},
    "a time of no digits": {**GOOD, "X-Medic-Timestamp": "soon"},
    "a negative time": {**GOOD, "X-Medic-Timestamp": f"-{NOW}"},
    "a time of other digits": {**GOOD, "X-Medic-Timestamp": "\xb2\xb3"},
    "an endless time": {**GOOD, "X-Medic-Timestamp": "9" * 5000},
    "the bearer token alone": {"Authorization": f"Bearer {NEW}"},
    **{f"no {name}": {key: value for key, value in GOOD.items() if key != name} for name in GOOD},
}


@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("settings", [WITH_KEYS, WITH_BOTH], ids=["keys", "keys and a token"])
def test_a_forged_signature_is_refused_and_no_secret_is_told(forged: str, settings: Settings) -> None:
    refusal = let_in(FORGED[forged], settings=settings)
    assert refusal
    assert not any(secret in refusal for secret in (TOKEN, OLD, NEW, GOOD["X-Medic-Signature"]))


def test_a_header_that_is_there_twice_is_refused_since_nobody_knows_which_one_a_proxy_looked_at() -> None:
    twice = [(name.lower().encode(), value.encode()) for name, value in (*GOOD.items(), *GOOD.items())]
    with pytest.raises(Unauthorised, match="each once"):
        authorise(twice, WITH_KEYS, NOW)
    with pytest.raises(Unauthorised, match="bearer token"):
        authorise([(b"authorization", f"Bearer {TOKEN}".encode())] * 2, WITH_BOTH, NOW)


def test_if_both_are_set_either_lets_in() -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert let_in(bearer, settings=WITH_BOTH) == ""
    assert let_in(GOOD, settings=WITH_BOTH) == ""
    assert let_in({**GOOD, "Authorization": "Bearer of a proxy's own"}, settings=WITH_BOTH) == ""
    assert let_in({**GOOD, "X-Medic-Signature": "v1=", **bearer}, settings=WITH_BOTH) == ""


def test_a_key_is_no_token_and_a_token_no_key() -> None:
    assert let_in({"Authorization": f"Bearer {TOKEN}"}, settings=WITH_KEYS) != ""
    assert let_in(signature(BODY, secret=TOKEN, at=NOW), settings=WITH_BOTH) != ""


def test_the_line_of_the_how_to_signs_as_we_verify(tmp_path: Path) -> None:
    (line,) = re.findall(r"^SIGNATURE=.*$", HOW_TO.read_text(encoding="utf-8"), re.M)
    (tmp_path / "event.json").write_bytes(BODY)
    script = f'KEY=2026b SECRET={NEW} NOW={NOW}\n{line}\nprintf %s "$SIGNATURE"'
    signed = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout  # noqa: S607  # the sh of whoever runs the tests
    assert {**GOOD, "X-Medic-Signature": f"v1={signed}"} == GOOD
