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
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.deposit, (channel, side, amount)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_a_top_up_changes_no_other_channel(bytes32 channelId, Side side, uint128 amount, bytes32 otherId)
        external
        payable
    {
        VM.assume(otherId != channelId);
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.topUp, (channelId, side, amount)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_collateral_changes_no_other_channel(
        Channel calldata channel,
        uint128 amountWei,
        uint128 amountToken,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.collateralize, (channel, amountWei, amountToken)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_a_withdrawal_changes_no_other_channel(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata user,
        Signature calldata node,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.withdraw, (channel, withdrawal, user, node)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_a_checkpoint_changes_no_other_channel(
        Channel calldata channel,
        SignedState calldata signed,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.checkpoint, (channel, signed)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_a_dispute_changes_no_other_channel(
        Channel calldata channel,
        SignedState calldata signed,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.startDispute, (channel, signed)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_an_exit_changes_no_other_channel(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata exit,
        SignedState calldata signed,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.startDisputeWithExit, (channel, deadline, exit, signed)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_a_resume_changes_no_other_channel(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata user,
        Signature calldata node,
        bytes32 otherId
    ) external payable {
        VM.assume(otherId != MANAGER.channelIdOf(channel));
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.resume, (channel, deadline, user, node)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_funding_changes_no_channel(address account, uint128 amountToken, bytes32 otherId)
        external
        payable
    {
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.fund, (account, amountToken)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_a_reserve_paid_out_changes_no_channel(
        uint128 amountWei,
        uint128 amountToken,
        address recipient,
        bytes32 otherId
    ) external payable {
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.withdrawReserve, (amountWei, amountToken, recipient)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_credit_paid_out_changes_no_channel(
        uint128 amountWei,
        uint128 amountToken,
        address recipient,
        bytes32 otherId
    ) external payable {
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.withdrawCredit, (amountWei, amountToken, recipient)));
        _assertSame(_wordsOf(otherId), before);
    }

    function check_G2_pushed_credit_changes_no_channel(address account, Asset asset, bytes32 otherId) external payable {
        Words memory before = _wordsOf(otherId);
        _call(abi.encodeCall(MANAGER.pushCredit, (account, asset)));
        _assertSame(_wordsOf(otherId), before);
    }

    function _wordsOf(bytes32 channelId) private view returns (Words memory) {
        return Words(_headOf(channelId), _recordedOf(channelId), _secondOf(channelId));
    }

    function _assertSame(Words memory words, Words memory before) private pure {
        assert(Head.unwrap(words.head) == Head.unwrap(before.head));
        assert(words.recorded == before.recorded);
        assert(Pot.unwrap(words.second) == Pot.unwrap(before.second));
    }
}
