// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FULL_SHARE, ICondition} from "../../interfaces/ICondition.sol";
import {IHashLock} from "../../interfaces/IHashLock.sol";

/// @title Paid to whoever shows the preimage of a hash
/// @notice See `IHashLock`.
contract HashLock is IHashLock {
    /// @inheritdoc ICondition
    function evaluate(bytes calldata params, uint64, bytes calldata witness) public pure returns (uint256) {
        if (params.length != 32) revert ParamsLengthWrong(params.length, 32);
        if (witness.length != 32) revert WitnessLengthWrong(witness.length, 32);
        bytes32 hash = keccak256(witness);
        if (hash != bytes32(params)) revert WrongPreimage(bytes32(params), hash);
        return FULL_SHARE;
    }
}
