// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Channel,
    Side,
    Signature,
    SignedState,
    StateHeader,
    Transfer,
    Withdrawal
} from "../../interfaces/IChannelManager.sol";
import {Head} from "../../contracts/libraries/Slots.sol";
import {OneCall} from "./OneCall.sol";
import {VM} from "./Vm.sol";

/// @title One call of the manager, with all arguments and all that is stored of the channel unknown
/// @dev Where a rule holds before the call, it holds after it: so it holds for ever.
contract ManagerChecks is OneCall {
    // --- G6: nothing brings a settled channel back ---

    function check_G6_tombstone_refuses_deposit(Channel calldata channel, Side side, uint128 amount) external payable {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.deposit, (channel, side, amount)));
    }

    function check_G6_tombstone_refuses_top_up(bytes32 channelId, Side side, uint128 amount) external payable {
        _assumeSettled(channelId);
        _assertRefused(abi.encodeCall(MANAGER.topUp, (channelId, side, amount)));
    }

    function check_G6_tombstone_refuses_collateralize(Channel calldata channel, uint128 amountWei, uint128 amountToken)
        external
        payable
    {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.collateralize, (channel, amountWei, amountToken)));
    }

    function check_G6_tombstone_refuses_withdraw(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata user,
        Signature calldata node
    ) external payable {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.withdraw, (channel, withdrawal, user, node)));
    }

    function check_G6_tombstone_refuses_checkpoint(Channel calldata channel, SignedState calldata signed)
        external
        payable
    {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.checkpoint, (channel, signed)));
    }

    function check_G6_tombstone_refuses_start_dispute(Channel calldata channel, SignedState calldata signed)
        external
        payable
    {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.startDispute, (channel, signed)));
    }

    function check_G6_tombstone_refuses_start_dispute_with_exit(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata exit,
        SignedState calldata signed
    ) external payable {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.startDisputeWithExit, (channel, deadline, exit, signed)));
    }

    function check_G6_tombstone_refuses_resume(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata user,
        Signature calldata node
    ) external payable {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.resume, (channel, deadline, user, node)));
    }

    /// @custom:halmos --array-lengths transfers={0,1}
    function check_G6_tombstone_refuses_settle(
        Channel calldata channel,
        StateHeader calldata state,
        Transfer[] calldata transfers
    ) external payable {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.settle, (channel, state, transfers)));
    }

    /// @custom:halmos --array-lengths transfers={0,1}
    function check_G6_tombstone_refuses_close(
        Channel calldata channel,
        SignedState calldata signed,
        Transfer[] calldata transfers
    ) external payable {
        _assumeSettled(MANAGER.channelIdOf(channel));
        _assertRefused(abi.encodeCall(MANAGER.close, (channel, signed, transfers)));
    }

    // --- G8: capacity ---

    function check_G8_capacity_holds_after_a_deposit(Channel calldata channel, Side side, uint128 amount)
        external
        payable
    {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        VM.assume(_isWithinCapacity(channelId));
        _call(abi.encodeCall(MANAGER.deposit, (channel, side, amount)));
        assert(_isWithinCapacity(channelId));
    }

    function check_G8_capacity_holds_after_a_top_up(bytes32 channelId, Side side, uint128 amount) external payable {
        VM.assume(_isWithinCapacity(channelId));
        _call(abi.encodeCall(MANAGER.topUp, (channelId, side, amount)));
        assert(_isWithinCapacity(channelId));
    }

    function check_G8_capacity_holds_after_collateral(Channel calldata channel, uint128 amountWei, uint128 amountToken)
        external
        payable
    {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        VM.assume(_isWithinCapacity(channelId));
        _call(abi.encodeCall(MANAGER.collateralize, (channel, amountWei, amountToken)));
        assert(_isWithinCapacity(channelId));
    }

    function check_G8_capacity_holds_after_a_withdrawal(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata user,
        Signature calldata node
    ) external payable {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        VM.assume(_isWithinCapacity(channelId));
        _call(abi.encodeCall(MANAGER.withdraw, (channel, withdrawal, user, node)));
        assert(_isWithinCapacity(channelId));
    }

    // --- G6: numbers are never used twice ---

    function check_G6_a_withdrawal_uses_up_its_sequence(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata user,
        Signature calldata node
    ) external payable {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        Head before = _headOf(channelId);
        bool done = _call(abi.encodeCall(MANAGER.withdraw, (channel, withdrawal, user, node)));
        Head afterwards = _headOf(channelId);
        assert(!done || withdrawal.sequence == before.sequence());
        assert(afterwards.sequence() == uint256(before.sequence()) + (done ? 1 : 0));
        assert(afterwards.dispute() == before.dispute() && afterwards.deadline() == before.deadline());
    }

    function check_G6_a_dispute_gets_the_next_number(Channel calldata channel, SignedState calldata signed)
        external
        payable
    {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        Head before = _headOf(channelId);
        bool done = _call(abi.encodeCall(MANAGER.startDispute, (channel, signed)));
        Head afterwards = _headOf(channelId);
        assert(!done || before.deadline() == 0);
        assert(afterwards.dispute() == uint256(before.dispute()) + (done ? 1 : 0));
        assert(afterwards.sequence() == before.sequence());
        assert(!done || afterwards.deadline() == uint40(block.timestamp + channel.challengePeriod));
    }

    function check_G6_an_exit_starts_the_next_dispute(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata exit,
        SignedState calldata signed
    ) external payable {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        Head before = _headOf(channelId);
        bool done = _call(abi.encodeCall(MANAGER.startDisputeWithExit, (channel, deadline, exit, signed)));
        Head afterwards = _headOf(channelId);
        assert(!done || before.deadline() == 0);
        assert(afterwards.dispute() == uint256(before.dispute()) + (done ? 1 : 0));
        assert(afterwards.sequence() == before.sequence());
    }

    /// @dev And never the last one, so that there is a number for the next exit (G5).
    function check_G5_a_resume_leaves_a_number_for_the_next_dispute(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata user,
        Signature calldata node
    ) external payable {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        Head before = _headOf(channelId);
        bool done = _call(abi.encodeCall(MANAGER.resume, (channel, deadline, user, node)));
        Head afterwards = _headOf(channelId);
        assert(!done || before.dispute() < type(uint16).max);
        assert(afterwards.dispute() == before.dispute() && afterwards.sequence() == before.sequence());
        assert(afterwards.deadline() == (done ? 0 : before.deadline()));
    }

    /// @dev Every newer state, and no restart of the clock.
    function check_G5_a_checkpoint_does_not_move_the_deadline(Channel calldata channel, SignedState calldata signed)
        external
        payable
    {
        bytes32 channelId = MANAGER.channelIdOf(channel);
        Head before = _headOf(channelId);
        _call(abi.encodeCall(MANAGER.checkpoint, (channel, signed)));
        Head afterwards = _headOf(channelId);
        assert(afterwards.deadline() == before.deadline());
        assert(afterwards.dispute() == before.dispute());
        assert(afterwards.sequence() == before.sequence());
    }

    function _assumeSettled(bytes32 channelId) private view {
        Head head = _headOf(channelId);
        VM.assume(head.isFunded() && head.isSettled());
    }

    /// @dev A channel that was never funded holds nothing, and has nothing but zeros.
    function _isWithinCapacity(bytes32 channelId) private view returns (bool) {
        Head head = _headOf(channelId);
        if (!head.isFunded()) return Head.unwrap(head) == 0;
        (uint256 first, uint256 second) =
            head.isTokenFirst() ? (CAPACITY_TOKEN, CAPACITY_WEI) : (CAPACITY_WEI, CAPACITY_TOKEN);
        return head.isSettled()
            || (head.firstPot().total() <= first && (!head.hasSecond() || _secondOf(channelId).total() <= second));
    }

    function _assertRefused(bytes memory data) private {
        assert(!_call(data));
    }
}
