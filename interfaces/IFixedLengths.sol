// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A condition whose parameters have one length, and its witnesses, too
interface IFixedLengths {
    /// @notice Thrown when a condition's parameters have not the length that they must have.
    /// @dev ABI-encode the parameters as the condition declares them, without anything behind.
    error ParamsLengthWrong(uint256 length, uint256 expected);

    /// @notice Thrown when a witness has not the length that it must have.
    /// @dev ABI-encode the witness as the condition declares it, without anything behind.
    error WitnessLengthWrong(uint256 length, uint256 expected);
}
