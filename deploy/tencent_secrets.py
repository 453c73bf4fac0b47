"""What detect-secrets does not know: keys of Tencent Cloud, and the addresses of chat robots, which are secrets too."""

from __future__ import annotations

import re

from detect_secrets.plugins.base import RegexBasedDetector


class TencentDetector(RegexBasedDetector):
    """A SecretId by its prefix, a key by its length beside a name that says so, a robot's address by its key."""

    secret_type = "Tencent Cloud key or robot"  # noqa: S105  # the name under which it is reported
    denylist = (
        re.compile(r"\bAKID[0-9A-Za-z]{32}\b"),
        # A SecretKey has 32 letters and digits, ours of `openssl rand -hex 32` have 64; without a digit it is a word.
        re.compile(
            r"(?i:key|token|secret|password|passwd|pwd)\w*[\"']?\s*[:=]\s*[\"']?"
            r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])([0-9A-Za-z]{32}|[0-9a-f]{64})(?![0-9A-Za-z])"
        ),
        re.compile(r"qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=([0-9a-f-]{36})"),
        re.compile(r"open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/([0-9a-f-]{36})"),
        re.compile(r"oapi\.dingtalk\.com/robot/send\?access_token=([0-9a-f]{64})"),
    )
