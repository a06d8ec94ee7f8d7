// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FULL_SHARE, ICondition} from "../../interfaces/ICondition.sol";
import {IConditionCaller} from "../../interfaces/IConditionCaller.sol";
import {Reasons} from "./Reasons.sol";

/// @title Asking a condition that may be hostile
/// @notice By static call, and without copying more than a word of the answer: a condition costs no more than the gas it
/// is given.
library Conditions {
    /// @notice The share that a condition answers with. Reverts with an error of `IConditionCaller` where it reverts, or
    /// answers with anything but one word of at most `FULL_SHARE`.
    function share(address condition, bytes calldata params, uint64 expiry, bytes calldata witness)
        internal
        view
        returns (uint256)
    {
        return share(condition, abi.encodeCall(ICondition.evaluate, (params, expiry, witness)));
    }

    /// @notice The same for arguments that are encoded already.
    /// @param evaluation Calldata of `ICondition.evaluate`.
    function share(address condition, bytes memory evaluation) internal view returns (uint256 answer) {
        bool succeeded;
        uint256 size;
        assembly ("memory-safe") {
            succeeded := staticcall(gas(), condition, add(evaluation, 0x20), mload(evaluation), 0x00, 0x20)
            size := returndatasize()
            answer := mload(0x00)
        }
        if (!succeeded) revert IConditionCaller.ConditionFailed(condition, Reasons.bounded());
        // An address without code succeeds and answers nothing.
        if (size != 32 || answer > FULL_SHARE) revert IConditionCaller.ShareInvalid(condition, Reasons.bounded());
    }
}
