// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev The share of an amount that is all of it.
uint256 constant FULL_SHARE = 1e18;

/// @title What decides a conditional transfer
/// @notice Any contract with this one function is a condition; it never holds money, nor learns of amounts. Whoever asks
/// (an outcome registry, a condition made of others) calls it statically, and takes one word of at most `FULL_SHARE` for
/// an answer. docs/protocol.md section 6.
interface ICondition {
    /// @notice The share of a transfer's amount that a witness proves to be the payee's. Reverts where it proves nothing.
    /// @dev The answer must follow from the arguments alone: no storage, no other contract's state, nothing of block,
    /// caller or gas. Parties agree off chain on what they think this returns, and only look here if they disagree.
    /// @param params The condition's parameters; each condition documents its own. The parties signed their hash.
    /// @param expiry Unix time in seconds from which on the transfer's outcome is final. The condition need not compare it
    /// with anything: whoever records an outcome does. It is here for signed witnesses to be bound to it.
    /// @param witness What is to be proved with; each condition documents its own.
    /// @return share From 0 (all to the payer) to `FULL_SHARE` (all to the payee).
    function evaluate(bytes calldata params, uint64 expiry, bytes calldata witness)
        external
        view
        returns (uint256 share);
}
