// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICombination} from "./ICombination.sol";

/// @title Paid as far as the best of several conditions says so
/// @notice Witness: `abi.encode(uint256 index, bytes witness)`: which part (the first is 0), and its witness. It proves that
/// part's share; the registry keeps the highest.
interface IAnyOf is ICombination {
    /// @notice Thrown when the witness is for a part that there is not.
    /// @dev Give an index below `parts`.
    error NoSuchPart(uint256 index, uint256 parts);
}
