// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a called contract gave back, for reports
library Reasons {
    uint256 private constant MAX_BYTES = 256;

    /// @notice What the last call returned or reverted with, cut to a size that it cannot make expensive.
    function bounded() internal pure returns (bytes memory reason) {
        uint256 size;
        assembly ("memory-safe") {
            size := returndatasize()
        }
        reason = new bytes(size < MAX_BYTES ? size : MAX_BYTES);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, mload(reason))
        }
    }
}
