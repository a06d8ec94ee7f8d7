// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The two sides of a channel. The codes are part of the signed messages.
enum Side {
    User,
    Node
}

/// @notice The two assets of a channel. The codes are part of the signed messages.
enum Asset {
    Ether,
    Token
}

/// @notice Where a channel stands. It moves Unfunded -> Open <-> Disputed -> Settled, or Open -> Settled, and never
/// back.
enum Status {
    Unfunded,
    Open,
    Disputed,
    Settled
}

/// @notice What a channel is: two parties and their terms. Its id is a hash of this, see `channelIdOf`.
/// @param user Account of the user: receives the user's payouts. Any address, also a contract.
/// @param userSigner Key whose ECDSA signatures bind the user.
/// @param node Account of the node: its payouts go to its reserve.
/// @param nodeSigner Key whose ECDSA signatures bind the node.
/// @param challengePeriod Seconds between the start of a dispute and its deadline.
/// @param salt Makes channels of the same parties different.
struct Channel {
    address user;
    address userSigner;
    address node;
    address nodeSigner;
    uint32 challengePeriod;
    uint64 salt;
}

/// @notice A signed state, with the hash of its transfers in the place of the list. docs/protocol.md section 4.
/// @param nonce Of two states the one with the higher nonce is the newer.
/// @param userWei What payments have added to (or taken from) the user's ETH since the channel opened, in wei.
/// @param nodeWei The same for the node.
/// @param userToken The same for the user's tokens, in the token's smallest unit.
/// @param nodeToken The same for the node.
/// @param transfersHash keccak256 of the concatenated EIP-712 hashes of the open transfers.
/// @param isFinal Whether the parties agreed to close with this state.
struct StateHeader {
    uint64 nonce;
    int128 userWei;
    int128 nodeWei;
    int128 userToken;
    int128 nodeToken;
    bytes32 transfersHash;
    bool isFinal;
}

/// @notice A conditional payment that a state holds open. docs/protocol.md section 6.
/// @param id Makes the transfers of one state different.
/// @param payer Code of the side that pays (see `Side`).
/// @param asset Code of the asset (see `Asset`).
/// @param amount In wei or in the token's smallest unit.
/// @param condition Contract that decides the share of the amount that the payee gets.
/// @param paramsHash keccak256 of the condition's parameters.
/// @param expiry Unix time in seconds from which on the outcome is final.
struct Transfer {
    uint64 id;
    uint8 payer;
    uint8 asset;
    uint128 amount;
    address condition;
    bytes32 paramsHash;
    uint64 expiry;
}

/// @notice What both parties agree to take out of an open channel. docs/protocol.md section 4.
/// @param sequence Must equal the channel's stored sequence, which the withdrawal advances.
/// @param userWei For the user, in wei.
/// @param nodeWei For the node's reserve, in wei.
/// @param userToken For the user, in the token's smallest unit.
/// @param nodeToken For the node's reserve, in the token's smallest unit.
/// @param recipient Where the user's part is sent.
/// @param deadline Unix time in seconds from which on the withdrawal is void.
struct Withdrawal {
    uint64 sequence;
    uint128 userWei;
    uint128 nodeWei;
    uint128 userToken;
    uint128 nodeToken;
    address recipient;
    uint64 deadline;
}

/// @notice A compact ECDSA signature (EIP-2098); `vs` is s with the recovery bit on top.
struct Signature {
    bytes32 r;
    bytes32 vs;
}

/// @notice A state with the signatures of both parties.
struct SignedState {
    StateHeader state;
    Signature user;
    Signature node;
}

/// @notice One call of a batch.
/// @param data Calldata of one of the manager's own functions.
/// @param value Wei of the batch's value that this call may spend.
/// @param gasNeeded Gas that this call gets, no less and no more.
struct Call {
    bytes data;
    uint256 value;
    uint256 gasNeeded;
}

/// @notice What an account or a side holds, in wei and in the token's smallest unit.
struct Amounts {
    uint128 amountWei;
    uint128 amountToken;
}

/// @notice What never changes in a deployment. docs/protocol.md section 7.
/// @param token The ERC-20 beside ETH (DAI): moves exactly what is asked, never changes balances by itself.
/// @param registry The outcome registry of conditional transfers.
/// @param capacityWei Most wei that one channel may hold; 0 means ETH is not used. At most 2^80 - 1.
/// @param capacityToken The same in the token's smallest unit.
/// @param transferLimitWei Largest conditional transfer in wei.
/// @param transferLimitToken The same in the token's smallest unit.
/// @param minChallengePeriod Shortest challenge period in seconds.
/// @param maxChallengePeriod Longest challenge period in seconds.
struct Parameters {
    address token;
    address registry;
    uint128 capacityWei;
    uint128 capacityToken;
    uint128 transferLimitWei;
    uint128 transferLimitToken;
    uint32 minChallengePeriod;
    uint32 maxChallengePeriod;
}

/// @notice All that the chain keeps of a channel.
/// @param status Where the channel stands.
/// @param deadline Unix time in seconds at which the running dispute can be settled; 0 without one.
/// @param dispute Number of the latest dispute; 0 before the first.
/// @param sequence Sequence that the next withdrawal must carry.
/// @param nonce Nonce of the recorded state; 0 without one.
/// @param stateHash First 26 bytes of the recorded state's EIP-712 struct hash; 0 without one.
/// @param userWei Contribution of the user in wei: deposited minus withdrawn; may be negative.
/// @param nodeWei The same for the node.
/// @param userToken Contribution of the user in the token's smallest unit; may be negative.
/// @param nodeToken The same for the node.
/// @param transfersHash Of a settled channel: hash of the list of transfers that still hold something; 0 without any.
/// @param lockedWei Of a settled channel: wei that its open transfers still hold.
/// @param lockedToken The same in the token's smallest unit.
/// @param settledTransfers Of a settled channel with open transfers: bit i is set once the i-th was settled.
struct ChannelView {
    Status status;
    uint64 deadline;
    uint64 dispute;
    uint64 sequence;
    uint64 nonce;
    bytes26 stateHash;
    int128 userWei;
    int128 nodeWei;
    int128 userToken;
    int128 nodeToken;
    bytes32 transfersHash;
    uint128 lockedWei;
    uint128 lockedToken;
    uint256 settledTransfers;
}

/// @title Payment channels in ETH and one token
/// @notice Holds every channel of a deployment. Nobody owns it and nothing in it can be changed or stopped. All amounts
/// are in wei or in the token's smallest unit, all times are Unix seconds. A limit in time is half-open: before it one
/// may record, execute and resume, from it on one may settle. docs/protocol.md sections 2 to 5 and 7.
interface IChannelManager {
    // --- Errors: deployment ---

    /// @notice Thrown at deployment when the token's address holds no code.
    /// @dev Give the address of the token on this very chain.
    error TokenWithoutCode(address token);

    /// @notice Thrown at deployment when the outcome registry's address holds no code.
    /// @dev Deploy the registry first, on this very chain.
    error RegistryWithoutCode(address registry);

    /// @notice Thrown at deployment when a capacity is larger than the ledger can hold.
    /// @dev Choose a capacity of at most `max`.
    error CapacityTooLarge(Asset asset, uint256 capacity, uint256 max);

    /// @notice Thrown at deployment when the bounds of the challenge period are zero or crossed.
    /// @dev Choose 0 < min <= max, in seconds.
    error ChallengeBoundsInvalid(uint256 min, uint256 max);

    // --- Errors: who a channel is between ---

    /// @notice Thrown when an account or signer of a new channel is the zero address.
    /// @dev Fill in all four addresses of the channel.
    error ZeroParty(Side side);

    /// @notice Thrown when both sides of a new channel have the same account, or the same signer.
    /// @dev A channel needs two different parties.
    error SameParty(address party);

    /// @notice Thrown when a signer of a new channel is the other side's account.
    /// @dev Check that the signers were not exchanged.
    error SwappedSigner(Side side, address signer);

    /// @notice Thrown when the manager, the token or the zero address would be a recipient or the owner of a reserve, or
    /// manager or token a party.
    /// @dev Use an address that can own money; it would be lost there.
    error ForbiddenAccount(address account);

    /// @notice Thrown when the challenge period of a new channel is out of the deployment's bounds.
    /// @dev Choose a period within [min, max] seconds.
    error ChallengePeriodOutOfBounds(uint256 period, uint256 min, uint256 max);

    // --- Errors: where a channel stands ---

    /// @notice Thrown when a channel was never funded.
    /// @dev Check every field of the channel, the salt included, or make the first deposit.
    error ChannelUnfunded(bytes32 channelId);

    /// @notice Thrown when a channel was settled. A settled channel never comes back.
    /// @dev Open a new channel under another salt.
    error ChannelIsSettled(bytes32 channelId);

    /// @notice Thrown when a dispute forbids the operation.
    /// @dev Resume the channel together, or settle it from the deadline on.
    error DisputeRunning(bytes32 channelId, uint256 deadline);

    /// @notice Thrown when the operation needs a dispute and none is running.
    /// @dev Start a dispute first.
    error NoDispute(bytes32 channelId);

    /// @notice Thrown when the challenge period has passed: nothing can be recorded or resumed any more.
    /// @dev Settle the channel.
    error DisputeOver(bytes32 channelId, uint256 deadline, uint256 time);

    /// @notice Thrown when a channel is settled before the deadline of its dispute.
    /// @dev Wait until `deadline`, or close with a final state.
    error DisputeNotOver(bytes32 channelId, uint256 deadline, uint256 time);

    /// @notice Thrown when a dispute would start on a channel that holds nothing.
    /// @dev There is nothing to pay out.
    error NothingToDispute(bytes32 channelId);

    /// @notice Thrown when transfers are settled of a channel that is not settled.
    /// @dev Settle or close the channel first.
    error ChannelNotSettled(bytes32 channelId);

    /// @notice Thrown when a settled channel has no transfer that still holds something.
    /// @dev There is nothing left to hand out.
    error NothingLocked(bytes32 channelId);

    /// @notice Thrown when nothing would be handed out: none of the wanted transfers is decided, or what is holds nothing,
    /// and nothing is left that no transfer claims.
    /// @dev Wait for an expiry, or record an outcome in the registry.
    error NothingFinal(bytes32 channelId);

    /// @notice Thrown when the last dispute that can be numbered would be resumed.
    /// @dev Settle the channel, or close it with a final state, and open another under a new salt.
    error LastDispute(bytes32 channelId, uint256 dispute);

    /// @notice Thrown when all withdrawals that can be numbered were made.
    /// @dev Close the channel and open another under a new salt.
    error LastWithdrawal(bytes32 channelId, uint256 sequence);

    // --- Errors: what was signed ---

    /// @notice Thrown when a signature does not recover to the signer that must have made it (`recovered` is 0 where it
    /// is malformed).
    /// @dev Sign the very fields that are sent, for this channel, contract and chain.
    error WrongSigner(address expected, address recovered);

    /// @notice Thrown when an exit is signed by neither party's signer.
    /// @dev Sign the next dispute's number and the deadline that is sent.
    error ExitNotSigned(bytes32 channelId, address recovered);

    /// @notice Thrown when a signed message is used at or after its deadline.
    /// @dev Sign it again with a later deadline.
    error MessageExpired(uint256 deadline, uint256 time);

    /// @notice Thrown when a state is not newer than the recorded one.
    /// @dev Record a state with a higher nonce.
    error StateNotNewer(bytes32 channelId, uint256 nonce, uint256 recordedNonce);

    /// @notice Thrown when a final state is older than the recorded one.
    /// @dev Close with a final state whose nonce is at least the recorded one.
    error StateOlder(bytes32 channelId, uint256 nonce, uint256 recordedNonce);

    /// @notice Thrown when a state's nonce is larger than the chain can record.
    /// @dev Never sign a nonce above `max`.
    error NonceTooLarge(uint256 nonce, uint256 max);

    /// @notice Thrown when a channel is closed with a state that is not final.
    /// @dev Let both parties sign the state as final, or start a dispute.
    error StateNotFinal(bytes32 channelId, uint256 nonce);

    /// @notice Thrown when the state given to settle is not the recorded one (or, where none is, not the initial one, whose
    /// hash is then named).
    /// @dev Give the state of the latest `StateRecorded` event of the channel.
    error StateNotRecorded(bytes32 channelId, bytes26 stateHash, bytes26 recordedHash);

    /// @notice Thrown when the transfers that are given are not those of the state. Where a state locks nothing, they are
    /// not looked at.
    /// @dev Give the whole list, in the order in which it was signed.
    error WrongTransfers(bytes32 channelId, bytes32 transfersHash, bytes32 expectedHash);

    /// @notice Thrown when a withdrawal does not carry the channel's next sequence.
    /// @dev Sign it again with the expected sequence.
    error WrongSequence(bytes32 channelId, uint256 sequence, uint256 expected);

    // --- Errors: who may call ---

    /// @notice Thrown when somebody who is no account or signer of the channel starts a dispute without a signed exit.
    /// @dev Call as a party, or send an exit that a party's signer signed.
    error NotAParty(bytes32 channelId, address caller);

    /// @notice Thrown when somebody who is not an account of the channel collateralizes it.
    /// @dev Call as the user's or the node's account.
    error NotAnAccount(bytes32 channelId, address caller);

    /// @notice Thrown when a function is entered while another is running, or a batch within a batch.
    /// @dev Call from outside of payouts and token callbacks.
    error Reentered();

    // --- Errors: money ---

    /// @notice Thrown when an operation would move nothing.
    /// @dev Give an amount above zero.
    error NothingMoved();

    /// @notice Thrown when a channel would hold more than the deployment allows.
    /// @dev Deposit less, or open another channel.
    error CapacityExceeded(bytes32 channelId, Asset asset, uint256 total, uint256 capacity);

    /// @notice Thrown when a side has deposited (or was paid out) more over the life of the channel than the ledger can
    /// count.
    /// @dev Close the channel and open another under a new salt.
    error ContributionOutOfRange(bytes32 channelId, Asset asset, int256 contribution);

    /// @notice Thrown when a withdrawal is larger than what the channel holds.
    /// @dev Withdraw at most `total`.
    error WithdrawalTooLarge(bytes32 channelId, Asset asset, uint256 amount, uint256 total);

    /// @notice Thrown when an account has less in its reserve than the operation takes.
    /// @dev Fund the reserve, or ask for less.
    error ReserveTooSmall(address account, Asset asset, uint256 amount, uint256 reserve);

    /// @notice Thrown when an account has less credit than it withdraws.
    /// @dev Ask for at most `credit`.
    error CreditTooSmall(address account, Asset asset, uint256 amount, uint256 credit);

    /// @notice Thrown when what is funded would make a reserve larger than half of what the ledger can hold. Payouts to a
    /// reserve are not refused: the other half is theirs.
    /// @dev Withdraw from the reserve first.
    error ReserveTooLarge(address account, Asset asset, uint256 reserve, uint256 max);

    /// @notice Thrown when ETH is sent with an operation that takes none.
    /// @dev Send no value.
    error UnexpectedValue(uint256 value);

    /// @notice Thrown when ETH is sent to the contract without a call.
    /// @dev Use `deposit` or `fund`.
    error PlainTransferRefused(address sender, uint256 value);

    /// @notice Thrown when the token could not be pulled from the caller.
    /// @dev Approve the manager for the token and hold enough of it.
    error TokenPullFailed(address from, uint256 amount);

    /// @notice Thrown when an account's own withdrawal could not be delivered.
    /// @dev Name a recipient that accepts the asset.
    error DeliveryFailed(address recipient, Asset asset, uint256 amount);

    /// @notice Thrown when too little gas is left to give every payee its full stipend.
    /// @dev Send the transaction with more gas: `gasNeeded` beyond what the operation uses, whatever an estimate said.
    error PayoutGasTooLow(uint256 gasLeft, uint256 gasNeeded);

    // --- Errors: batches ---

    /// @notice Thrown when a call of a batch may spend more than the calls before it leave of the batch's value, whether
    /// these succeed or not.
    /// @dev Send the sum of the calls' values.
    error BatchOverspent(uint256 index, uint256 value, uint256 valueLeft);

    /// @notice Thrown when too little gas is left for a call of a batch.
    /// @dev Send the batch with more gas, or fewer calls.
    error BatchGasTooLow(uint256 index, uint256 gasLeft, uint256 gasNeeded);

    // --- Events: channels ---

    /// @notice The first deposit of a channel: from here on it exists.
    event ChannelOpened(
        bytes32 indexed channelId,
        address indexed user,
        address indexed node,
        address userSigner,
        address nodeSigner,
        uint32 challengePeriod,
        uint64 salt
    );

    /// @notice A side's contribution grew by a deposit.
    event Deposited(bytes32 indexed channelId, Side side, uint256 amountWei, uint256 amountToken);

    /// @notice A side's contribution grew from the reserve of its account.
    event Collateralized(bytes32 indexed channelId, Side side, uint256 amountWei, uint256 amountToken);

    /// @notice Both contributions shrank: the user's part went to `recipient`, the node's to its reserve.
    event Withdrawn(
        bytes32 indexed channelId,
        uint256 sequence,
        uint256 userWei,
        uint256 nodeWei,
        uint256 userToken,
        uint256 nodeToken,
        address recipient
    );

    /// @notice A newer state was recorded. Whoever lost its own store can settle with it.
    event StateRecorded(bytes32 indexed channelId, StateHeader state);

    /// @notice A dispute started: newer states may be recorded before `deadline`, from it on the channel can be
    /// settled.
    event DisputeStarted(bytes32 indexed channelId, uint256 dispute, uint256 deadline);

    /// @notice Both parties ended the dispute; the channel goes on and the recorded state stays.
    event DisputeResumed(bytes32 indexed channelId, uint256 dispute);

    /// @notice The channel was paid out under the state with this nonce, for ever. The amounts include transfers whose
    /// outcome was final.
    event ChannelSettled(
        bytes32 indexed channelId, uint256 nonce, uint256 userWei, uint256 nodeWei, uint256 userToken, uint256 nodeToken
    );

    /// @notice Follows `ChannelSettled` where transfers stay open: what they hold, and which of the list are settled
    /// (bit i: the i-th).
    event TransfersLocked(
        bytes32 indexed channelId, bytes32 transfersHash, uint256 lockedWei, uint256 lockedToken, uint256 settled
    );

    /// @notice Open transfers of a settled channel were settled: what the user was credited and the node's reserve got.
    /// @param settled Which of the list are settled now (bit i: the i-th).
    event TransfersSettled(
        bytes32 indexed channelId,
        uint256 settled,
        uint256 userWei,
        uint256 nodeWei,
        uint256 userToken,
        uint256 nodeToken
    );

    // --- Events: accounts ---

    /// @notice A reserve grew by money sent in.
    event Funded(address indexed account, uint256 amountWei, uint256 amountToken);

    /// @notice An account took money out of its reserve.
    event ReserveWithdrawn(address indexed account, address recipient, uint256 amountWei, uint256 amountToken);

    /// @notice A payout to the account could not be delivered, or came from a transfer settled late, and waits as its
    /// credit.
    event Credited(address indexed account, Asset asset, uint256 amount);

    /// @notice Credit of an account was paid, by the account to `recipient` or by anyone to the account.
    event CreditWithdrawn(address indexed account, address recipient, uint256 amountWei, uint256 amountToken);

    // --- Events: batches ---

    /// @notice A call of a batch failed and changed nothing.
    /// @param reason What it reverted with, at most the first 256 bytes.
    event CallFailed(uint256 indexed index, bytes reason);

    // --- Money into channels ---

    /// @notice Adds ETH (the value sent) and tokens (pulled from the caller) to a side of an open or new channel.
    /// Anyone may call. The first deposit opens the channel. No signature of either party is needed.
    /// @param channel The channel, new or open without a dispute.
    /// @param side The side whose contribution grows.
    /// @param amountToken Tokens to pull from the caller, in the smallest unit.
    function deposit(Channel calldata channel, Side side, uint128 amountToken) external payable;

    /// @notice The same for a channel that is already open, which its id alone can name: cheaper. Anyone may call.
    /// @param channelId Id of an open channel without a dispute.
    /// @param side The side whose contribution grows.
    /// @param amountToken Tokens to pull from the caller, in the smallest unit.
    function topUp(bytes32 channelId, Side side, uint128 amountToken) external payable;

    /// @notice Moves money from the caller's reserve into its side of a new or open channel. Only the user's or the
    /// node's account may call. Of each asset as much is moved as was asked for and the capacity still allows.
    /// @param channel The channel, new or open without a dispute.
    /// @param amountWei Most wei to move.
    /// @param amountToken Most tokens to move, in the smallest unit.
    function collateralize(Channel calldata channel, uint128 amountWei, uint128 amountToken) external payable;

    // --- Money out of an open channel ---

    /// @notice Pays out what both parties signed and keeps the channel open. Anyone may call. The user's part goes to
    /// the recipient (what cannot be delivered becomes the user account's credit), the node's part to its reserve. A
    /// withdrawal of nothing only uses up its sequence, so that others with that sequence are void.
    /// @param channel An open channel without a dispute.
    /// @param withdrawal What is taken out.
    /// @param userSignature EIP-712 signature of the `Withdrawal` by the user's signer.
    /// @param nodeSignature The same by the node's signer.
    function withdraw(
        Channel calldata channel,
        Withdrawal calldata withdrawal,
        Signature calldata userSignature,
        Signature calldata nodeSignature
    ) external payable;

    // --- Disputes ---

    /// @notice Records a state that both signed and that is newer than the recorded one. Anyone may call, with or
    /// without a dispute; during one this is the challenge. It never moves the deadline.
    /// @param channel An open channel, or one in a dispute before its deadline.
    /// @param signed The state with both signatures.
    function checkpoint(Channel calldata channel, SignedState calldata signed) external payable;

    /// @notice Starts the challenge period. Only an account or signer of the channel may call. A state that is newer
    /// than the recorded one is recorded first; one that is not (nonce 0 for none at all) is ignored unread.
    /// @param channel An open channel that holds something.
    /// @param signed The newest state the caller has.
    function startDispute(Channel calldata channel, SignedState calldata signed) external payable;

    /// @notice The same for anyone who holds an `Exit` of one of the parties for the next dispute's number.
    /// @param channel An open channel that holds something.
    /// @param deadline Unix time in seconds from which on the exit is void.
    /// @param exitSignature EIP-712 signature of the `Exit` by either party's signer.
    /// @param signed The newest state the caller has.
    function startDisputeWithExit(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata exitSignature,
        SignedState calldata signed
    ) external payable;

    /// @notice Ends the running dispute before its deadline; the recorded state stays. Anyone may call with a `Resume`
    /// of both parties for this very dispute.
    /// @param channel A channel in a dispute before its deadline.
    /// @param deadline Unix time in seconds from which on the resume is void.
    /// @param userSignature EIP-712 signature of the `Resume` by the user's signer.
    /// @param nodeSignature The same by the node's signer.
    function resume(
        Channel calldata channel,
        uint64 deadline,
        Signature calldata userSignature,
        Signature calldata nodeSignature
    ) external payable;

    /// @notice Pays out the recorded state, from the deadline of the dispute on, and closes the channel for ever.
    /// Transfers whose outcome is final are part of the payout, the others stay open (`settleTransfers`). Anyone may
    /// call.
    /// @param channel A channel in a dispute at or after its deadline.
    /// @param state The recorded state, or where none was recorded the initial one: all zero, without transfers.
    /// @param transfers The state's transfers; none leaves all of them open, for whoever has not got the list.
    function settle(Channel calldata channel, StateHeader calldata state, Transfer[] calldata transfers)
        external
        payable;

    /// @notice Pays out a final state that both signed, at once, and closes the channel for ever. Its transfers, if it
    /// has any, are treated as by `settle`. Anyone may call, also during and after a dispute.
    /// @param channel An open or disputed channel.
    /// @param signed A final state, not older than the recorded one, with both signatures.
    /// @param transfers The state's transfers, or none to leave all of them open.
    function close(Channel calldata channel, SignedState calldata signed, Transfer[] calldata transfers)
        external
        payable;

    /// @notice Hands out open transfers of a settled channel whose outcome is final: to the user's credit and the node's
    /// reserve. Anyone may call, as often as it takes, for ever. What no transfer claims goes to the node with the first
    /// showing of the list. A transfer above the limit is decided at once: it goes back to its payer.
    /// @param channel A settled channel with open transfers.
    /// @param transfers The whole list of the state that the channel was settled with.
    /// @param wanted Which of them: bit i for the i-th; all bits for all that can be settled now.
    function settleTransfers(Channel calldata channel, Transfer[] calldata transfers, uint256 wanted) external payable;

    // --- Accounts ---

    /// @notice Adds ETH (the value sent) and tokens (pulled from the caller) to an account's reserve. Anyone may call.
    /// @param account Owner of the reserve.
    /// @param amountToken Tokens to pull from the caller, in the smallest unit.
    function fund(address account, uint128 amountToken) external payable;

    /// @notice Sends money from the caller's reserve. Only the account itself may move its reserve.
    /// @param amountWei Wei to send.
    /// @param amountToken Tokens to send, in the smallest unit.
    /// @param recipient Where to.
    function withdrawReserve(uint128 amountWei, uint128 amountToken, address recipient) external payable;

    /// @notice Sends money from the caller's credit, anywhere.
    /// @param amountWei Wei to send.
    /// @param amountToken Tokens to send, in the smallest unit.
    /// @param recipient Where to.
    function withdrawCredit(uint128 amountWei, uint128 amountToken, address recipient) external payable;

    /// @notice Pays an account its credit of one asset, to that same account. Anyone may call, for accounts that
    /// cannot.
    /// @param account The account with credit.
    /// @param asset Which asset to pay.
    function pushCredit(address account, Asset asset) external payable;

    /// @notice Passes the caller's signed DAI permit for an unlimited allowance to the token. Made for batches: where
    /// it fails (somebody sent it first) the deposit beside it decides. Holder is always the caller, spender always the
    /// manager.
    /// @param nonce The caller's permit nonce in the token.
    /// @param expiry Unix time in seconds after which the permit is void; 0 for never.
    /// @param v Recovery id of the signature.
    /// @param r r of the signature.
    /// @param s s of the signature.
    function permit(uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s) external payable;

    // --- Batches ---

    /// @notice Makes several calls for the caller in one transaction. Each stands alone: one that fails is reported by
    /// `CallFailed` and undoes nothing else. Value that no call spent is added to the caller's reserve.
    /// @param calls The calls, in order.
    /// @return succeeded Which of the calls succeeded.
    function batch(Call[] calldata calls) external payable returns (bool[] memory succeeded);

    // --- Views ---

    /// @notice The deployment's parameters.
    function parameters() external view returns (Parameters memory);

    /// @notice Gas that a payee is given in a payout of a channel.
    function PAYOUT_STIPEND() external view returns (uint256);

    /// @notice Id of a channel: keccak256 of the deployment's chain id, this contract and the channel's fields,
    /// ABI-encoded.
    function channelIdOf(Channel calldata channel) external view returns (bytes32);

    /// @notice What the chain keeps of a channel.
    function channelOf(bytes32 channelId) external view returns (ChannelView memory);

    /// @notice What an account holds outside of channels for its own use.
    function reserveOf(address account) external view returns (Amounts memory);

    /// @notice Payouts that wait for an account.
    function creditOf(address account) external view returns (Amounts memory);

    /// @notice EIP-712 domain separator: name "Connext", version "1", this chain and this contract.
    function domainSeparator() external view returns (bytes32);

    /// @notice Hash of a list of transfers as it stands in a state.
    function hashTransfers(Transfer[] calldata transfers) external pure returns (bytes32);

    /// @notice EIP-712 digest that both parties sign for a state.
    function hashState(bytes32 channelId, StateHeader calldata state) external view returns (bytes32);

    /// @notice EIP-712 digest that both parties sign for a withdrawal.
    function hashWithdrawal(bytes32 channelId, Withdrawal calldata withdrawal) external view returns (bytes32);

    /// @notice EIP-712 digest that a party signs to let anyone start the dispute with this number before `deadline`.
    function hashExit(bytes32 channelId, uint64 dispute, uint64 deadline) external view returns (bytes32);

    /// @notice EIP-712 digest that both parties sign to end the dispute with this number before `deadline`.
    function hashResume(bytes32 channelId, uint64 dispute, uint64 deadline) external view returns (bytes32);
}
