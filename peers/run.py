"""One run: every system on one chain, this project first; then what needs no chain."""

import sys

from connext import bench
from peers import growth, packages
from peers.chain import BenchChain, anvil
from peers.connext_ import Connext, story_of
from peers.figures import Columns, Figures
from peers.nitro import Nitro
from peers.raiden import Raiden
from peers.stand import ETH
from peers.vector import Vector
from tests.gas import snapshot
from tests.gas.scenarios import Stage

DEPLOYER = b"\xd9" * 20
"""Of the token."""

DEAREST = "settlement with 200 open transfers"


def run() -> tuple[Figures, list[str]]:
    """What was measured, and where this project's figures are not those of its snapshot.

    Raises WrongPayout, CannotSend, and what starting the chain and installing raise.
    """
    packages.install()
    with anvil() as chain:
        stage = Stage(chain)
        columns, not_the_snapshot = _columns(chain, stage)
        _say("this project, with up to 200 open transfers")
        stage.story = story_of(DEAREST, "eth")
        curves = growth.on_chain(stage)
    _say("off chain: rates")
    rates = bench.rates()
    _say("off chain: growth")
    curves |= growth.off_chain()
    return Figures(bench.machine(), columns, rates, curves), [*not_the_snapshot, *_differences(curves)]


def _columns(chain: BenchChain, stage: Stage) -> tuple[Columns, list[str]]:
    token = chain.deploy(DEPLOYER, packages.token().bytecode)
    _say("this project")
    connext = Connext(stage, chain, token)
    own = {"eth": connext.ether(), "token": connext.token(), "dai": connext.dai()}
    _say("Nitro")
    nitro = Nitro(chain)
    nitros = nitro.column(ETH), nitro.column(token)
    _say("Vector")
    vector = Vector(chain)
    vectors = vector.column(ETH), vector.column(token)
    _say("Raiden")
    raiden = Raiden(chain, token).column()
    columns = {
        "eth": (own["eth"], nitros[0], vectors[0]),
        "token": (own["token"], nitros[1], vectors[1], raiden),
        "dai": (own["dai"],),
    }
    return columns, connext.not_the_snapshot


def _differences(curves: dict[str, bench.Curve]) -> list[str]:
    _, gas = curves[growth.SETTLING][-1]
    expected = snapshot.read()[DEAREST]["eth"]
    return [] if gas == expected else [f"{DEAREST} costs {gas}, {snapshot.SNAPSHOT.name} says {expected}"]


def _say(what: str) -> None:
    sys.stderr.write(f"bench-peers: measuring {what}\n")
