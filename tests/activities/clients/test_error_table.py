"""Every code of the SDK has a declared class, and for each action that of its documentation."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

from activities.clients.error_classes import _HINTS, classify, declared
from activities.clients.error_table import BY_ACTION, CODES, FAMILIES, MAY_HAVE_ACTED, MUTATING, Class
from activities.clients.unreachable_codes import UNREACHABLE
from remediation.errors import AlreadySo, NeedsPeople, NotYet, OutcomeUnknown, Refused, Throttled
from tests.activities.clients.documented_codes import COMMON, LETTERS

SDK = [
    importlib.import_module(f"tencentcloud.{product}.errorcodes")
    for product in ("cvm.v20170312", "cbs.v20170312", "tat.v20201028")
]
ANY = "DescribeInstances"  # an action for which no code is read otherwise
CERTAINLY_NOT_DONE = (Throttled, NotYet, Refused)
# Against the rule of their family these prove that nothing was done: the instance belongs to another product.
PROVEN = {"FailedOperation.InvalidInstanceApplicationRole", "FailedOperation.InvalidInstanceApplicationRoleEmr"}


def codes_of(*modules: ModuleType) -> set[str]:
    return {
        value for module in modules for name, value in vars(module).items() if name.isupper() and isinstance(value, str)
    }


def undeclared(*modules: ModuleType) -> set[str]:
    return {code for code in codes_of(*modules) if declared(ANY, code) is None}


def split(table: dict[Class, str]) -> list[str]:
    return [code for codes in table.values() for code in codes.split()]


UNREACHABLE_CODES = [
    f"{family}.{detail}" if family else detail for family, details in UNREACHABLE.items() for detail in details.split()
]
EXACT = [*split(dict(CODES)), *UNREACHABLE_CODES]
IN_SDK = codes_of(*SDK)


def test_every_code_of_the_sdk_has_a_declared_class() -> None:
    assert len(IN_SDK) > 500  # the modules were found and read
    assert undeclared(*SDK) == set(), "declare them in error_table.py, or in unreachable_codes.py"


def test_every_common_code_has_a_declared_class() -> None:
    assert {code for code in COMMON if declared(ANY, code) is None} == set()


@pytest.mark.parametrize(
    "code",
    [
        "Brand.New",
        "OperationDenied.New",
        "ResourceInUse.New",
        "ResourceUnavailable.New",
        "ResourceInsufficient.New",
        "UnsupportedOperation.InstanceStateNew",
        "LimitExceeded.New",
        "FailedOperation.New",
        "InvalidDisk.New",
    ],
)
def test_a_new_code_of_an_sdk_is_noticed(code: str) -> None:
    planted = ModuleType("errorcodes")
    planted.NEW, planted.OLD = code, "ResourceBusy"  # type: ignore[attr-defined]  # as the SDK writes its own

    assert undeclared(planted) == {code}


def test_every_code_that_we_name_is_one_of_the_apis() -> None:
    by_action = [code for table in BY_ACTION.values() for code in split(dict(table))]
    documented = [code for rows in LETTERS.values() for codes in rows.values() for code in codes.split()]
    known = IN_SDK | COMMON

    assert {*EXACT, *by_action, *_HINTS, *documented} - known == set()
    assert set(split(dict(FAMILIES))) - {code.split(".")[0] for code in known} == set()
    assert set(BY_ACTION) <= MUTATING


def test_a_code_is_declared_once() -> None:
    assert sorted({code for code in EXACT if EXACT.count(code) > 1}) == []
    assert {code for table in BY_ACTION.values() for code in split(dict(table)) if code not in EXACT} == set()
    whole = set(split(dict(FAMILIES)))
    assert {code for code in UNREACHABLE_CODES if code.split(".")[0] in whole} == set()
    assert all(classify(ANY, code, mutating=True) is kind for kind, codes in CODES.items() for code in codes.split())


def test_no_code_that_is_documented_for_one_of_our_actions_is_called_unreachable() -> None:
    documented = {code for rows in LETTERS.values() for codes in rows.values() for code in codes.split()}

    assert documented & set(UNREACHABLE_CODES) == set()


# B busy, S in progress or reached, U unknown, Q quota or money, P permanent: the letters of the documented rows.
MEANT: dict[str, tuple[Class, ...]] = {
    "B": (NotYet,),
    "S": (AlreadySo,),
    "U": (OutcomeUnknown,),
    "Q": (NeedsPeople,),
    "P": (Refused, NeedsPeople),
}
ROWS = [
    (action, code, letter)
    for action, rows in LETTERS.items()
    for letter, codes in rows.items()
    for code in codes.split()
]


@pytest.mark.parametrize(("action", "code", "letter"), ROWS)
def test_a_code_of_a_mutating_call_has_the_class_of_its_row(action: str, code: str, letter: str) -> None:
    assert classify(action, code, mutating=True) in MEANT[letter]


@pytest.mark.parametrize(
    ("code", "of_each"),
    [
        ("ResourceInUse.DiskRollbacking", {"CreateSnapshot": NotYet, "ApplySnapshot": AlreadySo}),
        ("InvalidDisk.SnapshotCreating", {"CreateSnapshot": AlreadySo, "ApplySnapshot": NotYet}),
        ("ResourceUnavailable.SnapshotCreating", {"CreateSnapshot": AlreadySo, "ApplySnapshot": NotYet}),
        ("UnsupportedOperation.InstanceNotStopped", {"ApplySnapshot": NotYet}),
        (
            "UnsupportedOperation.InstanceStateRebooting",
            {"RebootInstances": AlreadySo, "StopInstances": NotYet, "StartInstances": NotYet},
        ),
        (
            "UnsupportedOperation.InstanceStateStopped",
            {"RebootInstances": Refused, "StopInstances": AlreadySo, "StartInstances": NotYet},
        ),
        (
            "UnsupportedOperation.InstanceStateStopping",
            {"RebootInstances": NotYet, "StopInstances": AlreadySo, "StartInstances": NotYet},
        ),
        (
            "UnsupportedOperation.InstanceStateStarting",
            {"RebootInstances": NotYet, "StopInstances": NotYet, "StartInstances": AlreadySo},
        ),
        ("UnsupportedOperation.InstanceStateRunning", {"StartInstances": AlreadySo}),
        ("FailedOperation.CVMError", {"RunCommand": OutcomeUnknown, "InvokeCommand": OutcomeUnknown}),
        ("FailedOperation.InvalidInstanceApplicationRole", {"RebootInstances": Refused}),
    ],
)
def test_a_code_is_read_by_the_action_that_it_answers(code: str, of_each: dict[str, Class]) -> None:
    assert {action: classify(action, code, mutating=True) for action in of_each} == of_each


@pytest.mark.parametrize("action", sorted(MUTATING))
def test_no_code_that_proves_nothing_is_called_certainly_not_done(action: str) -> None:
    of_the_families = {code for code in IN_SDK | COMMON if code.split(".")[0] in MAY_HAVE_ACTED}
    invented = {f"{family}.New" for family in MAY_HAVE_ACTED}
    ambiguous = {"LimitExceeded.TagQuotaLimitExceeded", "ResponseSizeLimitExceeded", ""}
    proves_nothing = (of_the_families | invented | ambiguous) - PROVEN
    kinds = {code: classify(action, code, mutating=True) for code in proves_nothing}

    assert len(of_the_families) > 30
    assert {code for code, kind in kinds.items() if kind is not OutcomeUnknown} == set()
    assert {classify(action, code, mutating=True) for code in PROVEN} == {Refused}
    # And what nobody has declared is never taken as proof.
    assert classify(action, "Brand.New", mutating=True) not in CERTAINLY_NOT_DONE


@pytest.mark.parametrize("action", sorted(MUTATING))
def test_the_common_codes_have_their_class_for_every_mutating_call(action: str) -> None:
    kinds = {code: classify(action, code, mutating=True) for code in COMMON}
    of_class = {kind: {code for code in COMMON if kinds[code] is kind} for kind in kinds.values()}

    assert of_class[OutcomeUnknown] == {
        "FailedOperation",
        "InternalError",
        "ResponseSizeLimitExceeded",
        "ServiceUnavailable",
    }
    assert of_class[Throttled] == {"AuthFailure.TokenFailure", *(c for c in COMMON if c.startswith("RequestLimit"))}
    assert of_class[NotYet] == {"AuthFailure.SignatureExpire", "ResourceInUse"}
    permission = {code for code in COMMON if code.startswith(("Auth", "Unauthorized", "IpIn", "IpNot"))}
    assert permission - {"AuthFailure.TokenFailure", "AuthFailure.SignatureExpire"} <= of_class[NeedsPeople]
    assert AlreadySo not in of_class


@pytest.mark.parametrize("code", ["Brand.New", "ResourceBusy.Brand.New", "UnsupportedOperation.New", "resourcebusy"])
@pytest.mark.parametrize("mutating", [True, False])
def test_a_code_without_a_class_goes_to_people_and_never_by_its_family(code: str, mutating: bool) -> None:
    assert classify("RebootInstances", code, mutating=mutating) is NeedsPeople


def test_a_read_has_no_effect_that_could_be_unknown_or_reached_already_and_no_state_to_wait_for() -> None:
    for code in {*EXACT, *IN_SDK, *COMMON, *MAY_HAVE_ACTED}:
        kind = classify(ANY, code, mutating=True)
        expected = Throttled if kind in (OutcomeUnknown, AlreadySo, NotYet) else kind
        assert classify(ANY, code, mutating=False) is expected
