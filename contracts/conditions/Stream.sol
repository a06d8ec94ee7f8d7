// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FULL_SHARE, ICondition} from "../../interfaces/ICondition.sol";
import {IStream} from "../../interfaces/IStream.sol";
import {SignedCondition} from "./SignedCondition.sol";

/// @title Paid by growing signed amounts
/// @notice See `IStream`.
contract Stream is IStream, SignedCondition {
    bytes32 private constant VOUCHER_TYPEHASH =
        keccak256("Voucher(bytes32 paramsHash,uint64 expiry,uint128 cumulative)");

    /// @inheritdoc ICondition
    function evaluate(bytes calldata params, uint64 expiry, bytes calldata witness) external view returns (uint256) {
        _requireLengths(params, 96, witness, 96);
        (address signer, uint128 cap,) = abi.decode(params, (address, uint128, bytes32));
        (uint128 cumulative, bytes32 r, bytes32 vs) = abi.decode(witness, (uint128, bytes32, bytes32));
        if (cap == 0) revert CapIsZero();
        _requireSigned(hashVoucher(keccak256(params), expiry, cumulative), r, vs, signer);
        return cumulative < cap ? FULL_SHARE * cumulative / cap : FULL_SHARE;
    }

    /// @inheritdoc IStream
    function hashVoucher(bytes32 paramsHash, uint64 expiry, uint128 cumulative) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, paramsHash, expiry, cumulative)));
    }
}
