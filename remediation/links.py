"""Where people look further: a run in the Temporal UI, an instance in Tencent's console."""

from __future__ import annotations

from urllib.parse import quote

from remediation.notices import RunRef

_CONSOLE = "https://console.cloud.tencent.com/cvm/instance"
# Nowhere documented: the numbers that links in Tencent's own pages and in others' code agree on.
_CONSOLE_REGIONS = {
    "ap-guangzhou": 1,
    "ap-shanghai": 4,
    "ap-hongkong": 5,
    "ap-beijing": 8,
    "ap-singapore": 9,
    "na-siliconvalley": 15,
    "ap-chengdu": 16,
    "eu-frankfurt": 17,
    "ap-seoul": 18,
    "ap-chongqing": 19,
    "ap-mumbai": 21,
    "na-ashburn": 22,
    "ap-bangkok": 23,
    "ap-tokyo": 25,
    "ap-nanjing": 33,
}


def run_url(ui: str, namespace: str, run: RunRef) -> str:
    """Where a run is in the Temporal UI; without its run id, the latest one of the workflow."""
    workflow = f"{ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/{quote(run.workflow_id, safe='')}"
    return f"{workflow}/{quote(run.run_id, safe='')}/history" if run.run_id else workflow


def console_url(region: str, instance_id: str) -> str:
    """Where an instance is in Tencent's console; the list of all, for a region whose number there is not known."""
    number = _CONSOLE_REGIONS.get(region)
    if number is None:
        return f"{_CONSOLE}/index"
    return f"{_CONSOLE}/detail?rid={number}&id={quote(instance_id, safe='')}"
