// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Asset, Channel, Side, Signature, SignedState, Withdrawal} from "../../interfaces/IChannelManager.sol";
import {Head, Pot} from "../../contracts/libraries/Slots.sol";
import {OneCall} from "./OneCall.sol";
import {VM} from "./Vm.sol";

/// @title One call of the manager, about one channel or account: all that is stored of any other channel stays (G2)
contract IsolationChecks is OneCall {
    struct Words {
        Head head;
        bytes32 recorded;
        Pot second;
    }

    function check_G2_a_deposit_changes_no_other_channel(
        Channel calldata channel,
        Side side,
        uint128 amount,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.deposit, (channel, side, amount)));
    }

    function check_G2_a_top_up_changes_no_other_channel(bytes32 channelId, Side side, uint128 amount, bytes32 otherId)
        external
        payable
    {
        VM.assume(otherId != channelId);
        _callBeside(otherId, abi.encodeCall(MANAGER.topUp, (channelId, side, amount)));
    }

    function check_G2_collateral_changes_no_other_channel(
        Channel calldata channel,
        uint128 amountWei,
        uint128 amountToken,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.collateralize, (channel, amountWei, amountToken)));
    }

    function check_G2_a_withdrawal_changes_no_other_channel(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata user,
        Signature calldata node,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.withdraw, (channel, withdrawal, user, node)));
    }

    function check_G2_a_checkpoint_changes_no_other_channel(
        Channel calldata channel,
        SignedState calldata signed,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.checkpoint, (channel, signed)));
    }

    function check_G2_a_dispute_changes_no_other_channel(
        Channel calldata channel,
        SignedState calldata signed,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.startDispute, (channel, signed)));
    }

    function check_G2_an_exit_changes_no_other_channel(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata exit,
        SignedState calldata signed,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.startDisputeWithExit, (channel, deadline, exit, signed)));
    }

    function check_G2_a_resume_changes_no_other_channel(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata user,
        Signature calldata node,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        _callBeside(otherId, abi.encodeCall(MANAGER.resume, (channel, deadline, user, node)));
    }

    function check_G2_funding_changes_no_channel(address account, uint128 amountToken, bytes32 otherId)
        external
        payable
    {
        _callBeside(otherId, abi.encodeCall(MANAGER.fund, (account, amountToken)));
    }

    function check_G2_a_reserve_paid_out_changes_no_channel(
        uint128 amountWei,
        uint128 amountToken,
        address recipient,
        bytes32 otherId
    ) external payable {
        _callBeside(otherId, abi.encodeCall(MANAGER.withdrawReserve, (amountWei, amountToken, recipient)));
    }

    function check_G2_credit_paid_out_changes_no_channel(
        uint128 amountWei,
        uint128 amountToken,
        address recipient,
        bytes32 otherId
    ) external payable {
        _callBeside(otherId, abi.encodeCall(MANAGER.withdrawCredit, (amountWei, amountToken, recipient)));
    }

    function check_G2_pushed_credit_changes_no_channel(address account, Asset asset, bytes32 otherId) external payable {
        _callBeside(otherId, abi.encodeCall(MANAGER.pushCredit, (account, asset)));
    }

    function _wordsOf(bytes32 channelId) private view returns (Words memory) {
        return Words(_headOf(channelId), _recordedOf(channelId), _secondOf(channelId));
    }

    /// @dev The call may do what it does, but not to the other channel.
    function _callBeside(bytes32 otherId, bytes memory data) private {
        Words memory before = _wordsOf(otherId);
        _call(data);
        Words memory words = _wordsOf(otherId);
        assert(Head.unwrap(words.head) == Head.unwrap(before.head));
        assert(words.recorded == before.recorded);
        assert(Pot.unwrap(words.second) == Pot.unwrap(before.second));
    }
}
