"""Bring known failures back one at a time in a copy, and see that a test of the broken guarantee notices.

Each patch is first shown to the test that it names, and where that does not notice, to all tests that SECURITY.md has
for the guarantee. What was noticed is not tried again as long as the contracts, the patch, the files that it changes
and the test that noticed are the same; so a run that was interrupted goes on where it was.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from signal import SIGTERM, default_int_handler, signal
from typing import Any

from proof import records
from proof.regressions.patch import NotAPatch, Patch, patches
from proof.regressions.workspace import COMPILED_BY_APE, DoesNotApply, IsBroken, Workspace, workspace
from proof.security import PAGE, Guarantee, NotATable, guarantees

KEPT = records.CHECKOUT / ".build" / "regressions"
RESULTS, PASSING = KEPT / "results.json", KEPT / "passing.json"


@dataclass(frozen=True)
class Result:
    """noticed_by: the test that failed, `file::function`; None where the patch is not noticed. said: why.
    key: what the result depends on, see `_key`."""

    noticed_by: str | None
    said: str
    seconds: float
    key: str = ""


def main() -> int:
    options = _options()
    part = f"--only {options.only}" if options.only else ""
    if options.save:
        records.require_whole(part)
    held = guarantees(PAGE.read_text())
    chosen = [patch for patch in patches() if options.only in (None, patch.number, patch.name)]
    if not chosen:
        sys.exit(f"regressions: there is no patch {options.only}; see `ls regressions`")
    for patch in chosen:
        _check_header(patch, held)

    with workspace() as copy:
        results = _run(copy, chosen, held, {} if options.only or options.anew else _earlier(chosen))
    missed = [patch.name for patch in chosen if results[patch.name].noticed_by is None]
    _say(f"{len(chosen) - len(missed)} of {len(chosen)} known failures were noticed")
    if options.save:
        _save(chosen, results, part)
    return 1 if missed else 0


def _run(
    copy: Workspace, chosen: list[Patch], held: Mapping[str, Guarantee], earlier: Mapping[str, Result]
) -> dict[str, Result]:
    """The results by the patches' names."""
    results = dict(earlier)
    waiting = [patch for patch in chosen if patch.name not in results]
    if waiting:
        _check_tests_pass(copy, waiting)
    for patch in chosen:
        if patch in waiting:
            results[patch.name] = _notice(copy, patch, held[patch.breaks])
            result = results[patch.name]
            key = "" if result.noticed_by is None else _key(patch, result.noticed_by)
            _keep(RESULTS, {patch.name: asdict(replace(result, key=key))})
        _tell(patch, results[patch.name])
    return results


def _check_header(patch: Patch, held: Mapping[str, Guarantee]) -> None:
    if patch.breaks not in held:
        raise NotAPatch(f"{patch.path}: SECURITY.md has no guarantee {patch.breaks}")
    if not held[patch.breaks].is_held_by(patch.noticed_by):
        raise NotAPatch(f"{patch.path}: {patch.noticed_by} is none of the tests of {patch.breaks} in SECURITY.md")


def _check_tests_pass(copy: Workspace, waiting: list[Patch]) -> None:
    """A test that fails without a patch, too, notices nothing. One that failed is given a second chance."""
    passing = _kept(PASSING)
    tests = sorted(
        {patch.noticed_by for patch in waiting if passing.get(patch.noticed_by) != _test_key(patch.noticed_by)}
    )
    _say(f"{len(tests)} tests that should notice are run without a patch, and must pass")
    failed = sorted({failure.test for failure in copy.failures(tests)})
    for failure in copy.failures(failed):
        sys.exit(f"regressions: without a patch {failure.test} fails, too: {failure.reason}")
    _keep(PASSING, {test: _test_key(test) for test in tests})


def _notice(copy: Workspace, patch: Patch, guarantee: Guarantee) -> Result:
    started = time.monotonic()

    def result(noticed_by: str | None, said: str) -> Result:
        return Result(noticed_by, said, round(time.monotonic() - started, 1))

    try:
        copy.apply(patch)
        for tests in ((patch.noticed_by,), guarantee.tests):
            if patch.changes_contracts and not (len(tests) == 1 and tests[0].startswith(COMPILED_BY_APE)):
                copy.compile()
            failure = copy.first_failure(tests)
            if failure is not None:
                break
    except DoesNotApply as error:
        return result(None, f"does not apply any more: {error}")
    except IsBroken as error:
        return result(None, f"is broken: {error}")
    finally:
        copy.restore(patch)
    if failure is None:
        return result(None, f"NOT NOTICED by any test of {guarantee.id}")
    if failure.test != patch.noticed_by and (before := copy.first_failure([failure.test])) is not None:
        return result(None, f"{before.test} fails without the patch, too")
    return result(failure.test, failure.reason)


def _tell(patch: Patch, result: Result) -> None:
    noticed = f"noticed by {result.noticed_by}" if result.noticed_by else result.said
    sys.stdout.write(f"{patch.name:<40} {patch.breaks:<4} {result.seconds:>6.1f} s  {noticed}\n")
    sys.stdout.flush()


def _say(text: str) -> None:
    sys.stdout.write(f"regressions: {text}\n")
    sys.stdout.flush()


# --- What earlier runs found ---


def _earlier(chosen: list[Patch]) -> dict[str, Result]:
    """Of the patches that were noticed; the others are tried again."""
    kept = {name: Result(**result) for name, result in _kept(RESULTS).items()}
    return {
        patch.name: result
        for patch in chosen
        if (result := kept.get(patch.name)) is not None
        and result.noticed_by is not None
        and result.key == _key(patch, result.noticed_by)
    }


def _kept(path: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return kept


def _keep(path: Path, more: Mapping[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps({**_kept(path), **more}, indent=1))


def _key(patch: Patch, noticed_by: str) -> str:
    digest = sha256(f"{_test_key(noticed_by)} {patch.text}".encode())
    for name in patch.touched:
        digest.update((records.CHECKOUT / name).read_bytes())
    return digest.hexdigest()


def _test_key(test: str) -> str:
    return sha256(
        f"{records.sources_hash()} {(records.CHECKOUT / test.partition('::')[0]).read_text()}".encode()
    ).hexdigest()


def _save(chosen: list[Patch], results: dict[str, Result], part: str) -> None:
    noticed = {patch.name: results[patch.name].noticed_by for patch in chosen}
    seconds = sum(results[patch.name].seconds for patch in chosen)
    figures = {"patches": len(chosen), "noticed": sum(map(bool, noticed.values())), "noticed by": noticed}
    _say(f"wrote {records.save('regressions', seconds, figures, part=part)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof.regressions", description=__doc__)
    parser.add_argument("--only", metavar="NN", help="one patch alone, by its number or name")
    parser.add_argument("--anew", action="store_true", help="try all patches again, whatever earlier runs found")
    parser.add_argument("--save", action="store_true", help="write proof/records/regressions.json, too")
    return parser.parse_args()


if __name__ == "__main__":
    signal(SIGTERM, default_int_handler)  # ends the running tests, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (NotAPatch, NotATable, records.OnlyAPart) as error:
        sys.exit(f"regressions: {error}")
