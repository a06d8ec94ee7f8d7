"""Which findings SECURITY.md answers; slither itself runs in `make slither`."""

from proof.security import PAGE
from proof.slither import Finding, answers_in, compare, findings_of, place_of

CONTRACT = {"type": "contract", "name": "Vault"}
FUNCTION = {"type": "function", "name": "pay", "type_specific_fields": {"parent": CONTRACT}}
LOCAL = {"type": "variable", "name": "left", "type_specific_fields": {"parent": FUNCTION}}
STATE_VARIABLE = {"type": "variable", "name": "owner", "type_specific_fields": {"parent": CONTRACT}}

PAGE_WITH_ANSWERS = """
## Static analysis

| detector | place | answer |
|---|---|---|
| `timestamp` | `Vault.pay` | Hours, not seconds. |

## Something else

| `timestamp` | `Vault.take` | Not in the section. |
"""


def finding(detector: str, place: str) -> Finding:
    return Finding(detector, place, "Low", "words")


def test_a_place_is_a_contract_and_what_stands_in_it() -> None:
    assert place_of([CONTRACT]) == "Vault"
    assert place_of([FUNCTION]) == "Vault.pay"
    assert place_of([STATE_VARIABLE]) == "Vault.owner"


def test_a_local_variable_stands_for_its_function() -> None:
    assert place_of([LOCAL, CONTRACT]) == "Vault.pay"


def test_findings_are_read() -> None:
    found = {
        "check": "timestamp",
        "impact": "Low",
        "description": "Vault.pay uses time\n\tdetails",
        "elements": [FUNCTION],
    }
    answer = {"results": {"detectors": [found]}}
    assert findings_of(answer) == [Finding("timestamp", "Vault.pay", "Low", "Vault.pay uses time")]
    assert findings_of({"results": {}}) == []


def test_answers_are_those_of_the_section() -> None:
    assert answers_in(PAGE_WITH_ANSWERS) == {("timestamp", "Vault.pay"): "Hours, not seconds."}


def test_what_is_not_answered_and_what_is_answered_in_vain() -> None:
    answers = answers_in(PAGE_WITH_ANSWERS)
    assert compare([finding("timestamp", "Vault.pay")], answers) == ([], [])
    other = finding("timestamp", "Vault.take")
    assert compare([other], answers) == ([other], [("timestamp", "Vault.pay")])


def test_security_md_has_the_table() -> None:
    assert len(answers_in(PAGE.read_text())) > 0
