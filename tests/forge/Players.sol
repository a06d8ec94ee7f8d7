// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Amounts,
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
} from "../../interfaces/IChannelManager.sol";
import {IOutcomeRegistry} from "../../interfaces/IOutcomeRegistry.sol";
import {TestDai} from "../../contracts/test/TestDai.sol";
import {Payee} from "./Payee.sol";
import {VM} from "./Vm.sol";

/// @title What forge may do in any order: four channels of five accounts, real signatures, time that passes
/// @notice Arguments are bounded so that most calls succeed; a call that the manager refuses reverts, and is counted so.
/// What an invariant needs to know of the past is kept in `violation` and the sums.
contract Players {
    uint128 public constant CAPACITY_WEI = 2 ether;
    uint128 public constant CAPACITY_TOKEN = 500 ether;
    uint256 public constant CHANNELS = 4;
    uint256 public constant ACCOUNTS = 5;

    uint256 private constant NONCE_STEP = 1000;
    uint256 private constant EXPIRY_STEP = 12 hours;
    uint32 private constant PERIOD = 6 hours;
    string private constant BUILT = ".build/proof/forge/out/";

    /// @dev A state with its list, as a party would keep it.
    struct Kept {
        StateHeader state;
        Transfer[] transfers;
    }

    IChannelManager public immutable MANAGER;
    TestDai public immutable TOKEN;
    IOutcomeRegistry public immutable REGISTRY;
    Payee private immutable PAYEE;
    uint256 private immutable START = block.timestamp;

    /// @notice The first rule that a step broke.
    string public violation;

    address[] private _accounts;
    Channel[] private _channels;
    mapping(address signer => uint256 key) private _keys;
    /// @dev By channel: what was recorded last, what it was settled with, the highest nonce that was signed.
    mapping(uint256 index => Kept) private _recorded;
    mapping(uint256 index => Kept) private _settled;
    mapping(uint256 index => uint64) private _nonces;

    constructor() {
        TOKEN = TestDai(_deploy("TestDai", abi.encode(block.chainid)));
        REGISTRY = IOutcomeRegistry(_deploy("OutcomeRegistry", ""));
        Parameters memory parameters = Parameters({
            token: address(TOKEN),
            registry: address(REGISTRY),
            capacityWei: CAPACITY_WEI,
            capacityToken: CAPACITY_TOKEN,
            transferLimitWei: 1 ether,
            transferLimitToken: 200 ether,
            minChallengePeriod: 1 hours,
            maxChallengePeriod: 30 days
        });
        MANAGER = IChannelManager(_deploy("ChannelManager", abi.encode(parameters)));
        PAYEE = new Payee();
        _accounts = [VM.addr(1), address(PAYEE), VM.addr(3), VM.addr(4), VM.addr(5)];
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            _keys[VM.addr(i + 1)] = i + 1;
            VM.deal(_accounts[i], 1_000_000 ether);
            TOKEN.mint(_accounts[i], 1_000_000_000 ether);
            VM.prank(_accounts[i]);
            TOKEN.approve(address(MANAGER), type(uint256).max);
        }
        // Signers have the key of their account's place plus one; the payee, a contract, has a signer beside it.
        _channels.push(Channel(_accounts[0], VM.addr(1), _accounts[2], VM.addr(3), PERIOD, 0));
        _channels.push(Channel(_accounts[1], VM.addr(2), _accounts[2], VM.addr(3), PERIOD, 0));
        _channels.push(Channel(_accounts[0], VM.addr(1), _accounts[3], VM.addr(4), PERIOD, 0));
        _channels.push(Channel(_accounts[2], VM.addr(3), _accounts[3], VM.addr(4), PERIOD, 0));
    }

    // --- Steps ---

    function deposit(uint256 index, uint256 caller, bool node, uint64 amountWei, uint72 amountToken) external {
        index %= CHANNELS;
        uint256 value = _evenly(amountWei, 2 ether);
        bytes memory data =
            abi.encodeCall(MANAGER.deposit, (_channels[index], _side(node), uint128(_evenly(amountToken, 400 ether))));
        _step(index, _accounts[caller % ACCOUNTS], value, data);
    }

    function topUp(uint256 index, uint256 caller, bool node, uint64 amountWei, uint72 amountToken) external {
        index = _channelThatIs(Status.Open, index);
        bytes memory data = abi.encodeCall(
            MANAGER.topUp,
            (MANAGER.channelIdOf(_channels[index]), _side(node), uint128(_evenly(amountToken, 400 ether)))
        );
        _step(index, _accounts[caller % ACCOUNTS], _evenly(amountWei, 1 ether), data);
    }

    function collateralize(uint256 index, bool node, uint64 amountWei, uint72 amountToken) external {
        index = _channelThatIs(Status.Open, index);
        Channel memory channel = _channels[index];
        bytes memory data = abi.encodeCall(
            MANAGER.collateralize,
            (channel, uint128(_evenly(amountWei, 1 ether)), uint128(_evenly(amountToken, 400 ether)))
        );
        _step(index, node ? channel.node : channel.user, 0, data);
    }

    function withdraw(uint256 index, uint256 partsWei, uint256 partsToken, uint256 recipient) external {
        index = _channelThatIs(Status.Open, index);
        Channel memory channel = _channels[index];
        ChannelView memory now_ = _viewOf(index);
        (uint128 userWei, uint128 nodeWei) = _twoParts(partsWei, now_.userWei + now_.nodeWei);
        (uint128 userToken, uint128 nodeToken) = _twoParts(partsToken, now_.userToken + now_.nodeToken);
        Withdrawal memory withdrawal = Withdrawal(
            now_.sequence,
            userWei,
            nodeWei,
            userToken,
            nodeToken,
            _accounts[recipient % ACCOUNTS],
            uint64(block.timestamp + 1)
        );
        bytes32 digest = MANAGER.hashWithdrawal(MANAGER.channelIdOf(channel), withdrawal);
        (Signature memory user, Signature memory node) = _signatures(channel, digest);
        _step(index, _accounts[4], 0, abi.encodeCall(MANAGER.withdraw, (channel, withdrawal, user, node)));
        if (_viewOf(index).sequence != now_.sequence + 1) _break("G6: a withdrawal does not use up its sequence");
    }

    function checkpoint(uint256 index, uint256 seed) external {
        index = _channelThatIs(seed % 2 == 0 ? Status.Open : Status.Disputed, index);
        Kept memory kept = _newState(index, seed, false);
        _step(
            index, _accounts[4], 0, abi.encodeCall(MANAGER.checkpoint, (_channels[index], _signed(index, kept.state)))
        );
        _keep(_recorded[index], kept);
    }

    function startDispute(uint256 index, bool node, bool withState, uint256 seed) external {
        index = _channelThatIs(Status.Open, index);
        Channel memory channel = _channels[index];
        Kept memory kept = withState ? _newState(index, seed, false) : _recorded[index];
        uint64 dispute = _viewOf(index).dispute;
        SignedState memory signed = _signed(index, kept.state);
        _step(
            index, node ? channel.node : channel.userSigner, 0, abi.encodeCall(MANAGER.startDispute, (channel, signed))
        );
        if (_viewOf(index).dispute != dispute + 1) _break("G6: a dispute has not the next number");
        if (withState) _keep(_recorded[index], kept);
    }

    function startDisputeWithExit(uint256 index, bool node) external {
        index = _channelThatIs(Status.Open, index);
        Channel memory channel = _channels[index];
        uint64 deadline = uint64(block.timestamp + 1);
        bytes32 digest = MANAGER.hashExit(MANAGER.channelIdOf(channel), _viewOf(index).dispute + 1, deadline);
        (Signature memory user, Signature memory ofNode) = _signatures(channel, digest);
        SignedState memory none;
        bytes memory data =
            abi.encodeCall(MANAGER.startDisputeWithExit, (channel, deadline, node ? ofNode : user, none));
        _step(index, _accounts[4], 0, data);
    }

    function resume(uint256 index) external {
        index = _channelThatIs(Status.Disputed, index);
        Channel memory channel = _channels[index];
        uint64 deadline = uint64(block.timestamp + 1);
        bytes32 digest = MANAGER.hashResume(MANAGER.channelIdOf(channel), _viewOf(index).dispute, deadline);
        (Signature memory user, Signature memory node) = _signatures(channel, digest);
        _step(index, _accounts[4], 0, abi.encodeCall(MANAGER.resume, (channel, deadline, user, node)));
    }

    function settle(uint256 index, bool withList, bool patient) external {
        index = _channelThatIs(Status.Disputed, index);
        uint256 deadline = _viewOf(index).deadline;
        if (patient && block.timestamp < deadline) VM.warp(deadline);
        Kept memory kept = _recorded[index];
        if (kept.state.nonce == 0) kept.state.transfersHash = keccak256("");
        Transfer[] memory list = withList ? kept.transfers : new Transfer[](0);
        _step(index, _accounts[4], 0, abi.encodeCall(MANAGER.settle, (_channels[index], kept.state, list)));
        _keep(_settled[index], kept);
    }

    function close(uint256 index, uint256 seed, bool withList) external {
        VM.assume(seed % 4 == 0); // else there are soon no channels left
        index %= CHANNELS;
        Kept memory kept = _newState(index, seed, true);
        Transfer[] memory list = withList ? kept.transfers : new Transfer[](0);
        SignedState memory signed = _signed(index, kept.state);
        _step(index, _accounts[4], 0, abi.encodeCall(MANAGER.close, (_channels[index], signed, list)));
        _keep(_settled[index], kept);
    }

    function settleTransfers(uint256 index, uint256 wanted, bool patient) external {
        index = _channelWithLocks(index);
        if (patient) VM.warp(block.timestamp + 2 * EXPIRY_STEP);
        bytes memory data =
            abi.encodeCall(MANAGER.settleTransfers, (_channels[index], _settled[index].transfers, wanted | 1));
        _step(index, _accounts[4], 0, data);
    }

    function fund(uint256 account, uint256 caller, uint64 amountWei, uint72 amountToken) external {
        bytes memory data = abi.encodeCall(MANAGER.fund, (_accounts[account % ACCOUNTS], amountToken));
        _step(CHANNELS, _accounts[caller % ACCOUNTS], amountWei, data);
    }

    function withdrawReserve(uint256 account, uint256 partsWei, uint256 partsToken, uint256 recipient) external {
        address owner = _accounts[account % ACCOUNTS];
        Amounts memory reserve = MANAGER.reserveOf(owner);
        (uint128 amountWei,) = _twoParts(partsWei, int128(reserve.amountWei));
        (uint128 amountToken,) = _twoParts(partsToken, int128(reserve.amountToken));
        address to = _accounts[recipient % ACCOUNTS];
        _step(CHANNELS, owner, 0, abi.encodeCall(MANAGER.withdrawReserve, (amountWei, amountToken, to)));
    }

    function withdrawCredit(uint256 account, uint256 recipient) external {
        address owner = _accountWithCredit(account);
        Amounts memory credit = MANAGER.creditOf(owner);
        address to = _accounts[recipient % ACCOUNTS];
        _step(CHANNELS, owner, 0, abi.encodeCall(MANAGER.withdrawCredit, (credit.amountWei, credit.amountToken, to)));
    }

    /// @dev Anybody may, and the account holds less afterwards: this step is not watched as the others are.
    function pushCredit(uint256 account, bool token) external {
        address owner = _accountWithCredit(account);
        bool inTokens = token || MANAGER.creditOf(owner).amountWei == 0;
        VM.prank(_accounts[4]);
        MANAGER.pushCredit(owner, inTokens ? Asset.Token : Asset.Ether);
    }

    function recordOutcome(uint256 secret, uint256 expiry) external {
        REGISTRY.record(address(REGISTRY), _params(secret % 3), _expiry(expiry), abi.encode(secret % 3));
    }

    function letTimePass(uint32 seconds_) external {
        VM.warp(block.timestamp + seconds_ % 8 hours);
    }

    function changeThePayeesMind(bool refuses) external {
        PAYEE.setRefuses(refuses);
    }

    // --- What invariants ask ---

    /// @notice All that the manager owes, in channels, locks, reserves and credits.
    function owed() external view returns (uint256 amountWei, uint256 amountToken) {
        for (uint256 i = 0; i < CHANNELS; ++i) {
            ChannelView memory channel = _viewOf(i);
            amountWei += uint128(channel.userWei + channel.nodeWei) + channel.lockedWei;
            amountToken += uint128(channel.userToken + channel.nodeToken) + channel.lockedToken;
        }
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            (Amounts memory reserve, Amounts memory credit) =
                (MANAGER.reserveOf(_accounts[i]), MANAGER.creditOf(_accounts[i]));
            amountWei += uint256(reserve.amountWei) + credit.amountWei;
            amountToken += uint256(reserve.amountToken) + credit.amountToken;
        }
    }

    /// @notice What a channel holds, while it is not settled.
    function totalOf(uint256 index) external view returns (int256 amountWei, int256 amountToken) {
        ChannelView memory channel = _viewOf(index);
        return (int256(channel.userWei) + channel.nodeWei, int256(channel.userToken) + channel.nodeToken);
    }

    // --- Watching a step ---

    /// @dev One call, with a look at everybody else before and after it. `index`: the channel, `CHANNELS` for none.
    function _step(uint256 index, address caller, uint256 value, bytes memory data) private {
        bytes32[] memory others = _channelsBefore(index);
        uint256[] memory held = _heldBy();
        ChannelView memory before = _viewOf(index < CHANNELS ? index : 0);
        VM.prank(caller);
        (bool done, bytes memory answer) = address(MANAGER).call{value: value}(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        bytes32[] memory othersNow = _channelsBefore(index);
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (others[i] != othersNow[i]) _break("G2: another channel changed");
        }
        uint256[] memory heldNow = _heldBy();
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            if (_accounts[i] == caller) continue;
            if (heldNow[2 * i] < held[2 * i] || heldNow[2 * i + 1] < held[2 * i + 1]) {
                _break("G2: another account holds less");
            }
        }
        if (index < CHANNELS && before.status == Status.Settled && _viewOf(index).status != Status.Settled) {
            _break("G6: a settled channel came back");
        }
    }

    /// @dev A hash of all that is stored of each channel, but of one.
    function _channelsBefore(uint256 except) private view returns (bytes32[] memory hashes) {
        hashes = new bytes32[](CHANNELS);
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (i != except) hashes[i] = keccak256(abi.encode(_viewOf(i)));
        }
    }

    /// @dev What each account has in reserve and credit, in wei and in tokens.
    function _heldBy() private view returns (uint256[] memory held) {
        held = new uint256[](2 * ACCOUNTS);
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            (Amounts memory reserve, Amounts memory credit) =
                (MANAGER.reserveOf(_accounts[i]), MANAGER.creditOf(_accounts[i]));
            held[2 * i] = uint256(reserve.amountWei) + credit.amountWei;
            held[2 * i + 1] = uint256(reserve.amountToken) + credit.amountToken;
        }
    }

    function _break(string memory rule) private {
        if (bytes(violation).length == 0) violation = rule;
    }

    // --- Messages ---

    /// @dev A newer state: three times of four an honest one, else with any nets; with up to two transfers.
    function _newState(uint256 index, uint256 seed, bool isFinal) private returns (Kept memory kept) {
        ChannelView memory now_ = _viewOf(index);
        StateHeader memory state = kept.state;
        _nonces[index] += uint64(1 + seed % NONCE_STEP);
        state.nonce = _nonces[index];
        state.isFinal = isFinal;
        uint256 roll = uint256(keccak256(abi.encode(seed)));
        uint128 lockedWei;
        uint128 lockedToken;
        if (roll % 4 == 0) {
            (state.userWei, state.nodeWei) = (int128(int256(roll)) >> 60, int128(int256(roll >> 8)) >> 60);
            (state.userToken, state.nodeToken) = (int128(int256(roll >> 16)) >> 55, int128(int256(roll >> 24)) >> 55);
            (lockedWei, lockedToken) = (uint128(roll) >> 68, uint128(roll >> 32) >> 60);
        } else {
            (state.userWei, state.nodeWei, lockedWei) = _netsOf(roll >> 8, now_.userWei, now_.nodeWei);
            (state.userToken, state.nodeToken, lockedToken) = _netsOf(roll >> 72, now_.userToken, now_.nodeToken);
        }
        kept.transfers = _transfersOf(roll, lockedWei, lockedToken);
        state.transfersHash = MANAGER.hashTransfers(kept.transfers);
    }

    /// @dev Balances that add up to the total, less what is locked, as nets.
    function _netsOf(uint256 roll, int128 user, int128 node)
        private
        pure
        returns (int128 userNet, int128 nodeNet, uint128 locked)
    {
        (uint128 userBalance, uint128 rest) = _twoParts(roll, user + node);
        locked = roll % 3 == 0 ? 0 : rest / 2;
        userNet = int128(userBalance) - user;
        nodeNet = (user + node - int128(userBalance) - int128(locked)) - node;
    }

    /// @dev One transfer for each asset in which something is locked, behind a hash lock; sometimes of a wei more.
    function _transfersOf(uint256 roll, uint128 lockedWei, uint128 lockedToken)
        private
        view
        returns (Transfer[] memory transfers)
    {
        transfers = new Transfer[]((lockedWei == 0 ? 0 : 1) + (lockedToken == 0 ? 0 : 1));
        for (uint256 i = 0; i < transfers.length; ++i) {
            bool token = lockedWei == 0 || i == 1;
            transfers[i] = Transfer({
                id: uint64(i),
                payer: uint8(roll >> i & 1),
                asset: token ? 1 : 0,
                amount: (token ? lockedToken : lockedWei) + uint128(roll >> 9 & 1),
                condition: address(REGISTRY),
                paramsHash: keccak256(_params(roll % 3)),
                expiry: _expiry(roll >> 16)
            });
        }
    }

    function _signed(uint256 index, StateHeader memory state) private view returns (SignedState memory) {
        Channel memory channel = _channels[index];
        bytes32 digest = MANAGER.hashState(MANAGER.channelIdOf(channel), state);
        (Signature memory user, Signature memory node) = _signatures(channel, digest);
        return SignedState(state, user, node);
    }

    function _signatures(Channel memory channel, bytes32 digest)
        private
        view
        returns (Signature memory user, Signature memory node)
    {
        return (_signature(channel.userSigner, digest), _signature(channel.nodeSigner, digest));
    }

    function _signature(address signer, bytes32 digest) private view returns (Signature memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(_keys[signer], digest);
        return Signature(r, s | bytes32(uint256(v - 27) << 255));
    }

    function _keep(Kept storage place, Kept memory kept) private {
        place.state = kept.state;
        delete place.transfers;
        for (uint256 i = 0; i < kept.transfers.length; ++i) {
            place.transfers.push(kept.transfers[i]);
        }
    }

    // --- Small things ---

    /// @dev The first from `index` on with this status; the one at `index` where there is none.
    function _channelThatIs(Status status, uint256 index) private view returns (uint256) {
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (_viewOf((index % CHANNELS + i) % CHANNELS).status == status) return (index % CHANNELS + i) % CHANNELS;
        }
        return index % CHANNELS;
    }

    /// @dev The first from `index` on whose transfers still hold something; the one at `index` where there is none.
    function _channelWithLocks(uint256 index) private view returns (uint256) {
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (_viewOf((index % CHANNELS + i) % CHANNELS).transfersHash != 0) {
                return (index % CHANNELS + i) % CHANNELS;
            }
        }
        return index % CHANNELS;
    }

    /// @dev The first from `account` on that has credit.
    function _accountWithCredit(uint256 account) private view returns (address owner) {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            owner = _accounts[(account % ACCOUNTS + i) % ACCOUNTS];
            Amounts memory credit = MANAGER.creditOf(owner);
            if (credit.amountWei != 0 || credit.amountToken != 0) return owner;
        }
    }

    function _viewOf(uint256 index) private view returns (ChannelView memory) {
        return MANAGER.channelOf(MANAGER.channelIdOf(_channels[index]));
    }

    function _side(bool node) private pure returns (Side) {
        return node ? Side.Node : Side.User;
    }

    /// @dev Below `limit`. What forge draws is small for the most part.
    function _evenly(uint256 roll, uint256 limit) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(roll))) % limit;
    }

    /// @dev Two parts of a whole, with something left now and then.
    function _twoParts(uint256 roll, int128 whole) private pure returns (uint128 one, uint128 other) {
        if (whole <= 0) return (0, 0);
        one = uint128(roll % (uint128(whole) + 1));
        other = uint128((roll >> 128) % (uint128(whole) - one + 1));
    }

    function _params(uint256 secret) private pure returns (bytes memory) {
        return abi.encode(keccak256(abi.encode(secret)));
    }

    /// @dev One of eight, so that a recorded outcome has transfers that it decides.
    function _expiry(uint256 roll) private view returns (uint64) {
        return uint64(START + (1 + roll % 8) * EXPIRY_STEP);
    }

    function _deploy(string memory name, bytes memory arguments) private returns (address deployed) {
        bytes memory code = abi.encodePacked(VM.getCode(string.concat(BUILT, name, ".sol/", name, ".json")), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        require(deployed != address(0), name);
    }
}
