"""Connext: payment channels in ETH and DAI. docs/protocol.md is the specification of all that is in here."""
