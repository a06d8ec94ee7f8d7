"""What tries to break the guarantees of docs/protocol.md, section 10, and keeps the figures of its attempts.

The deep runs have their own make targets; what they came to stands in `proof/records`, and `make audit` prints it.
"""
