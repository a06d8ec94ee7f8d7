// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Channel} from "../../interfaces/IChannelManager.sol";

/// @title Ids of channels
library ChannelIds {
    /// @notice keccak256(abi.encode(chainId, address(this), channel)), without checking each field again: every
    /// operation needs it, and a tuple with dirty bits only has an id of its own, under which no channel can be opened,
    /// because the first deposit reads every field.
    function idOf(Channel calldata channel, uint256 chainId) internal view returns (bytes32 channelId) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, chainId)
            mstore(add(data, 0x20), address())
            calldatacopy(add(data, 0x40), channel, 0xc0)
            channelId := keccak256(data, 0x100)
        }
    }
}
