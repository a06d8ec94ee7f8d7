// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StateHeader, Transfer, Withdrawal} from "../../interfaces/IChannelManager.sol";

/// @title EIP-712 struct hashes of everything that is signed
/// @notice One typed struct per kind of message, so that no signature can be taken for another kind (G6).
/// docs/protocol.md section 4.
library Messages {
    bytes32 internal constant TRANSFER_TYPEHASH = keccak256(
        "Transfer(uint64 id,uint8 payer,uint8 asset,uint128 amount,address condition,bytes32 paramsHash,uint64 expiry)"
    );
    bytes32 internal constant STATE_TYPEHASH = keccak256(
        "State(bytes32 channelId,uint64 nonce,int128 userWei,int128 nodeWei,int128 userToken,int128 nodeToken,Transfer[] transfers,bool isFinal)"
        "Transfer(uint64 id,uint8 payer,uint8 asset,uint128 amount,address condition,bytes32 paramsHash,uint64 expiry)"
    );
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(bytes32 channelId,uint64 sequence,uint128 userWei,uint128 nodeWei,uint128 userToken,uint128 nodeToken,address recipient,uint64 deadline)"
    );
    bytes32 internal constant EXIT_TYPEHASH = keccak256("Exit(bytes32 channelId,uint64 dispute,uint64 deadline)");
    bytes32 internal constant RESUME_TYPEHASH = keccak256("Resume(bytes32 channelId,uint64 dispute,uint64 deadline)");

    /// @dev Hash of an empty list of transfers.
    bytes32 internal constant NO_TRANSFERS = keccak256("");

    function hash(bytes32 channelId, StateHeader calldata state) internal pure returns (bytes32) {
        uint256 fields;
        assembly ("memory-safe") {
            fields := state
        }
        return _hash(STATE_TYPEHASH, channelId, fields);
    }

    /// @dev Hash of the state that every channel starts with: nothing paid yet.
    function hashInitialState(bytes32 channelId) internal pure returns (bytes32) {
        return keccak256(abi.encode(STATE_TYPEHASH, channelId, 0, 0, 0, 0, 0, NO_TRANSFERS, false));
    }

    /// @dev keccak256 of the concatenated struct hashes, without checking each field again: what is used of a transfer is
    /// checked where it is read. Struct hashes are written over the memory behind the list, which is not kept.
    function hash(Transfer[] calldata transfers) internal pure returns (bytes32 transfersHash) {
        bytes32 typehash = TRANSFER_TYPEHASH;
        assembly ("memory-safe") {
            let hashes := mload(0x40)
            let end := add(hashes, shl(5, transfers.length))
            mstore(end, typehash)
            let source := transfers.offset
            for { let at := hashes } lt(at, end) { at := add(at, 0x20) } {
                calldatacopy(add(end, 0x20), source, 0xe0)
                mstore(at, keccak256(end, 0x100))
                source := add(source, 0xe0)
            }
            transfersHash := keccak256(hashes, shl(5, transfers.length))
        }
    }

    function hash(bytes32 channelId, Withdrawal calldata withdrawal) internal pure returns (bytes32) {
        uint256 fields;
        assembly ("memory-safe") {
            fields := withdrawal
        }
        return _hash(WITHDRAWAL_TYPEHASH, channelId, fields);
    }

    function hashExit(bytes32 channelId, uint64 dispute, uint64 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(EXIT_TYPEHASH, channelId, dispute, deadline));
    }

    function hashResume(bytes32 channelId, uint64 dispute, uint64 deadline) internal pure returns (bytes32) {
        return keccak256(abi.encode(RESUME_TYPEHASH, channelId, dispute, deadline));
    }

    /// @dev Of a channel's message whose 7 fields stand in calldata as they are signed, without checking each field again:
    /// it is checked where it is read. All of a state's are read before it is recorded (for the event) or paid out.
    function _hash(bytes32 typehash, bytes32 channelId, uint256 fields) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, typehash)
            mstore(add(data, 0x20), channelId)
            calldatacopy(add(data, 0x40), fields, 0xe0)
            result := keccak256(data, 0x120)
        }
    }
}
