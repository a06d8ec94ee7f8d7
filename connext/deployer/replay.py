"""What code a creation leaves behind, found by running it once more in an EVM of our own.

A constructor writes its parameters, its own address and the chain id into the code. Run again with the same ones at the
same address, it writes the same: the result can be compared with the chain byte by byte, and nothing is masked.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pyrevm

from connext.chain import KNOWN_ABI
from connext.chain.evm import BLOCK_GAS
from connext.deployer.contracts import Wanted
from connext.deployer.create2 import PROXY, PROXY_RUNTIME
from connext.errors import ConnextError
from connext.types import Address, checksum

ANYBODY: Address = b"\x01" * 20
READER: Address = b"\x02" * 20
SOME_CODE = b"\x00"
"""STOP: constructors ask whether there is code, not which."""


@dataclass(eq=False)
class CreationFails(ConnextError):
    text = "the constructor of {contract} refuses these arguments: {reason}"
    contract: str
    reason: str


def expected_code(wanted: Wanted, chain_id: int, others: Iterable[Address]) -> bytes:
    """The code that the contract has on the chain. Raises CreationFails.

    others: addresses of contracts that its constructor finds there.
    """
    codes = dict.fromkeys(set(others) - {wanted.address}, SOME_CODE)
    evm = _evm(chain_id, {**codes, READER: _reader_of(wanted.address)})
    try:
        _call(evm, PROXY, wanted.calldata)
    except RuntimeError:
        raise CreationFails(wanted.contract, _reason(evm, wanted)) from None
    return _call(evm, READER, b"")


def _evm(chain_id: int, codes: dict[Address, bytes]) -> pyrevm.EVM:
    environment = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain_id))
    evm = pyrevm.EVM(env=environment, gas_limit=BLOCK_GAS)
    for address, code in {PROXY: PROXY_RUNTIME, **codes}.items():
        evm.insert_account_info(checksum(address), pyrevm.AccountInfo(code=code))
    return evm


def _call(evm: pyrevm.EVM, to: Address, data: bytes) -> bytes:
    """What it returns. Raises RuntimeError where it fails."""
    return bytes(evm.message_call(checksum(ANYBODY), checksum(to), calldata=data, gas=BLOCK_GAS))


def _reader_of(address: Address) -> bytes:
    """Code that returns the code at an address. pyrevm's own `get_code` adds zeros to it."""
    push = b"\x73" + address  # PUSH20
    size_twice = b"\x3b\x80"  # EXTCODESIZE DUP1
    copy = b"\x5f\x5f" + push + b"\x3c"  # PUSH0 PUSH0 PUSH20 EXTCODECOPY
    return push + size_twice + copy + b"\x5f\xf3"  # PUSH0 RETURN


def _reason(evm: pyrevm.EVM, wanted: Wanted) -> str:
    """The proxy hides it: ask the constructor itself."""
    try:
        evm.deploy(checksum(ANYBODY), wanted.creation_code, gas=BLOCK_GAS)
    except RuntimeError as error:
        _, _, output = str(error).partition("output: 0x")
        return str(KNOWN_ABI.decode_error(bytes.fromhex(output.split(" ")[0]))) if output else str(error)
    return "unknown"
