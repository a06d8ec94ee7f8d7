// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FULL_SHARE, ICondition} from "../../interfaces/ICondition.sol";
import {ILinkedPayment} from "../../interfaces/ILinkedPayment.sol";
import {SignedCondition} from "./SignedCondition.sol";

/// @title Paid when the key of a link says so
/// @notice See `ILinkedPayment`.
contract LinkedPayment is ILinkedPayment, SignedCondition {
    bytes32 private constant RELEASE_TYPEHASH = keccak256("Release(bytes32 paramsHash,uint64 expiry)");
    bytes32 private constant REQUEST_TYPEHASH =
        keccak256("Request(bytes32 paramsHash,uint64 expiry,bytes32 channelId)");

    /// @inheritdoc ICondition
    function evaluate(bytes calldata params, uint64 expiry, bytes calldata witness) external view returns (uint256) {
        _requireLengths(params, 64, witness, 64);
        (address signer,) = abi.decode(params, (address, bytes32));
        (bytes32 r, bytes32 vs) = abi.decode(witness, (bytes32, bytes32));
        _requireSigned(hashRelease(keccak256(params), expiry), r, vs, signer);
        return FULL_SHARE;
    }

    /// @inheritdoc ILinkedPayment
    function hashRelease(bytes32 paramsHash, uint64 expiry) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RELEASE_TYPEHASH, paramsHash, expiry)));
    }

    /// @inheritdoc ILinkedPayment
    function hashRequest(bytes32 paramsHash, uint64 expiry, bytes32 channelId) external view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REQUEST_TYPEHASH, paramsHash, expiry, channelId)));
    }
}
