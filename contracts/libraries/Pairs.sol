// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev An amount of each asset in one word: wei in the low 128 bits, tokens in the high ones. Both amounts must stay
/// below 2^128, and no difference may be negative, or they run into each other: what is added up here are parts of channels'
/// totals, of 80 bits each, and reserves, which are bounded where money comes in.
type Pair is uint256;

using Pairs for Pair global;
using {add as +, sub as -} for Pair global;

function add(Pair a, Pair b) pure returns (Pair) {
    unchecked {
        return Pair.wrap(Pair.unwrap(a) + Pair.unwrap(b));
    }
}

function sub(Pair a, Pair b) pure returns (Pair) {
    unchecked {
        return Pair.wrap(Pair.unwrap(a) - Pair.unwrap(b));
    }
}

/// @title Amounts of both assets at once
library Pairs {
    function pack(uint256 amountWei, uint256 amountToken) internal pure returns (Pair) {
        return Pair.wrap(amountToken << 128 | amountWei);
    }

    /// @param asset Code of the asset, see `Asset`.
    function single(uint256 asset, uint256 amount) internal pure returns (Pair) {
        return Pair.wrap(amount << (asset << 7));
    }

    /// @param asset Code of the asset, see `Asset`.
    function amountOf(Pair pair, uint256 asset) internal pure returns (uint128) {
        return uint128(Pair.unwrap(pair) >> (asset << 7));
    }

    function amountWei(Pair pair) internal pure returns (uint128) {
        return uint128(Pair.unwrap(pair));
    }

    function amountToken(Pair pair) internal pure returns (uint128) {
        return uint128(Pair.unwrap(pair) >> 128);
    }

    function isZero(Pair pair) internal pure returns (bool) {
        return Pair.unwrap(pair) == 0;
    }
}
