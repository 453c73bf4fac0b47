"""P8: explicit targets."""

from __future__ import annotations

from tests.sabotage.bug import Bug

_TENCENT = "tests/activities/clients/test_tencent.py"
_ALL_OR_MANY = f"{_TENCENT}::test_accident_a_reboot_of_all_or_of_many_reaches_no_cloud"

TARGETED = (
    Bug(
        "an-empty-list-is-sent",
        "P8",
        "activities/clients/targets.py",
        'if value in ([], None) and name != "Tags":',
        'if value is None and name != "Tags":',
        (f"{_TENCENT}::test_accident_an_empty_list_which_means_all_reaches_no_cloud",),
    ),
    Bug(
        "many-targets-at-once",
        "P8",
        "activities/clients/targets.py",
        "if len(targets) != 1 or not kind",
        "if not kind",
        (_ALL_OR_MANY,),
    ),
    Bug(
        "any-kind-of-id-will-do",
        "P8",
        "activities/clients/targets.py",
        "or not kind.fullmatch(str(targets[0])) or not others",
        "or not others",
        (f"{_TENCENT}::test_accident_a_snapshot_of_what_is_no_disk_reaches_no_cloud",),
    ),
    Bug(
        "an-id-need-only-begin-well",
        "P8",
        "activities/clients/targets.py",
        "not INSTANCE_ID.fullmatch(instance_id)",
        "not INSTANCE_ID.match(instance_id)",
        (f"{_TENCENT}::test_accident_a_wrong_kind_of_id_reaches_no_cloud",),
    ),
    Bug(
        "wrong-region",
        "P8",
        "activities/clients/tencent.py",
        "_CLIENTS[product](self._signing, region, self._profile)",
        '_CLIENTS[product](self._signing, "ap-guangzhou", self._profile)',
        (f"{_TENCENT}::test_an_instance_is_looked_for_in_its_own_region_alone",),
    ),
    Bug(
        "one-client-for-all-regions",
        "P8",
        "activities/clients/tencent.py",
        "client = self._client(product, region)",
        'client = self.__dict__.setdefault(f"_{product}", self._client(product, region))',
        (f"{_TENCENT}::test_an_instance_is_looked_for_in_its_own_region_alone",),
    ),
)
