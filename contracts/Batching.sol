// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Call, IChannelManager} from "../interfaces/IChannelManager.sol";
import {Reasons} from "./libraries/Reasons.sol";

/// @title The one door of the contract: no reentrance, value counted once, several calls in one transaction
/// @notice Every state-changing function is payable, because a delegated call sees the value of the whole batch, and
/// stands behind `entrance` or `entranceWithoutValue`; every call to somebody else's code stands within `leaving`.
/// docs/protocol.md section 3.
abstract contract Batching is IChannelManager {
    /// @dev What is spent between the gas check and the delegated call, with room.
    uint256 private constant CALL_OVERHEAD_GAS = 2_000;

    /// @dev Set while somebody else's code runs.
    uint256 private transient _locked;
    /// @dev Set while a batch runs, together with the value of its running call.
    uint256 private transient _batching;
    uint256 private transient _callValue;

    /// @dev In front of every state-changing function that takes value.
    modifier entrance() {
        if (_locked != 0) revert Reentered();
        _;
    }

    /// @dev In front of every other state-changing function. Without value in the transaction no call of a batch can
    /// have any.
    modifier entranceWithoutValue() {
        if (_locked != 0) revert Reentered();
        if (msg.value != 0 && _value() != 0) revert UnexpectedValue(_value());
        _;
    }

    /// @dev Around every place where control leaves the contract: nothing can be entered from there.
    modifier leaving() {
        _locked = 1;
        _;
        _locked = 0;
    }

    /// @inheritdoc IChannelManager
    function batch(Call[] calldata calls) external payable entrance returns (bool[] memory succeeded) {
        if (_batching != 0) revert Reentered();
        _requireCovered(calls);

        _batching = 1;
        uint256 left = msg.value;
        succeeded = new bool[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            _callValue = calls[i].value;
            succeeded[i] = _delegate(i, calls[i]);
            if (succeeded[i]) left -= calls[i].value;
        }
        _batching = 0;
        if (left != 0) _keepChange(msg.sender, left);
    }

    /// @dev Wei that the running call may spend.
    function _value() internal view returns (uint256) {
        return _batching != 0 ? _callValue : msg.value;
    }

    /// @dev Takes the value that no call of a batch spent.
    function _keepChange(address caller, uint256 amountWei) internal virtual;

    /// @dev Together the calls may spend no more than the batch's value.
    function _requireCovered(Call[] calldata calls) private view {
        uint256 left = msg.value;
        for (uint256 i = 0; i < calls.length; ++i) {
            if (calls[i].value > left) revert BatchOverspent(i, calls[i].value, left);
            left -= calls[i].value;
        }
    }

    /// @dev Makes one call with exactly the gas it asked for, so that no earlier call can starve a later one (EIP-150
    /// leaves 63/64).
    function _delegate(uint256 index, Call calldata call_) private returns (bool succeeded) {
        bytes memory data = call_.data;
        uint256 gasNeeded = call_.gasNeeded;
        uint256 gasLeft = gasleft();
        if (gasLeft < CALL_OVERHEAD_GAS || (gasLeft - CALL_OVERHEAD_GAS) / 64 * 63 < gasNeeded) {
            revert BatchGasTooLow(index, gasLeft, gasNeeded);
        }
        assembly ("memory-safe") {
            succeeded := delegatecall(gasNeeded, address(), add(data, 0x20), mload(data), 0, 0)
        }
        if (!succeeded) emit CallFailed(index, Reasons.bounded());
    }
}
