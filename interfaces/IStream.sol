// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISignedCondition} from "./ISignedCondition.sol";

/// @title Paid by growing signed amounts
/// @notice Parameters: `abi.encode(address signer, uint128 cap, bytes32 id)`: the payer's key, the amount that is the full
/// share, and what makes this stream different from all others. Witness: `abi.encode(uint128 cumulative, bytes32 r,
/// bytes32 vs)`: what was paid in sum, and the signature (EIP-2098) of
/// `Voucher(bytes32 paramsHash,uint64 expiry,uint128 cumulative)`. It proves floor(1e18 * min(cumulative, cap) / cap).
interface IStream is ISignedCondition {
    /// @notice Thrown when the cap of a stream is 0: nothing is a share of nothing.
    /// @dev Never agree to such a stream; give it the amount that shall be paid at most.
    error CapIsZero();

    /// @notice EIP-712 digest that the signer signs for a cumulative amount.
    function hashVoucher(bytes32 paramsHash, uint64 expiry, uint128 cumulative) external view returns (bytes32);
}
