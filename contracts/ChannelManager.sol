// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {
    Asset,
    Channel,
    ChannelView,
    IChannelManager,
    Parameters,
    Side,
    Signature,
    SignedState,
    StateHeader,
    Status,
    Transfer,
    Withdrawal
} from "../interfaces/IChannelManager.sol";
import {IOutcomeRegistry} from "../interfaces/IOutcomeRegistry.sol";
import {Accounts} from "./Accounts.sol";
import {ChannelIds} from "./libraries/ChannelIds.sol";
import {Ledgers, Record} from "./libraries/Ledgers.sol";
import {Locks} from "./libraries/Locks.sol";
import {Messages} from "./libraries/Messages.sol";
import {Pair, Pairs} from "./libraries/Pairs.sol";
import {Settlement} from "./libraries/Settlement.sol";
import {Head, Pot, Pots, Recorded, RecordedStates} from "./libraries/Slots.sol";

/// @title Payment channels in ETH and one token
/// @notice See `IChannelManager` for what each function does, who may call it and what its errors mean.
contract ChannelManager is Accounts, EIP712 {
    using ChannelIds for Channel;
    using Ledgers for Record;

    uint256 private constant MAX_CAPACITY = type(uint80).max;
    uint256 private constant MAX_NONCE = type(uint48).max;
    uint256 private constant MAX_DISPUTE = type(uint16).max;
    uint256 private constant MAX_SEQUENCE = type(uint16).max;

    /// @dev A channel's id keeps its meaning if the chain splits and changes its id.
    uint256 private immutable DEPLOYMENT_CHAIN_ID = block.chainid;
    address private immutable REGISTRY;
    uint128 private immutable CAPACITY_WEI;
    uint128 private immutable CAPACITY_TOKEN;
    uint128 private immutable TRANSFER_LIMIT_WEI;
    uint128 private immutable TRANSFER_LIMIT_TOKEN;
    uint32 private immutable MIN_CHALLENGE_PERIOD;
    uint32 private immutable MAX_CHALLENGE_PERIOD;

    mapping(bytes32 channelId => Record) private _records;

    constructor(Parameters memory p) Accounts(p.token) EIP712("Connext", "1") {
        if (p.capacityWei > MAX_CAPACITY) revert CapacityTooLarge(Asset.Ether, p.capacityWei, MAX_CAPACITY);
        if (p.capacityToken > MAX_CAPACITY) revert CapacityTooLarge(Asset.Token, p.capacityToken, MAX_CAPACITY);
        if (p.minChallengePeriod == 0 || p.minChallengePeriod > p.maxChallengePeriod) {
            revert ChallengeBoundsInvalid(p.minChallengePeriod, p.maxChallengePeriod);
        }
        if (p.registry.code.length == 0) revert RegistryWithoutCode(p.registry);
        REGISTRY = p.registry;
        CAPACITY_WEI = p.capacityWei;
        CAPACITY_TOKEN = p.capacityToken;
        TRANSFER_LIMIT_WEI = p.transferLimitWei;
        TRANSFER_LIMIT_TOKEN = p.transferLimitToken;
        MIN_CHALLENGE_PERIOD = p.minChallengePeriod;
        MAX_CHALLENGE_PERIOD = p.maxChallengePeriod;
    }

    receive() external payable {
        revert PlainTransferRefused(msg.sender, msg.value);
    }

    // --- Money into channels ---

    /// @inheritdoc IChannelManager
    function deposit(Channel calldata channel, Side side, uint128 amountToken) external payable entrance {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = _openHead(channelId, channel, record);
        _deposit(channelId, record, head, side, amountToken);
    }

    /// @inheritdoc IChannelManager
    function topUp(bytes32 channelId, Side side, uint128 amountToken) external payable entrance {
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireOpen(channelId, head);
        _deposit(channelId, record, head, side, amountToken);
    }

    /// @inheritdoc IChannelManager
    function collateralize(Channel calldata channel, uint128 amountWei, uint128 amountToken)
        external
        payable
        entranceWithoutValue
    {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = _openHead(channelId, channel, record);
        Side side = _sideOf(channelId, channel);

        uint256 movedWei = _room(record, head, Asset.Ether, amountWei);
        uint256 movedToken = _room(record, head, Asset.Token, amountToken);
        if (movedWei == 0 && movedToken == 0) revert NothingMoved();
        _takeReserve(msg.sender, movedWei, movedToken);
        head = _contribute(channelId, record, head, side, Asset.Ether, movedWei);
        record.head = _contribute(channelId, record, head, side, Asset.Token, movedToken);
        emit Collateralized(channelId, side, movedWei, movedToken);
    }

    // --- Money out of an open channel ---

    /// @inheritdoc IChannelManager
    function withdraw(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata userSignature,
        Signature calldata nodeSignature
    ) external payable entranceWithoutValue {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireOpen(channelId, head);
        if (withdrawal.sequence != head.sequence()) {
            revert WrongSequence(channelId, withdrawal.sequence, head.sequence());
        }
        if (head.sequence() == MAX_SEQUENCE) revert LastWithdrawal(channelId, head.sequence());
        _requireUnexpired(withdrawal.deadline);
        _requireOwner(withdrawal.recipient);
        bytes32 digest = hashWithdrawal(channelId, withdrawal);
        _requireSigned(digest, userSignature, channel.userSigner);
        _requireSigned(digest, nodeSignature, channel.nodeSigner);

        head = head.withNextSequence();
        head = _release(channelId, record, head, Asset.Ether, withdrawal.userWei, withdrawal.nodeWei);
        record.head = _release(channelId, record, head, Asset.Token, withdrawal.userToken, withdrawal.nodeToken);
        _addReserve(channel.node, Pairs.pack(withdrawal.nodeWei, withdrawal.nodeToken));
        emit Withdrawn(
            channelId,
            withdrawal.sequence,
            withdrawal.userWei,
            withdrawal.nodeWei,
            withdrawal.userToken,
            withdrawal.nodeToken,
            withdrawal.recipient
        );
        _payOut(channel.user, withdrawal.recipient, withdrawal.userWei, withdrawal.userToken);
    }

    // --- Disputes ---

    /// @inheritdoc IChannelManager
    function checkpoint(Channel calldata channel, SignedState calldata signed) external payable entranceWithoutValue {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireAlive(channelId, head);
        if (head.deadline() != 0) _requireBeforeDeadline(channelId, head);
        uint256 recordedNonce = record.stateOf(head).nonce();
        if (signed.state.nonce <= recordedNonce) revert StateNotNewer(channelId, signed.state.nonce, recordedNonce);
        _record(channelId, channel, record, signed);
        if (!head.hasRecorded()) record.head = head.withRecorded();
    }

    /// @inheritdoc IChannelManager
    function startDispute(Channel calldata channel, SignedState calldata signed) external payable entranceWithoutValue {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireOpen(channelId, head);
        if (!_isParty(channel, msg.sender)) revert NotAParty(channelId, msg.sender);
        _startDispute(channelId, channel, record, head, signed);
    }

    /// @inheritdoc IChannelManager
    function startDisputeWithExit(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata exitSignature,
        SignedState calldata signed
    ) external payable entranceWithoutValue {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireOpen(channelId, head);
        _requireUnexpired(deadline);
        address signer = _recover(hashExit(channelId, uint64(head.dispute()) + 1, deadline), exitSignature);
        if (signer == address(0) || (signer != channel.userSigner && signer != channel.nodeSigner)) {
            revert ExitNotSigned(channelId, signer);
        }
        _startDispute(channelId, channel, record, head, signed);
    }

    /// @inheritdoc IChannelManager
    function resume(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata userSignature,
        Signature calldata nodeSignature
    ) external payable entranceWithoutValue {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireDisputed(channelId, head);
        _requireBeforeDeadline(channelId, head);
        // The next dispute could not be numbered, and without it nobody could leave alone (G5).
        if (head.dispute() == MAX_DISPUTE) revert LastDispute(channelId, head.dispute());
        _requireUnexpired(deadline);
        bytes32 digest = hashResume(channelId, head.dispute(), deadline);
        _requireSigned(digest, userSignature, channel.userSigner);
        _requireSigned(digest, nodeSignature, channel.nodeSigner);

        record.head = head.withDeadline(0);
        emit DisputeResumed(channelId, head.dispute());
    }

    /// @inheritdoc IChannelManager
    function settle(Channel calldata channel, StateHeader calldata state, Transfer[] calldata transfers)
        external
        payable
        entranceWithoutValue
    {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireDisputed(channelId, head);
        if (block.timestamp < head.deadline()) revert DisputeNotOver(channelId, head.deadline(), block.timestamp);
        bytes26 recordedHash = head.hasRecorded() ? record.recorded.stateHash() : _initialStateHash(channelId);
        bytes26 stateHash = bytes26(Messages.hash(channelId, state));
        if (stateHash != recordedHash) revert StateNotRecorded(channelId, stateHash, recordedHash);
        _settle(channelId, channel, record, head, state, transfers);
    }

    /// @inheritdoc IChannelManager
    function close(Channel calldata channel, SignedState calldata signed, Transfer[] calldata transfers)
        external
        payable
        entranceWithoutValue
    {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        _requireAlive(channelId, head);
        if (!signed.state.isFinal) revert StateNotFinal(channelId, signed.state.nonce);
        uint256 recordedNonce = record.stateOf(head).nonce();
        if (signed.state.nonce < recordedNonce) revert StateOlder(channelId, signed.state.nonce, recordedNonce);
        _requireSignedByBoth(channel, Messages.hash(channelId, signed.state), signed);
        _settle(channelId, channel, record, head, signed.state, transfers);
    }

    /// @inheritdoc IChannelManager
    function settleTransfers(Channel calldata channel, Transfer[] calldata transfers, uint256 wanted)
        external
        payable
        entranceWithoutValue
    {
        bytes32 channelId = channelIdOf(channel);
        Record storage record = _records[channelId];
        Head head = record.head;
        if (!head.isSettled()) revert ChannelNotSettled(channelId);
        (Pair held, uint256 settled, bytes32 transfersHash) = record.lockedOf(head);
        if (held.isZero()) revert NothingLocked(channelId);
        _requireListed(channelId, transfers, transfersHash);
        (Pair kept, Pair forUser, uint256 nowSettled) = _settleLocked(held, settled, transfers, wanted);
        Pair forBoth = held - kept;
        if (forBoth.isZero()) revert NothingFinal(channelId);
        Pair forNode = forBoth - forUser;

        record.setLocked(kept, nowSettled);
        _addReserve(channel.node, forNode);
        emit TransfersSettled(
            channelId,
            nowSettled,
            forUser.amountWei(),
            forNode.amountWei(),
            forUser.amountToken(),
            forNode.amountToken()
        );
        _addCredit(channel.user, forUser);
    }

    // --- Views ---

    /// @inheritdoc IChannelManager
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            token: TOKEN,
            registry: REGISTRY,
            capacityWei: CAPACITY_WEI,
            capacityToken: CAPACITY_TOKEN,
            transferLimitWei: TRANSFER_LIMIT_WEI,
            transferLimitToken: TRANSFER_LIMIT_TOKEN,
            minChallengePeriod: MIN_CHALLENGE_PERIOD,
            maxChallengePeriod: MAX_CHALLENGE_PERIOD
        });
    }

    /// @inheritdoc IChannelManager
    function channelIdOf(Channel calldata channel) public view returns (bytes32) {
        return channel.idOf(DEPLOYMENT_CHAIN_ID);
    }

    /// @inheritdoc IChannelManager
    function channelOf(bytes32 channelId) external view returns (ChannelView memory) {
        Record storage record = _records[channelId];
        Head head = record.head;
        Pot wei_;
        Pot token;
        Recorded recorded;
        bytes32 transfersHash;
        Pair held;
        uint256 settled;
        if (head.isSettled()) {
            (held, settled, transfersHash) = record.lockedOf(head);
        } else {
            (wei_, token) = record.pots(head);
            recorded = record.stateOf(head);
        }
        return ChannelView({
            status: _statusOf(head),
            deadline: head.deadline(),
            dispute: head.dispute(),
            sequence: head.sequence(),
            nonce: recorded.nonce(),
            stateHash: recorded.stateHash(),
            userWei: wei_.user(),
            nodeWei: _nodeContribution(wei_),
            userToken: token.user(),
            nodeToken: _nodeContribution(token),
            transfersHash: transfersHash,
            lockedWei: held.amountWei(),
            lockedToken: held.amountToken(),
            settledTransfers: settled
        });
    }

    /// @inheritdoc IChannelManager
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IChannelManager
    function hashTransfers(Transfer[] calldata transfers) external pure returns (bytes32) {
        return Messages.hash(transfers);
    }

    /// @inheritdoc IChannelManager
    function hashState(bytes32 channelId, StateHeader calldata state) external view returns (bytes32) {
        return _hashTypedDataV4(Messages.hash(channelId, state));
    }

    /// @inheritdoc IChannelManager
    function hashWithdrawal(bytes32 channelId, Withdrawal calldata withdrawal) public view returns (bytes32) {
        return _hashTypedDataV4(Messages.hash(channelId, withdrawal));
    }

    /// @inheritdoc IChannelManager
    function hashExit(bytes32 channelId, uint64 dispute, uint64 deadline) public view returns (bytes32) {
        return _hashTypedDataV4(Messages.hashExit(channelId, dispute, deadline));
    }

    /// @inheritdoc IChannelManager
    function hashResume(bytes32 channelId, uint64 dispute, uint64 deadline) public view returns (bytes32) {
        return _hashTypedDataV4(Messages.hashResume(channelId, dispute, deadline));
    }

    // --- Opening and contributions ---

    /// @dev The head of a channel that may take money: an open one, or a new one, which opens here.
    function _openHead(bytes32 channelId, Channel calldata channel, Record storage record) private returns (Head head) {
        head = record.head;
        if (head.isFunded()) {
            _requireOpen(channelId, head);
            return head;
        }
        _requireSound(channel);
        emit ChannelOpened(
            channelId,
            channel.user,
            channel.node,
            channel.userSigner,
            channel.nodeSigner,
            channel.challengePeriod,
            channel.salt
        );
    }

    /// @dev Refuses identities that could never work or that could trap money. docs/protocol.md section 2.
    function _requireSound(Channel calldata channel) private view {
        if (channel.user == address(0) || channel.userSigner == address(0)) revert ZeroParty(Side.User);
        if (channel.node == address(0) || channel.nodeSigner == address(0)) revert ZeroParty(Side.Node);
        if (channel.user == channel.node) revert SameParty(channel.user);
        if (channel.userSigner == channel.nodeSigner) revert SameParty(channel.userSigner);
        if (channel.userSigner == channel.node) revert SwappedSigner(Side.User, channel.userSigner);
        if (channel.nodeSigner == channel.user) revert SwappedSigner(Side.Node, channel.nodeSigner);
        _requireOwner(channel.user);
        _requireOwner(channel.userSigner);
        _requireOwner(channel.node);
        _requireOwner(channel.nodeSigner);
        if (channel.challengePeriod < MIN_CHALLENGE_PERIOD || channel.challengePeriod > MAX_CHALLENGE_PERIOD) {
            revert ChallengePeriodOutOfBounds(channel.challengePeriod, MIN_CHALLENGE_PERIOD, MAX_CHALLENGE_PERIOD);
        }
    }

    function _deposit(bytes32 channelId, Record storage record, Head head, Side side, uint256 amountToken) private {
        uint256 amountWei = _value();
        if (amountWei == 0 && amountToken == 0) revert NothingMoved();
        head = _contribute(channelId, record, head, side, Asset.Ether, amountWei);
        record.head = _contribute(channelId, record, head, side, Asset.Token, amountToken);
        emit Deposited(channelId, side, amountWei, amountToken);
        _pull(amountToken);
    }

    /// @dev Adds to a side's contribution, within the capacity (G8).
    function _contribute(bytes32 channelId, Record storage record, Head head, Side side, Asset asset, uint256 amount)
        private
        returns (Head)
    {
        if (amount == 0) return head;
        Pot pot = record.pot(head, asset);
        uint256 total = uint256(pot.total()) + amount;
        if (total > _capacity(asset)) revert CapacityExceeded(channelId, asset, total, _capacity(asset));
        int256 user = pot.user();
        if (side == Side.User) user += int256(amount);
        return record.withPot(head, asset, _pot(channelId, asset, total, user));
    }

    /// @dev Takes from both sides' contributions, which may become negative; their sum may not.
    function _release(
        bytes32 channelId,
        Record storage record,
        Head head,
        Asset asset,
        uint256 userAmount,
        uint256 nodeAmount
    ) private returns (Head) {
        uint256 amount = userAmount + nodeAmount;
        if (amount == 0) return head;
        Pot pot = record.pot(head, asset);
        if (amount > pot.total()) revert WithdrawalTooLarge(channelId, asset, amount, pot.total());
        return record.withPot(
            head, asset, _pot(channelId, asset, uint256(pot.total()) - amount, int256(pot.user()) - int256(userAmount))
        );
    }

    /// @dev Narrows a ledger to its stored widths. The total is bounded by the capacity.
    function _pot(bytes32 channelId, Asset asset, uint256 total, int256 user) private pure returns (Pot) {
        if (user > type(int96).max || user < type(int96).min) revert ContributionOutOfRange(channelId, asset, user);
        return Pots.pack(uint80(total), int96(user));
    }

    /// @dev As much of `amount` as the capacity still allows.
    function _room(Record storage record, Head head, Asset asset, uint256 amount) private view returns (uint256) {
        if (amount == 0) return 0;
        uint256 room = _capacity(asset) - record.pot(head, asset).total();
        return amount < room ? amount : room;
    }

    // --- Recording and settling ---

    function _startDispute(
        bytes32 channelId,
        Channel calldata channel,
        Record storage record,
        Head head,
        SignedState calldata signed
    ) private {
        if (record.isEmpty(head)) revert NothingToDispute(channelId);
        if (signed.state.nonce > record.stateOf(head).nonce()) {
            _record(channelId, channel, record, signed);
            head = head.withRecorded();
        }
        head = head.withNextDispute().withDeadline(uint40(block.timestamp + channel.challengePeriod));
        record.head = head;
        emit DisputeStarted(channelId, head.dispute(), head.deadline());
    }

    /// @dev Records a state that the caller has found to be newer.
    function _record(bytes32 channelId, Channel calldata channel, Record storage record, SignedState calldata signed)
        private
    {
        StateHeader calldata state = signed.state;
        if (state.nonce > MAX_NONCE) revert NonceTooLarge(state.nonce, MAX_NONCE);
        bytes32 stateHash = Messages.hash(channelId, state);
        _requireSignedByBoth(channel, stateHash, signed);
        record.recorded = RecordedStates.pack(uint48(state.nonce), bytes26(stateHash));
        emit StateRecorded(channelId, state);
    }

    /// @dev Pays out a state and leaves the tombstone, and what open transfers hold. Everything is written before the
    /// first wei moves.
    function _settle(
        bytes32 channelId,
        Channel calldata channel,
        Record storage record,
        Head head,
        StateHeader calldata state,
        Transfer[] calldata transfers
    ) private {
        (Pot wei_, Pot token) = record.pots(head);
        (uint256 userWei, uint256 lockedWei) = Settlement.split(wei_.total(), wei_.user(), state.userWei, state.nodeWei);
        (uint256 userToken, uint256 lockedToken) =
            Settlement.split(token.total(), token.user(), state.userToken, state.nodeToken);
        Pair held = Pairs.pack(lockedWei, lockedToken);
        uint256 settled;
        Pair forUser = Pairs.pack(userWei, userToken);
        // Without the list, who has none can still settle, and the transfers stay open for who has it.
        if (!held.isZero() && (transfers.length != 0 || state.transfersHash == Messages.NO_TRANSFERS)) {
            _requireListed(channelId, transfers, state.transfersHash);
            (Pair kept, Pair more, uint256 nowSettled) = _settleLocked(held, settled, transfers, type(uint256).max);
            (held, forUser, settled) = (kept, forUser + more, nowSettled);
        }
        Pair forNode = Pairs.pack(wei_.total(), token.total()) - held - forUser;

        record.bury(head, held, settled, state.transfersHash);
        _addReserve(channel.node, forNode);
        emit ChannelSettled(
            channelId,
            state.nonce,
            forUser.amountWei(),
            forNode.amountWei(),
            forUser.amountToken(),
            forNode.amountToken()
        );
        if (!held.isZero()) {
            emit TransfersLocked(channelId, state.transfersHash, held.amountWei(), held.amountToken(), settled);
        }
        _payOut(channel.user, channel.user, forUser.amountWei(), forUser.amountToken());
    }

    /// @dev Takes out of what is held what is decided.
    function _settleLocked(Pair held, uint256 settled, Transfer[] calldata transfers, uint256 wanted)
        private
        view
        returns (Pair kept, Pair forUser, uint256 nowSettled)
    {
        Pair limits = Pairs.pack(TRANSFER_LIMIT_WEI, TRANSFER_LIMIT_TOKEN);
        return Locks.settle(held, settled, transfers, wanted, IOutcomeRegistry(REGISTRY), limits);
    }

    function _requireListed(bytes32 channelId, Transfer[] calldata transfers, bytes32 expectedHash) private pure {
        bytes32 transfersHash = Messages.hash(transfers);
        if (transfersHash != expectedHash) revert WrongTransfers(channelId, transfersHash, expectedHash);
    }

    /// @dev Hash of the state that every channel starts with: nothing paid yet.
    function _initialStateHash(bytes32 channelId) private pure returns (bytes26) {
        return bytes26(Messages.hashInitialState(channelId));
    }

    function _nodeContribution(Pot pot) private pure returns (int128) {
        return int128(uint128(pot.total())) - pot.user();
    }

    // --- Rules ---

    /// @dev The channel was funded and is not settled.
    function _requireAlive(bytes32 channelId, Head head) private pure {
        if (!head.isFunded()) revert ChannelUnfunded(channelId);
        if (head.isSettled()) revert ChannelIsSettled(channelId);
    }

    function _requireOpen(bytes32 channelId, Head head) private pure {
        _requireAlive(channelId, head);
        if (head.deadline() != 0) revert DisputeRunning(channelId, head.deadline());
    }

    function _requireDisputed(bytes32 channelId, Head head) private pure {
        _requireAlive(channelId, head);
        if (head.deadline() == 0) revert NoDispute(channelId);
    }

    function _requireBeforeDeadline(bytes32 channelId, Head head) private view {
        if (block.timestamp >= head.deadline()) revert DisputeOver(channelId, head.deadline(), block.timestamp);
    }

    function _requireUnexpired(uint256 deadline) private view {
        if (block.timestamp >= deadline) revert MessageExpired(deadline, block.timestamp);
    }

    function _requireSignedByBoth(Channel calldata channel, bytes32 stateHash, SignedState calldata signed)
        private
        view
    {
        bytes32 digest = _hashTypedDataV4(stateHash);
        _requireSigned(digest, signed.user, channel.userSigner);
        _requireSigned(digest, signed.node, channel.nodeSigner);
    }

    function _requireSigned(bytes32 digest, Signature calldata signature, address signer) private pure {
        address recovered = _recover(digest, signature);
        if (recovered == address(0) || recovered != signer) revert WrongSigner(signer, recovered);
    }

    /// @dev The signer of a digest; zero for a malformed signature, high s included.
    function _recover(bytes32 digest, Signature calldata signature) private pure returns (address recovered) {
        (recovered,,) = ECDSA.tryRecover(digest, signature.r, signature.vs);
    }

    function _isParty(Channel calldata channel, address caller) private pure returns (bool) {
        return caller == channel.user || caller == channel.userSigner || caller == channel.node
            || caller == channel.nodeSigner;
    }

    function _sideOf(bytes32 channelId, Channel calldata channel) private view returns (Side) {
        if (msg.sender == channel.user) return Side.User;
        if (msg.sender == channel.node) return Side.Node;
        revert NotAnAccount(channelId, msg.sender);
    }

    function _statusOf(Head head) private pure returns (Status) {
        if (!head.isFunded()) return Status.Unfunded;
        if (head.isSettled()) return Status.Settled;
        return head.deadline() == 0 ? Status.Open : Status.Disputed;
    }

    function _capacity(Asset asset) private view returns (uint256) {
        return asset == Asset.Ether ? CAPACITY_WEI : CAPACITY_TOKEN;
    }
}
