// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Delivery} from "../libraries/Delivery.sol";

/// @title `Delivery` beside the same in plain Solidity
contract DeliveryHarness {
    /// @dev A true is left in the memory into which a token's answer is written: an answer shorter than a word must not
    /// uncover it.
    modifier dirtyScratchSpace() {
        assembly ("memory-safe") {
            mstore(0x00, 1)
        }
        _;
    }

    receive() external payable {}

    function sendWei(address to, uint256 amount, uint256 gasLimit) external returns (bool) {
        return Delivery.sendWei(to, amount, gasLimit);
    }

    function sendToken(address token, address to, uint256 amount, uint256 gasLimit)
        external
        dirtyScratchSpace
        returns (bool)
    {
        return Delivery.sendToken(token, to, amount, gasLimit);
    }

    function pullToken(address token, address from, uint256 amount) external dirtyScratchSpace returns (bool) {
        return Delivery.pullToken(token, from, amount);
    }

    function plainSendWei(address to, uint256 amount, uint256 gasLimit) external returns (bool delivered) {
        (delivered,) = to.call{value: amount, gas: gasLimit}("");
    }

    function plainSendToken(address token, address to, uint256 amount, uint256 gasLimit) external returns (bool) {
        return _plainCall(token, abi.encodeWithSignature("transfer(address,uint256)", to, amount), gasLimit);
    }

    function plainPullToken(address token, address from, uint256 amount) external returns (bool) {
        bytes memory data =
            abi.encodeWithSignature("transferFrom(address,address,uint256)", from, address(this), amount);
        return _plainCall(token, data, gasleft());
    }

    function _plainCall(address token, bytes memory data, uint256 gasLimit) private returns (bool) {
        (bool succeeded, bytes memory result) = token.call{gas: gasLimit}(data);
        if (!succeeded) return false;
        if (result.length == 0) return token.code.length != 0;
        return result.length >= 32 && abi.decode(result, (uint256)) == 1;
    }
}
