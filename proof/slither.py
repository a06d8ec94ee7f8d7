"""Let slither look at the contracts, and see that SECURITY.md answers each of its findings above informational.

An answer is a row of the table in the section "Static analysis": detector, place, sentence. A place is a contract and
its function or variable, so that lines may move. A finding without an answer fails, and so does an answer to what is
not found any more.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proof import records
from proof.analysis import PROGRAMS, AnalysisFailed, run
from proof.records import CHECKOUT
from proof.security import PAGE

ANSWER = CHECKOUT / ".build" / "proof" / "slither.json"
OUT_OF_SCOPE = "node_modules|contracts/test"

_SECTION = re.compile(r"^## Static analysis$(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `(?P<detector>[^`]+)` \| `(?P<place>[^`]+)` \| (?P<answer>[^|]+) \|$", re.MULTILINE)

FoundAt = tuple[str, str]
"""Detector and place, for instance `("timestamp", "ChannelManager.settle")`."""


@dataclass(frozen=True)
class Finding:
    detector: str
    place: str
    impact: str
    description: str

    @property
    def found_at(self) -> FoundAt:
        return self.detector, self.place


def main() -> int:
    options = _options()
    started = time.monotonic()
    try:
        findings = findings_of(look())
    except AnalysisFailed as error:
        sys.stderr.write(f"{error}\n")
        return 2
    answers = answers_in(PAGE.read_text())
    unanswered, stale = compare(findings, answers)
    for finding in unanswered:
        _say(f"SECURITY.md does not answer {finding.detector} at {finding.place}: {finding.description}")
    for detector, place in stale:
        _say(f"SECURITY.md answers {detector} at {place}, which slither does not find any more")
    _say(f"{len(findings)} findings above informational, {len(findings) - len(unanswered)} of them answered")
    if options.save:
        records.save("slither", time.monotonic() - started, figures(findings, unanswered))
    return 1 if unanswered or stale else 0


def look() -> dict[str, Any]:
    """slither's JSON, of a build of its own. Raises AnalysisFailed."""
    ANSWER.parent.mkdir(parents=True, exist_ok=True)
    ANSWER.unlink(missing_ok=True)
    command = (
        *(str(PROGRAMS / "slither"), ".", "--json", str(ANSWER), "--filter-paths", OUT_OF_SCOPE, "--fail-none"),
        *("--exclude-informational", "--exclude-optimization", "--exclude-dependencies", "--disable-color"),
    )
    run(command, more={"FOUNDRY_PROFILE": "slither"})
    answer: dict[str, Any] = json.loads(ANSWER.read_text())
    if not answer["success"]:
        raise AnalysisFailed(f"slither failed: {answer['error']}")
    return answer


def findings_of(answer: Mapping[str, Any]) -> list[Finding]:
    return [
        Finding(found["check"], place_of(found["elements"]), found["impact"], found["description"].partition("\n")[0])
        for found in answer["results"].get("detectors", [])
    ]


def place_of(elements: Sequence[Mapping[str, Any]]) -> str:
    """The function or state variable in which the first element of a finding stands, with its contract."""
    element = elements[0]
    names: list[str] = []
    while element["type"] not in ("contract", "file"):
        names.insert(0, element["name"])
        if element["type"] == "function":
            names = [element["name"]]
        element = element["type_specific_fields"]["parent"]
    return ".".join((element["name"], *names)) if element["type"] == "contract" else element["name"]


def answers_in(page: str) -> dict[FoundAt, str]:
    """The table of the section "Static analysis"."""
    section = _SECTION.search(page)
    text = section["text"] if section else ""
    return {(row["detector"], row["place"]): row["answer"] for row in _ROW.finditer(text)}


def compare(findings: Sequence[Finding], answers: Mapping[FoundAt, str]) -> tuple[list[Finding], list[FoundAt]]:
    """Findings without an answer, and answers without a finding."""
    unanswered = [finding for finding in findings if finding.found_at not in answers]
    return unanswered, sorted(set(answers) - {finding.found_at for finding in findings})


def figures(findings: Sequence[Finding], unanswered: Sequence[Finding]) -> dict[str, Any]:
    return {
        "findings": len(findings),
        "unanswered": len(unanswered),
        "by impact": dict(sorted(Counter(finding.impact for finding in findings).items())),
        "by detector": dict(sorted(Counter(finding.detector for finding in findings).items())),
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.slither", description=__doc__)
    parser.add_argument("--save", action="store_true", help="write proof/records/slither.json")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
