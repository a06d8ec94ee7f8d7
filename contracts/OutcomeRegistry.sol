// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FULL_SHARE} from "../interfaces/ICondition.sol";
import {IConditionCaller} from "../interfaces/IConditionCaller.sol";
import {IOutcomeRegistry} from "../interfaces/IOutcomeRegistry.sol";
import {Conditions} from "./libraries/Conditions.sol";

/// @title Outcomes of conditions, the same for all channels
/// @notice See `IOutcomeRegistry`.
contract OutcomeRegistry is IOutcomeRegistry, IConditionCaller {
    /// @dev By the hash of the triple.
    mapping(bytes32 key => uint256 share) private _shares;

    /// @inheritdoc IOutcomeRegistry
    function record(address condition, bytes calldata params, uint64 expiry, bytes calldata witness) external {
        bytes32 paramsHash = keccak256(params);
        bytes32 key = _keyOf(condition, paramsHash, expiry);
        uint256 recorded = _shares[key];
        if (recorded == FULL_SHARE) return;
        if (block.timestamp >= expiry) revert OutcomeIsFinal(expiry, block.timestamp);
        uint256 share = Conditions.share(condition, params, expiry, witness);
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
