// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice DAI's own permit, which is older than EIP-2612 and differs from it: all or nothing, with the nonce given.
interface IDaiPermit {
    /// @param holder Who allows; its signature is given.
    /// @param spender Who is allowed to move all of the holder's tokens.
    /// @param nonce The holder's next permit nonce.
    /// @param expiry Unix time in seconds after which the permit is void; 0 for never.
    /// @param allowed True for an unlimited allowance, false for none.
    function permit(
        address holder,
        address spender,
        uint256 nonce,
        uint256 expiry,
        bool allowed,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
