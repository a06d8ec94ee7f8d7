// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What a condition does when it is asked.
enum Answer {
    Returns,
    Reverts,
    BurnsGas,
    ReturnsBomb,
    RevertsWithBomb,
    Writes,
    CallsBack,
    DependsOnCaller,
    DependsOnGas,
    DependsOnBlock
}

/// @title A condition that may answer in every wrong way, and say different things to different askers
contract HostileCondition {
    /// @dev Memory for this much costs 57 000 gas: the condition pays for it, and whoever copies it pays again.
    uint256 private constant BOMB_BYTES = 150_000;
    uint256 private constant ALL = 1e18;
    uint256 private constant LITTLE = 1;

    Answer private _answer;
    bytes private _data;
    uint256 private _number;
    uint256 private _written;

    /// @notice Return exactly these bytes.
    function returning(bytes calldata data) external {
        (_answer, _data) = (Answer.Returns, data);
    }

    /// @notice Revert with exactly these bytes.
    function reverting(bytes calldata data) external {
        (_answer, _data) = (Answer.Reverts, data);
    }

    /// @notice Answer in this way; where it can, with all the share.
    function behave(Answer answer) external {
        _answer = answer;
    }

    /// @notice Call whoever asks with this, and answer with all if that succeeds, else with 1.
    function callingBack(bytes calldata data) external {
        (_answer, _data) = (Answer.CallsBack, data);
    }

    /// @notice Answer with all to who gives more gas than this, to others with 1.
    function dependingOnGas(uint256 threshold) external {
        (_answer, _number) = (Answer.DependsOnGas, threshold);
    }

    /// @notice Answer with all from this block on, before with 1.
    function dependingOnBlock(uint256 number) external {
        (_answer, _number) = (Answer.DependsOnBlock, number);
    }

    /// @notice As `ICondition` has it, but not bound to be a view.
    function evaluate(bytes calldata, uint64, bytes calldata) external returns (uint256) {
        if (_answer == Answer.Returns) _return(_data);
        if (_answer == Answer.Reverts) _revert(_data);
        if (_answer == Answer.BurnsGas) _burnGas();
        if (_answer == Answer.ReturnsBomb) _returnBomb();
        if (_answer == Answer.RevertsWithBomb) _revertWithBomb();
        if (_answer == Answer.Writes) ++_written;
        if (_answer == Answer.CallsBack) return _callBack();
        // solhint-disable-next-line avoid-tx-origin
        if (_answer == Answer.DependsOnCaller) return msg.sender == tx.origin ? ALL : LITTLE;
        if (_answer == Answer.DependsOnGas) return gasleft() > _number ? ALL : LITTLE;
        if (_answer == Answer.DependsOnBlock) return block.number >= _number ? ALL : LITTLE;
        return ALL;
    }

    function _callBack() private returns (uint256) {
        (bool succeeded,) = msg.sender.call(_data);
        return succeeded ? ALL : LITTLE;
    }

    function _return(bytes memory data) private pure {
        assembly ("memory-safe") {
            return(add(data, 0x20), mload(data))
        }
    }

    function _revert(bytes memory data) private pure {
        assembly ("memory-safe") {
            revert(add(data, 0x20), mload(data))
        }
    }

    function _burnGas() private pure {
        assembly ("memory-safe") {
            invalid()
        }
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
}
