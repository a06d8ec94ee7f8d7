// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICondition} from "./ICondition.sol";
import {IConditionCaller} from "./IConditionCaller.sol";

/// @notice A condition within a combination.
/// @param condition Contract that is asked, with the combination's own expiry.
/// @param params Its parameters.
struct Part {
    address condition;
    bytes params;
}

/// @title A condition made of others
/// @notice Parameters: `abi.encode(Part[])`, at least one. A part fails the whole witness where it reverts or answers with
/// no share (see `IConditionCaller`).
interface ICombination is ICondition, IConditionCaller {
    /// @notice Thrown when a combination has no parts.
    /// @dev Never agree to such a combination: it can prove nothing.
    error NoParts();
}
