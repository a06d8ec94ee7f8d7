"""What the pages name is there: scripts with their options, make targets, modules, and where links lead."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from ape_run._cli import cli

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    page
    for pattern in ("*.md", "docs/**/*.md", "deployments/*.md", "regressions/*.md")
    for page in sorted(CHECKOUT.glob(pattern))
)
FROM_APE = {"--network", "--help"}


def named(pattern: str) -> list[Any]:
    """What is found in any page, each once, with the page's name."""
    found = {(page.relative_to(CHECKOUT).as_posix(), what) for page in PAGES for what in _all(pattern, page)}
    return [pytest.param(page, what, id=f"{page} {what}") for page, what in sorted(found)]


def _all(pattern: str, page: Path) -> list[str]:
    return [what.strip() for what in re.findall(pattern, page.read_text(), re.MULTILINE)]


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as the sites that show Markdown make them."""
    headings = (heading.lower().replace("`", "") for heading in _all(r"^#+ (.+)$", page))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("page", "command"), named(r"(?:^|`)ape run ([a-z][^`\n#]*)"))
def test_every_script_has_the_options_that_it_is_shown_with(
    page: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    name, *words = shlex.split(command)
    script = cli.get_command(None, name)
    assert script is not None, page
    known = {option for parameter in script.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known | FROM_APE


@pytest.mark.parametrize(("page", "target"), named(r"(?:^|`)make ([a-z-]+)"))
def test_every_target_exists(page: str, target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (CHECKOUT / "Makefile").read_text(), re.MULTILINE), page


@pytest.mark.parametrize(("page", "module"), named(r"python -m ([a-z.]+)"))
def test_every_module_exists(page: str, module: str) -> None:
    path = CHECKOUT / module.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), page


@pytest.mark.parametrize(("page", "link"), named(r"\]\((?!https?:)([^)]+)\)"))
def test_every_link_leads_somewhere(page: str, link: str) -> None:
    file, _, anchor = link.partition("#")
    target = (CHECKOUT / page).parent / file if file else CHECKOUT / page
    assert target.exists()
    assert not anchor or anchor in anchors(target)
