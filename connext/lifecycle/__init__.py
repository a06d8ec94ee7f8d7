"""Whole lives of channels and payments, as stories that can be played on any chain, one after the other on the same."""

from dataclasses import replace

from connext.fees import Fee
from connext.lifecycle import channels, payments
from connext.rules import DEFAULT_POLICY
from connext.story import Story

POLICY = replace(DEFAULT_POLICY, fee=Fee(flat_wei=10**14, flat_token=10**17, parts_per_million=1_000))
"""Of everybody in the stories: whoever forwards keeps 0.0001 ETH or 0.1 DAI, and a thousandth."""


def stories() -> dict[str, Story]:
    """By title. No two have a channel in common."""
    return {story.title: story for story in (*channels.stories(), *payments.stories())}
