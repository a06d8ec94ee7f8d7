// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FULL_SHARE} from "../interfaces/ICondition.sol";
import {IConditionCaller} from "../interfaces/IConditionCaller.sol";
import {IOutcomeRegistry} from "../interfaces/IOutcomeRegistry.sol";
import {HashLock} from "./conditions/HashLock.sol";
import {Conditions} from "./libraries/Conditions.sol";

/// @title Outcomes of conditions, the same for all channels
/// @notice See `IOutcomeRegistry`. It is a condition, too, the hash lock: to ask itself costs 4 000 gas less than to ask
/// another contract (docs/decisions/0008-outcomes-and-locks.md).
contract OutcomeRegistry is IOutcomeRegistry, IConditionCaller, HashLock {
    /// @dev By the hash of the triple.
    mapping(bytes32 key => uint256 share) private _shares;

    /// @inheritdoc IOutcomeRegistry
    function record(address condition, bytes calldata params, uint64 expiry, bytes calldata witness) external {
        bytes32 paramsHash = keccak256(params);
        bytes32 key = _keyOf(condition, paramsHash, expiry);
        uint256 recorded = _shares[key];
        if (recorded == FULL_SHARE) return;
        if (block.timestamp >= expiry) revert OutcomeIsFinal(expiry, block.timestamp);
        uint256 share = condition == address(this)
            ? evaluate(params, expiry, witness)
            : Conditions.share(condition, params, expiry, witness);
        if (share <= recorded) return;
        _shares[key] = share;
        emit OutcomeRecorded(condition, paramsHash, expiry, share);
    }

    /// @inheritdoc IOutcomeRegistry
    function outcomeOf(address condition, bytes32 paramsHash, uint64 expiry)
        external
        view
        returns (uint256 share, bool isFinal)
    {
        share = _shares[_keyOf(condition, paramsHash, expiry)];
        isFinal = share == FULL_SHARE || block.timestamp >= expiry;
    }

    function _keyOf(address condition, bytes32 paramsHash, uint64 expiry) private pure returns (bytes32) {
        return keccak256(abi.encode(condition, paramsHash, expiry));
    }
}
