// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Transfer} from "../../interfaces/IChannelManager.sol";
import {Messages} from "../libraries/Messages.sol";

/// @title The hash of a list of transfers beside the same in plain Solidity
contract MessagesHarness {
    /// @return transfersHash What the library says.
    /// @return before Memory from before it was asked.
    /// @return fresh Memory that was taken after it.
    function hash(Transfer[] calldata transfers)
        external
        pure
        returns (bytes32 transfersHash, bytes memory before, bytes memory fresh)
    {
        before = "memory that was in use before the list was hashed";
        transfersHash = Messages.hash(transfers);
        fresh = new bytes(1024);
    }

    function plainHash(Transfer[] calldata transfers) external pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](transfers.length);
        for (uint256 i = 0; i < transfers.length; ++i) {
            hashes[i] = keccak256(abi.encode(Messages.TRANSFER_TYPEHASH, transfers[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
