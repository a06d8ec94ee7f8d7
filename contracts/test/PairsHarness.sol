// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pair, Pairs} from "../libraries/Pairs.sol";

/// @title `Pairs` with two numbers for each pair: wei, tokens
contract PairsHarness {
    function pack(uint256[2] calldata pair) external pure returns (uint256[2] memory) {
        return _unpacked(_packed(pair));
    }

    function add(uint256[2] calldata a, uint256[2] calldata b) external pure returns (uint256[2] memory) {
        return _unpacked(_packed(a) + _packed(b));
    }

    function sub(uint256[2] calldata a, uint256[2] calldata b) external pure returns (uint256[2] memory) {
        return _unpacked(_packed(a) - _packed(b));
    }

    function single(uint256 asset, uint256 amount) external pure returns (uint256[2] memory) {
        return _unpacked(Pairs.single(asset, amount));
    }

    function amountOf(uint256[2] calldata pair, uint256 asset) external pure returns (uint256) {
        return _packed(pair).amountOf(asset);
    }

    function isZero(uint256[2] calldata pair) external pure returns (bool) {
        return _packed(pair).isZero();
    }

    function _packed(uint256[2] calldata pair) private pure returns (Pair) {
        return Pairs.pack(pair[0], pair[1]);
    }

    function _unpacked(Pair pair) private pure returns (uint256[2] memory) {
        return [uint256(pair.amountWei()), pair.amountToken()];
    }
}
