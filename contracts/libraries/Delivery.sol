// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Calls that hand out or pull in money
/// @notice Assembly so that a payee cannot make us copy what it returns: at most one word is read.
library Delivery {
    /// @notice Sends wei. Reports failure instead of reverting.
    /// @param gasLimit Gas for the recipient; the caller makes sure that this much can be given.
    function sendWei(address to, uint256 amount, uint256 gasLimit) internal returns (bool delivered) {
        assembly ("memory-safe") {
            delivered := call(gasLimit, to, amount, 0, 0, 0, 0)
        }
    }

    /// @notice Sends tokens. Reports failure instead of reverting; a token may return nothing or true.
    /// @param gasLimit Gas for the token; the caller makes sure that this much can be given.
    function sendToken(address token, address to, uint256 amount, uint256 gasLimit) internal returns (bool) {
        return _callToken(token, abi.encodeWithSignature("transfer(address,uint256)", to, amount), gasLimit);
    }

    /// @notice Pulls tokens that `from` allowed to this contract. Reports failure instead of reverting.
    function pullToken(address token, address from, uint256 amount) internal returns (bool) {
        bytes memory data =
            abi.encodeWithSignature("transferFrom(address,address,uint256)", from, address(this), amount);
        return _callToken(token, data, gasleft());
    }

    /// @dev Succeeds where the token returned nothing or exactly true (and, without a word, has code).
    function _callToken(address token, bytes memory data, uint256 gasLimit) private returns (bool done) {
        assembly ("memory-safe") {
            done := call(gasLimit, token, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            switch returndatasize()
            case 0 { done := and(done, gt(extcodesize(token), 0)) }
            default { done := and(done, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))) }
        }
    }
}
