"""World files: the one that is shipped, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.specs import DiskSpec, InstanceSpec, Part, SnapshotSpec
from simulator.world import DEMO_SECRET_ID, DEMO_SECRET_KEY, Durations, RegionSpec, World, load_world
from tests.simulator.calling import account


def test_the_demo_world_holds_a_machine_for_every_reason_to_act_or_not() -> None:
    world = load_world()
    assert [(one.secret_id, one.secret_key) for one in world.credentials] == [(DEMO_SECRET_ID, DEMO_SECRET_KEY)]
    guangzhou = {one.instance_id: one for one in world.regions["ap-guangzhou"].instances}
    web = guangzhou["ins-demo0001"]
    assert (web.name, web.tags, web.private_ip, web.symptom) == (
        "web-1",
        {"medic": "on"},
        "10.0.0.11",
        "disk_readonly",
    )
    assert [disk.size_gib for disk in (web.system_disk, *web.data_disks)] == [50, 200]
    others = list(guangzhou.values())[1:]
    assert "STOPPED" in {one.state for one in others}
    assert "EXPIRED" in {one.restrict_state for one in others}
    assert any(one.system_disk.is_local for one in others)
    assert any(not one.tags for one in others)
    assert world.regions["ap-shanghai"].instances


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"colour": "blue"}, "colour"),
        ({"durations": {"reboot": -1}}, "durations.reboot"),
        ({"instance": {"state": "DANCING"}}, "instances.0.state"),
        ({"instance": {"instance_id": "ins-UPPER"}}, "instances.0.instance_id"),
        ({"system_disk": {"disk_id": "disk-aaaaadat"}}, "stand there twice: disk-aaaaadat"),
        ({"region": {"snapshots": [{"snapshot_id": "snap-aaaaaaaa", "disk_id": "disk-zzzzzzzz"}]}}, "disk-zzzzzzzz"),
        ({"faults": [{"kind": "earthquake"}]}, "faults.0.kind"),
    ],
)
def test_a_mistake_in_a_world_is_named_with_its_place(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        account(**wrong)
    assert said in str(error.value)


def test_a_world_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text("seed: 7\nregions: {ap-beijing: {}}\n", encoding="utf-8")
    assert load_world(path) == World.model_validate({"seed": 7, "regions": {"ap-beijing": {}}})


@pytest.mark.parametrize("part", [World, RegionSpec, Durations, InstanceSpec, DiskSpec, SnapshotSpec])
def test_the_page_about_world_files_names_every_key(part: type[Part]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text(encoding="utf-8")
    assert [name for name in part.model_fields if f"`{name}`" not in page] == []
