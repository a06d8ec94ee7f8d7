// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What whoever asks a condition may refuse with
interface IConditionCaller {
    /// @notice Thrown when a condition reverts: the witness proves nothing. `reason` is what it reverted with, cut at 256
    /// bytes.
    /// @dev Look up `reason` among the condition's errors. Without one the call ran out of gas, or the condition was given
    /// arguments that it cannot decode.
    error ConditionFailed(address condition, bytes reason);

    /// @notice Thrown when a condition answers with anything but one word of at most 1e18. `answer` is cut at 256 bytes.
    /// @dev Where `answer` is empty the address holds no condition on this chain. Never agree to a transfer on it.
    error ShareInvalid(address condition, bytes answer);
}
