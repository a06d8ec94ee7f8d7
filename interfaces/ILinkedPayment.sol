// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISignedCondition} from "./ISignedCondition.sol";

/// @title Paid when the key of a link says so
/// @notice Parameters: `abi.encode(address signer, bytes32 id)`: the link's key, and what makes this link different from
/// all others. Witness: `abi.encode(bytes32 r, bytes32 vs)`: the key's signature (EIP-2098) of
/// `Release(bytes32 paramsHash,uint64 expiry)`. It proves the full share. By its signature of a
/// `Request(bytes32 paramsHash,uint64 expiry,bytes32 channelId)` the key names the channel in which it wants to receive:
/// that is between payee and node, and proves nothing here.
interface ILinkedPayment is ISignedCondition {
    /// @notice EIP-712 digest that the link's key signs to have the payment released.
    function hashRelease(bytes32 paramsHash, uint64 expiry) external view returns (bytes32);

    /// @notice EIP-712 digest that the link's key signs to name the receiving channel.
    function hashRequest(bytes32 paramsHash, uint64 expiry, bytes32 channelId) external view returns (bytes32);
}
