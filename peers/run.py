"""One run: every system on one chain, this project first."""

from peers import packages
from peers.chain import BenchChain, anvil
from peers.connext_ import Connext
from peers.figures import Run
from peers.nitro import Nitro
from peers.raiden import Raiden
from peers.stand import ETH
from peers.vector import Vector
from tests.gas.scenarios import Stage

DEPLOYER = b"\xd9" * 20
"""Of the token."""


def run() -> tuple[Run, list[str]]:
    """What was measured, and where this project's figures are not those of its snapshot.

    Raises WrongPayout, CannotSend, and what starting the chain and installing raise.
    """
    packages.install()
    with anvil() as chain:
        return _measure(chain)


def _measure(chain: BenchChain) -> tuple[Run, list[str]]:
    stage = Stage(chain)
    token = chain.deploy(DEPLOYER, packages.token().bytecode)
    connext = Connext(stage, chain, token)
    nitro, vector, raiden = Nitro(chain), Vector(chain), Raiden(chain, token)
    figures = {
        "eth": (connext.ether(), nitro.column(ETH), vector.column(ETH)),
        "token": (connext.token(), nitro.column(token), vector.column(token), raiden.column()),
        "dai": (connext.dai(),),
    }
    return figures, connext.not_the_snapshot
