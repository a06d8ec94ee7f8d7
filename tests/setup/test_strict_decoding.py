"""Ape makes eth-abi lenient for the whole process; this package reads what a chain answers as strictly as ever."""

import subprocess
import sys

from toolchain.artifacts import CHECKOUT

QUESTION = """
import ape.utils.abi
from eth_abi import decode
from connext.abi import CannotDecode, manager_abi

assert decode(["uint256"], b"") == (0,), "Ape is strict now: nothing is left to guard against"
try:
    manager_abi().decode_result("PAYOUT_STIPEND", b"")
except CannotDecode:
    print("refused")
"""


def test_an_answer_that_is_cut_short_is_refused_under_ape_too() -> None:
    """Else an address without the contract would have a balance of 0."""
    answer = subprocess.check_output([sys.executable, "-c", QUESTION], cwd=CHECKOUT, text=True)
    assert answer == "refused\n"
