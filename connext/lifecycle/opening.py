"""How the channels of all stories begin."""

from connext.actions import Action, action


def first_deposit(name: str, channel: str, side: str, amount: str) -> Action:
    """With DAI's permit in the same transaction."""
    deposit = action("deposit", name, channel=channel, side=side, amount=amount)
    return action("batch", name, items=[action("permit", name), deposit])
