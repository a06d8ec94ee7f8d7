"""All money of everybody involved, so that a test sees what moved and that nothing else did."""

from ape.contracts import ContractInstance

from tests.contracts.transactions import ask

KINDS = ("wei", "dai", "reserve.wei", "reserve.dai", "credit.wei", "credit.dai")
"""In the order of contracts/test/BalanceSheet.sol."""


class Wealth(dict[str, int]):
    """Who owns what: "user.wei", "user.dai", "user.reserve.wei", "user.credit.dai" and so on."""

    def __sub__(self, earlier: "Wealth") -> dict[str, int]:
        """What changed since then."""
        return {holding: amount - earlier[holding] for holding, amount in self.items() if amount != earlier[holding]}


def read_wealth(sheet: ContractInstance, manager: ContractInstance, holders: dict[str, str]) -> Wealth:
    """`holders`: names and addresses. `sheet`: a BalanceSheet."""
    (lines,) = ask(sheet.read, manager, list(holders.values()))
    return Wealth(
        {
            f"{name}.{kind}": amount
            for name, line in zip(holders, lines, strict=True)
            for kind, amount in zip(KINDS, line, strict=True)
        }
    )


def moves(changes: dict[str, int]) -> dict[str, int]:
    """Expected changes, without those that are none."""
    return {holding: change for holding, change in changes.items() if change}


def paid_out(user_wei: int, node_wei: int, user_token: int, node_token: int) -> dict[str, int]:
    """How money moves when a channel pays this: the user is sent its part, the node gets its part as reserve."""
    return moves(
        {
            "manager.wei": -user_wei,
            "manager.dai": -user_token,
            "user.wei": user_wei,
            "user.dai": user_token,
            "node.reserve.wei": node_wei,
            "node.reserve.dai": node_token,
        }
    )
