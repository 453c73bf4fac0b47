"""medic notify as a process: every address of a channel is tried, and says for itself what it answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.activities.clients.robot_server import KEY, SIGNING_SECRET, robot_server
from tests.cli.consoles import medic

pytestmark = pytest.mark.processes

PAGE = """\
channels:
  oncall:
    locale: zh
    to:
      - wecom: ${WECOM}
      - dingtalk: ${DINGTALK}
        secret: ${DINGTALK_SECRET}
  other:
    zone: UTC
    to: [{feishu: "${FEISHU}", secret: "${FEISHU_SECRET}"}]
operators: [oncall]
"""


async def test_each_address_is_told_of_in_its_language_and_one_refusal_makes_it_fail(tmp_path: Path) -> None:
    page = tmp_path / "medic.yaml"
    page.write_text(PAGE, encoding="utf-8")
    with robot_server("wecom") as wecom, robot_server("dingtalk", True) as ding, robot_server("feishu", True) as feishu:
        env = {
            "MEDIC_CONFIG": str(page),
            "WECOM": wecom.url,
            "DINGTALK": ding.url,
            "DINGTALK_SECRET": "SECwrong",
            "FEISHU": feishu.url,
            "FEISHU_SECRET": SIGNING_SECRET,
        }
        partly = await medic("notify", "oncall", "--output", "json", env=env)
        well = await medic("notify", "other", env=env)
        nobody = await medic("notify", "oncal", env=env)
        (in_chinese,), (in_english,) = wecom.received, feishu.received

    assert partly.code == 1
    told = partly.json["addresses"]
    assert [(one["address"], one["delivered"]) for one in told] == [
        ("oncall[0] (wecom)", True),
        ("oncall[1] (dingtalk)", False),
    ]
    assert "code 310000" in told[1]["answer"]
    assert "［OBSERVED］ 通知渠道 oncall 的测试" in in_chinese["markdown"]["content"]
    assert "+08:00" in in_chinese["markdown"]["content"]

    assert (well.code, well.out) == (0, "other[0] (feishu): ok, feishu ok\n")
    assert in_english["card"]["header"]["title"]["content"] == "[OBSERVED] a test of channel other"
    assert "+00:00" in str(in_english)

    assert nobody.code == 2
    assert "there are: oncall, other" in nobody.err
    for ended in (partly, well, nobody):
        assert KEY not in ended.out + ended.err
        assert "SEC" not in ended.out + ended.err
