// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conduct, Hostile} from "./Hostile.sol";

/// @title A token that moves, fails and answers in every wrong way
/// @notice Anyone may mint; `transferFrom` needs no allowance, so that only the conduct decides.
contract HostileToken is Hostile {
    uint256 private constant FEE_PERCENT = 1;

    mapping(address owner => uint256 amount) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        _answer(_move(msg.sender, to, amount));
    }

    function transferFrom(address from, address to, uint256 amount) external {
        _answer(_move(from, to, amount));
    }

    /// @notice DAI's signature; accepts everything.
    function permit(address, address, uint256, uint256, bool, uint8, bytes32, bytes32) external {
        _act();
    }

    /// @return whether anything moved
    function _move(address from, address to, uint256 amount) private returns (bool) {
        _act();
        if (_conduct == Conduct.ReturnsFalse || _conduct == Conduct.ReturnsTwo) return false;
        if (_conduct == Conduct.ReturnsShortTrue || _conduct == Conduct.RevertsWithTrue) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += _conduct == Conduct.TakesFee ? amount - amount * FEE_PERCENT / 100 : amount;
        return true;
    }

    function _answer(bool moved) private view {
        uint256 word = _conduct == Conduct.ReturnsTwo ? 2 : (moved ? 1 : 0);
        uint256 size = 0x20;
        if (_conduct == Conduct.ReturnsNothing) size = 0;
        if (_conduct == Conduct.ReturnsLongTrue) size = 0x40;
        if (_conduct == Conduct.ReturnsShortTrue || _conduct == Conduct.RevertsWithTrue) word = 1;
        bool reverts = _conduct == Conduct.RevertsWithTrue;
        uint256 offset = 0;
        if (_conduct == Conduct.ReturnsShortTrue) (offset, size) = (1, 0x1f);
        assembly ("memory-safe") {
            mstore(0x00, word)
            mstore(0x20, 0)
            if reverts { revert(offset, size) }
            return(offset, size)
        }
    }
}
