// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Channel,
    IChannelManager,
    Parameters,
    Side,
    Signature,
    SignedState,
    StateHeader,
    Transfer,
    Withdrawal
} from "../../interfaces/IChannelManager.sol";
import {Head, Pot} from "../../contracts/libraries/Slots.sol";
import {VM} from "./Vm.sol";

/// @title One call of the manager, with all arguments and all that is stored of the channel unknown
/// @dev The bytecode is the deployed one. Where a rule holds before the call, it holds after it: so it holds for ever.
contract ManagerChecks {
    string private constant BUILT = ".build/proof/forge/out/";

    uint256 private constant RECORDS_SLOT = 4;

    IChannelManager private immutable MANAGER;
    uint256 private immutable CAPACITY_WEI;
    uint256 private immutable CAPACITY_TOKEN;

    constructor() {
        address token = _deploy("TestDai", abi.encode(block.chainid));
        address registry = _deploy("OutcomeRegistry", "");
        CAPACITY_WEI = VM.randomUint(80);
        CAPACITY_TOKEN = VM.randomUint(80);
        Parameters memory parameters = Parameters({
            token: token,
            registry: registry,
            capacityWei: uint128(CAPACITY_WEI),
            capacityToken: uint128(CAPACITY_TOKEN),
            transferLimitWei: uint128(VM.randomUint(128)),
            transferLimitToken: uint128(VM.randomUint(128)),
            minChallengePeriod: 1,
            maxChallengePeriod: type(uint32).max
        });
        MANAGER = IChannelManager(_deploy("ChannelManager", abi.encode(parameters)));
        VM.setArbitraryStorage(address(MANAGER));
        VM.setArbitraryStorage(token);
    }

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

    // --- G2: other channels ---

    function check_G2_a_top_up_changes_no_other_channel(bytes32 channelId, Side side, uint128 amount, bytes32 otherId)
        external
        payable
    {
        VM.assume(otherId != channelId);
        bytes32 before = VM.load(address(MANAGER), _headSlot(otherId));
        _call(abi.encodeCall(MANAGER.topUp, (channelId, side, amount)));
        assert(VM.load(address(MANAGER), _headSlot(otherId)) == before);
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

    function _call(bytes memory data) private returns (bool done) {
        (done,) = address(MANAGER).call{value: msg.value}(data);
    }

    function _headOf(bytes32 channelId) private view returns (Head) {
        return Head.wrap(uint256(VM.load(address(MANAGER), _headSlot(channelId))));
    }

    function _headSlot(bytes32 channelId) private pure returns (bytes32) {
        return keccak256(abi.encode(channelId, RECORDS_SLOT));
    }

    function _secondOf(bytes32 channelId) private view returns (Pot) {
        return Pot.wrap(uint256(VM.load(address(MANAGER), bytes32(uint256(_headSlot(channelId)) + 2))));
    }

    function _deploy(string memory name, bytes memory arguments) private returns (address deployed) {
        bytes memory code = abi.encodePacked(VM.getCode(string.concat(BUILT, name, ".sol/", name, ".json")), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), name);
    }
}
