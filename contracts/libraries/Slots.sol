// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev The ledger of one asset in the low 176 bits of a word: int96 user | uint80 total. `total` is what the channel
/// holds, `user` the user's contribution (deposited minus withdrawn); the node's is total - user.
type Pot is uint256;

/// @dev The first slot of a channel: uint8 flags | uint16 sequence | uint16 dispute | uint40 deadline | Pot of the first
/// asset. `deadline` (Unix seconds) is 0 without a running dispute, `dispute` is the number of the latest one,
/// `sequence` the next withdrawal's. Of a settled channel: uint8 flags | zero | uint80 locked token | uint80 locked wei.
type Head is uint256;

/// @dev The second slot: the recorded state as uint48 nonce | first 26 bytes of its struct hash.
/// docs/decisions/0003-storage-layout.md.
type Recorded is uint256;

using Pots for Pot global;
using Heads for Head global;
using RecordedStates for Recorded global;

/// @title Fields of a `Pot`
library Pots {
    function pack(uint80 total_, int96 user_) internal pure returns (Pot) {
        return Pot.wrap(uint256(uint96(user_)) << 80 | total_);
    }

    function total(Pot pot) internal pure returns (uint80) {
        return uint80(Pot.unwrap(pot));
    }

    function user(Pot pot) internal pure returns (int96) {
        return int96(uint96(Pot.unwrap(pot) >> 80));
    }
}

/// @title Fields of a `Head`
library Heads {
    uint256 private constant LOCKED_TOKEN_SHIFT = 80;
    uint256 private constant DEADLINE_SHIFT = 176;
    uint256 private constant DISPUTE_SHIFT = 216;
    uint256 private constant SEQUENCE_SHIFT = 232;

    /// @dev Set by the first deposit, for ever.
    uint256 private constant FUNDED = 1 << 248;
    /// @dev The tombstone.
    uint256 private constant SETTLED = 1 << 249;
    /// @dev The first slot's asset is the token.
    uint256 private constant TOKEN_FIRST = 1 << 250;
    /// @dev The second slot holds a recorded state.
    uint256 private constant HAS_RECORDED = 1 << 251;
    /// @dev The third slot holds the other asset.
    uint256 private constant HAS_SECOND = 1 << 252;

    function firstPot(Head head) internal pure returns (Pot) {
        return Pot.wrap(uint176(Head.unwrap(head)));
    }

    function deadline(Head head) internal pure returns (uint40) {
        return uint40(Head.unwrap(head) >> DEADLINE_SHIFT);
    }

    function dispute(Head head) internal pure returns (uint16) {
        return uint16(Head.unwrap(head) >> DISPUTE_SHIFT);
    }

    function sequence(Head head) internal pure returns (uint16) {
        return uint16(Head.unwrap(head) >> SEQUENCE_SHIFT);
    }

    function isFunded(Head head) internal pure returns (bool) {
        return Head.unwrap(head) & FUNDED != 0;
    }

    function isSettled(Head head) internal pure returns (bool) {
        return Head.unwrap(head) & SETTLED != 0;
    }

    function isTokenFirst(Head head) internal pure returns (bool) {
        return Head.unwrap(head) & TOKEN_FIRST != 0;
    }

    function hasRecorded(Head head) internal pure returns (bool) {
        return Head.unwrap(head) & HAS_RECORDED != 0;
    }

    function hasSecond(Head head) internal pure returns (bool) {
        return Head.unwrap(head) & HAS_SECOND != 0;
    }

    /// @dev The head of a settled channel.
    function tombstone(uint80 lockedWei, uint80 lockedToken) internal pure returns (Head) {
        return Head.wrap(FUNDED | SETTLED | uint256(lockedToken) << LOCKED_TOKEN_SHIFT | lockedWei);
    }

    function locked(Head head) internal pure returns (uint80 lockedWei, uint80 lockedToken) {
        return (uint80(Head.unwrap(head)), uint80(Head.unwrap(head) >> LOCKED_TOKEN_SHIFT));
    }

    function withFirstPot(Head head, Pot pot) internal pure returns (Head) {
        return Head.wrap(Head.unwrap(head) & ~uint256(type(uint176).max) | Pot.unwrap(pot));
    }

    function withDeadline(Head head, uint40 deadline_) internal pure returns (Head) {
        return _with(head, DEADLINE_SHIFT, type(uint40).max, deadline_);
    }

    function withNextDispute(Head head) internal pure returns (Head) {
        return _with(head, DISPUTE_SHIFT, type(uint16).max, dispute(head) + 1);
    }

    function withNextSequence(Head head) internal pure returns (Head) {
        return _with(head, SEQUENCE_SHIFT, type(uint16).max, sequence(head) + 1);
    }

    /// @dev Of a channel that gets its first asset.
    function withFunds(Head head, bool tokenFirst) internal pure returns (Head) {
        return Head.wrap(Head.unwrap(head) | FUNDED | (tokenFirst ? TOKEN_FIRST : 0));
    }

    function withRecorded(Head head) internal pure returns (Head) {
        return Head.wrap(Head.unwrap(head) | HAS_RECORDED);
    }

    function withSecond(Head head) internal pure returns (Head) {
        return Head.wrap(Head.unwrap(head) | HAS_SECOND);
    }

    function _with(Head head, uint256 shift, uint256 mask, uint256 value) private pure returns (Head) {
        return Head.wrap(Head.unwrap(head) & ~(mask << shift) | value << shift);
    }
}

/// @title Fields of a `Recorded`
library RecordedStates {
    uint256 private constant NONCE_SHIFT = 208;

    function pack(uint48 nonce_, bytes26 stateHash_) internal pure returns (Recorded) {
        return Recorded.wrap(uint256(nonce_) << NONCE_SHIFT | uint208(stateHash_));
    }

    function nonce(Recorded recorded) internal pure returns (uint48) {
        return uint48(Recorded.unwrap(recorded) >> NONCE_SHIFT);
    }

    function stateHash(Recorded recorded) internal pure returns (bytes26) {
        return bytes26(uint208(Recorded.unwrap(recorded)));
    }
}
