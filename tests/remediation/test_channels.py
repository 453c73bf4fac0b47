"""Channels on the operator's page: robots, their secrets, zones, and what a newcomer gets wrong of them."""

from __future__ import annotations

import pytest

from remediation.config import read_config
from remediation.errors import ConfigError
from remediation.zones import zone_named
from tests.remediation.facts import ENVIRONMENT, PAGE, SECRET, a_config

# what stands on the page → what somebody wrote instead, where the error points, the path, and what it says
CHANNEL_MISTAKES = [
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "webhook: https://oapi.dingtalk.com/robot/send?access_token=x",
        5,
        9,
        "channels.oncall.to[0]",
        "this is a robot that takes nothing from `webhook`: write `dingtalk: URL`",
    ),
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "webhook: https://qyapi.weixin.qq.com:443/cgi-bin/webhook/send?key=x",
        5,
        9,
        "channels.oncall.to[0]",
        "this is a robot that takes nothing from `webhook`: write `wecom: URL`",
    ),
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "apprise: wecombot://x",
        5,
        9,
        "channels.oncall.to[0]",
        "this is a robot that takes nothing from `apprise`: write `wecom: URL`",
    ),
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "apprise: ntfy",
        5,
        9,
        "channels.oncall.to[0]",
        "apprise takes a URL of its own form",
    ),
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "feishu: open.feishu.cn/x",
        5,
        9,
        "channels.oncall.to[0]",
        "`feishu` is a URL that begins with https://",
    ),
    pytest.param(
        "webhook: ${ONCALL_WEBHOOK}",
        "wecom: ${ONCALL_WEBHOOK}\n        secret: abcd",
        5,
        9,
        "channels.oncall.to[0]",
        "`secret` belongs to `feishu` or `dingtalk`: `wecom` signs nothing",
    ),
    pytest.param(
        "    locale: zh",
        "    zone: Asia/Beijing",
        3,
        5,
        "channels.oncall.zone",
        "no time zone is named `Asia/Beijing` on this machine: write an IANA name such as Asia/Shanghai",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line", "column", "path", "message"), CHANNEL_MISTAKES)
def test_a_mistake_about_an_address_is_told_with_its_place_and_a_way_out(
    right: str, wrong: str, line: int, column: int, path: str, message: str
) -> None:
    with pytest.raises(ConfigError) as mistake:
        a_config(PAGE.replace(right, wrong, 1))
    error = mistake.value
    assert (error.line, error.column, error.path) == (line, column, path)
    assert error.message.startswith(message)
    assert "access_token" not in error.message


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Europe/Berlin"])
def test_a_channel_has_a_zone(zone: str) -> None:
    assert a_config(PAGE.replace("locale: zh", f"zone: {zone}", 1)).channels["oncall"].zone == zone
    assert a_config().channels["oncall"].zone == "Asia/Shanghai"


@pytest.mark.parametrize("zone", ["", "../../etc/passwd", "/etc/passwd", "America", "UTC\0", "x" * 5000])
def test_what_is_no_zone_is_a_mistake_whatever_the_machine_makes_of_it(zone: str) -> None:
    with pytest.raises(ValueError, match="no time zone is named"):
        zone_named(zone)


@pytest.mark.parametrize("kind", ["wecom", "feishu", "dingtalk"])
def test_a_robots_url_and_its_signing_secret_are_named_and_never_shown(kind: str) -> None:
    signed = "" if kind == "wecom" else "\n        secret: ${ROBOT_SECRET}"
    page = PAGE.replace("webhook: ${ONCALL_WEBHOOK}", f"{kind}: ${{ONCALL_WEBHOOK}}{signed}", 1)
    config = read_config(page, "medic.yaml", {**ENVIRONMENT, "ROBOT_SECRET": "SECsign"})
    address = config.channels["oncall"].to[0]
    assert (address.kind, address.url) == (kind, SECRET)
    assert (address.secret.get_secret_value() if address.secret else "") == ("SECsign" if signed else "")
    shown = f"{config} {config!r} {address!r} {config.model_dump_json()}"
    assert "hunter2" not in shown
    assert "SECsign" not in shown
    unnamed = read_config(page, "medic.yaml", None).channels["oncall"].to[0]
    assert unnamed.url == "https://ONCALL_WEBHOOK.invalid"
