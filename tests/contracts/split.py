"""The settlement of docs/protocol.md section 5, said again in plain Python, to compare the contract with."""


def split(user_contribution: int, node_contribution: int, user_net: int, node_net: int) -> tuple[int, int, int]:
    """What the user and the node get of one asset, and what stays locked for open transfers."""
    total = user_contribution + node_contribution
    locked = min(max(-(user_net + node_net), 0), total)
    user = min(max(user_contribution + user_net, 0), total - locked)
    return user, total - locked - user, locked
