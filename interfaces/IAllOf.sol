// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICombination} from "./ICombination.sol";

/// @title Paid as far as all of several conditions say so
/// @notice Witness: `abi.encode(bytes[])`, one for each part. It proves the lowest of the parts' shares.
interface IAllOf is ICombination {
    /// @notice Thrown when there is not one witness for each part.
    /// @dev Give the witnesses of all parts, in their order.
    error WitnessCountWrong(uint256 witnesses, uint256 parts);
}
