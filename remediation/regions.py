"""Region names: every spelling that Tencent sends, to the one that the API takes."""

from __future__ import annotations

import re

from remediation.errors import EventRejected
from remediation.quoting import quoted

# Short codes as in the message-push webhook and in six-segment names.
_SHORT = {
    "gz": "ap-guangzhou",
    "szjr": "ap-shenzhen-fsi",
    "szx": "ap-shenzhen",
    "sh": "ap-shanghai",
    "shjr": "ap-shanghai-fsi",
    "nj": "ap-nanjing",
    "bj": "ap-beijing",
    "bjjr": "ap-beijing-fsi",
    "cd": "ap-chengdu",
    "cq": "ap-chongqing",
    "hk": "ap-hongkong",
    "tpe": "ap-taipei",
    "sg": "ap-singapore",
    "jkt": "ap-jakarta",
    "th": "ap-bangkok",
    "kr": "ap-seoul",
    "jp": "ap-tokyo",
    "in": "ap-mumbai",
    "use": "na-ashburn",
    "usw": "na-siliconvalley",
    "de": "eu-frankfurt",
    "sao": "sa-saopaulo",
}
REGION = re.compile(r"[a-z]{2}-[a-z]{2,20}(-[a-z0-9]{1,10}){0,2}")


def normalise_region(raw: object) -> str:
    """`"gz"` or `"ap-guangzhou"` → `"ap-guangzhou"`.

    Raises:
        EventRejected: no region, or one whose form no region has: an id must not be built from it.
    """
    if isinstance(raw, str):
        region = _SHORT.get(raw.strip().lower(), raw.strip().lower())
        if REGION.fullmatch(region):
            return region
    raise EventRejected(f"region {quoted(raw)} is not a region", "Expected the form ap-guangzhou")
