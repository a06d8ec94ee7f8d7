// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What a double does when money reaches it or is asked of it. The second group is for tokens only.
enum Conduct {
    Honest,
    Reverts,
    BurnsGas,
    SpendsGas,
    ReturnsBomb,
    RevertsWithBomb,
    CallsBack,
    ReturnsNothing,
    ReturnsFalse,
    ReturnsTwo,
    ReturnsShortTrue,
    ReturnsLongTrue,
    RevertsWithTrue,
    TakesFee
}

/// @title What hostile tokens and recipients have in common
abstract contract Hostile {
    /// @dev Memory for this much costs 57 000 gas: a stipend pays for it once, and whoever copies it pays again.
    uint256 private constant BOMB_BYTES = 150_000;
    /// @dev Longer than the fixed part of the arguments of any function of the manager.
    uint256 private constant PADDING_BYTES = 1024;

    event CalledBack(uint256 index, bool succeeded, bytes32 answer);

    error Refused();

    Conduct internal _conduct;
    uint64 private _gasToSpend;
    bytes[] private _callbacks;

    function behave(Conduct conduct) external {
        _conduct = conduct;
    }

    /// @notice Succeed, after spending this much gas.
    function spendGas(uint64 amount) external {
        _conduct = Conduct.SpendsGas;
        _gasToSpend = amount;
    }

    /// @notice Make these calls to whoever called, one after the other, and report the first word of each answer. A
    /// selector alone is enough: zeros follow.
    function callBack(bytes[] calldata callbacks) external {
        _conduct = Conduct.CallsBack;
        _callbacks = callbacks;
    }

    function _act() internal {
        if (_conduct == Conduct.Reverts) revert Refused();
        if (_conduct == Conduct.BurnsGas) _burnGas();
        if (_conduct == Conduct.SpendsGas) _spendGas();
        if (_conduct == Conduct.ReturnsBomb) _returnBomb();
        if (_conduct == Conduct.RevertsWithBomb) _revertWithBomb();
        if (_conduct == Conduct.CallsBack) _callBack();
    }

    function _burnGas() private pure {
        assembly ("memory-safe") {
            invalid()
        }
    }

    function _spendGas() private view {
        uint256 start = gasleft();
        uint256 amount = _gasToSpend;
        while (start - gasleft() < amount) {}
    }

    function _returnBomb() private pure {
        assembly ("memory-safe") {
            return(0, BOMB_BYTES)
        }
    }

    function _revertWithBomb() private pure {
        assembly ("memory-safe") {
            revert(0, BOMB_BYTES)
        }
    }

    function _callBack() private {
        bytes memory padding = new bytes(PADDING_BYTES);
        for (uint256 i = 0; i < _callbacks.length; ++i) {
            (bool succeeded, bytes memory answer) = msg.sender.call(bytes.concat(_callbacks[i], padding));
            emit CalledBack(i, succeeded, bytes32(answer));
        }
    }
}
