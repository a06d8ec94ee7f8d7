// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Amounts, Asset, IChannelManager} from "../interfaces/IChannelManager.sol";
import {IDaiPermit} from "../interfaces/IDaiPermit.sol";
import {Batching} from "./Batching.sol";
import {Delivery} from "./libraries/Delivery.sol";
import {Pair, Pairs} from "./libraries/Pairs.sol";

/// @title Money outside of channels, and the only place where money moves
/// @notice Reserves, which only their account moves, and credit, which waits for its account. No code path reads the
/// contract's own balance. docs/protocol.md sections 3 and 5.
abstract contract Accounts is Batching {
    /// @inheritdoc IChannelManager
    uint256 public constant PAYOUT_STIPEND = 100_000;

    /// @dev Most gas that one payout can use: the call (9 000 with value, 2 600 each for a cold account and its
    /// EIP-7702 code, or 25 000 for a new one, which runs no code), the stipend, and what crediting costs
    /// where it fails (25 000). It also covers 64/63 of the stipend, which EIP-150 asks for.
    uint256 private constant PAYOUT_GAS = 145_000;

    /// @dev Reserves stop growing by deposits here. Payouts of channels are at most 2^80 each, so no number of them
    /// overflows the rest.
    uint256 private constant MAX_FUNDED_RESERVE = type(uint128).max / 2;

    address internal immutable TOKEN;

    mapping(address account => Pair) private _reserves;
    mapping(address account => Pair) private _credits;

    constructor(address token) {
        if (token.code.length == 0) revert TokenWithoutCode(token);
        TOKEN = token;
    }

    /// @inheritdoc IChannelManager
    function fund(address account, uint128 amountToken) external payable entrance {
        uint256 amountWei = _value();
        if (amountWei == 0 && amountToken == 0) revert NothingMoved();
        _requireOwner(account);
        _fund(account, amountWei, amountToken);
        _pull(amountToken);
    }

    /// @inheritdoc IChannelManager
    function withdrawReserve(uint128 amountWei, uint128 amountToken, address recipient)
        external
        payable
        entranceWithoutValue
    {
        if (amountWei == 0 && amountToken == 0) revert NothingMoved();
        _requireOwner(recipient);
        _takeReserve(msg.sender, amountWei, amountToken);
        emit ReserveWithdrawn(msg.sender, recipient, amountWei, amountToken);
        _deliver(recipient, amountWei, amountToken);
    }

    /// @inheritdoc IChannelManager
    function withdrawCredit(uint128 amountWei, uint128 amountToken, address recipient)
        external
        payable
        entranceWithoutValue
    {
        _requireOwner(recipient);
        _payCredit(msg.sender, amountWei, amountToken, recipient);
    }

    /// @inheritdoc IChannelManager
    function pushCredit(address account, Asset asset) external payable entranceWithoutValue {
        Pair credit = _credits[account];
        if (asset == Asset.Ether) _payCredit(account, credit.amountWei(), 0, account);
        else _payCredit(account, 0, credit.amountToken(), account);
    }

    /// @inheritdoc IChannelManager
    function permit(uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s)
        external
        payable
        entranceWithoutValue
        leaving
    {
        IDaiPermit(TOKEN).permit(msg.sender, address(this), nonce, expiry, true, v, r, s);
    }

    /// @inheritdoc IChannelManager
    function reserveOf(address account) external view returns (Amounts memory) {
        return _amounts(_reserves[account]);
    }

    /// @inheritdoc IChannelManager
    function creditOf(address account) external view returns (Amounts memory) {
        return _amounts(_credits[account]);
    }

    // --- Ledger ---

    function _keepChange(address caller, uint256 amountWei) internal override {
        _fund(caller, amountWei, 0);
    }

    /// @dev Adds a payout of a channel.
    function _addReserve(address account, Pair payout) internal {
        if (!payout.isZero()) _reserves[account] = _reserves[account] + payout;
    }

    function _takeReserve(address account, uint256 amountWei, uint256 amountToken) internal {
        Pair reserve = _reserves[account];
        if (amountWei > reserve.amountWei()) {
            revert ReserveTooSmall(account, Asset.Ether, amountWei, reserve.amountWei());
        }
        if (amountToken > reserve.amountToken()) {
            revert ReserveTooSmall(account, Asset.Token, amountToken, reserve.amountToken());
        }
        _reserves[account] = reserve - Pairs.pack(amountWei, amountToken);
    }

    function _fund(address account, uint256 amountWei, uint256 amountToken) private {
        Pair reserve = _reserves[account];
        _requireGrowth(account, Asset.Ether, reserve.amountWei(), amountWei);
        _requireGrowth(account, Asset.Token, reserve.amountToken(), amountToken);
        _reserves[account] = reserve + Pairs.pack(amountWei, amountToken);
        emit Funded(account, amountWei, amountToken);
    }

    function _requireGrowth(address account, Asset asset, uint256 reserve, uint256 amount) private pure {
        if (amount != 0 && reserve + amount > MAX_FUNDED_RESERVE) {
            revert ReserveTooLarge(account, asset, reserve + amount, MAX_FUNDED_RESERVE);
        }
    }

    /// @dev Adds a payout that is not sent.
    function _addCredit(address account, Pair payout) internal {
        if (payout.amountWei() != 0) _credit(account, Asset.Ether, payout.amountWei());
        if (payout.amountToken() != 0) _credit(account, Asset.Token, payout.amountToken());
    }

    function _credit(address account, Asset asset, uint256 amount) private {
        _credits[account] = _credits[account] + Pairs.single(uint256(asset), amount);
        emit Credited(account, asset, amount);
    }

    function _payCredit(address account, uint128 amountWei, uint128 amountToken, address recipient) private {
        if (amountWei == 0 && amountToken == 0) revert NothingMoved();
        Pair credit = _credits[account];
        if (amountWei > credit.amountWei()) revert CreditTooSmall(account, Asset.Ether, amountWei, credit.amountWei());
        if (amountToken > credit.amountToken()) {
            revert CreditTooSmall(account, Asset.Token, amountToken, credit.amountToken());
        }
        _credits[account] = credit - Pairs.pack(amountWei, amountToken);
        emit CreditWithdrawn(account, recipient, amountWei, amountToken);
        _deliver(recipient, amountWei, amountToken);
    }

    function _amounts(Pair pair) private pure returns (Amounts memory) {
        return Amounts(pair.amountWei(), pair.amountToken());
    }

    /// @dev Refuses addresses at which money would be lost.
    function _requireOwner(address account) internal view {
        if (account == address(0) || account == address(this) || account == TOKEN) revert ForbiddenAccount(account);
    }

    // --- Money ---

    /// @dev Pulls the caller's own tokens, and nobody else's.
    function _pull(uint256 amountToken) internal {
        if (amountToken != 0) _pullTokens(amountToken);
    }

    function _pullTokens(uint256 amountToken) private leaving {
        if (!Delivery.pullToken(TOKEN, msg.sender, amountToken)) revert TokenPullFailed(msg.sender, amountToken);
    }

    /// @dev Pays a user side out of a channel. What cannot be delivered becomes the account's credit, so no payee can
    /// block anybody (G10).
    function _payOut(address account, address recipient, uint256 amountWei, uint256 amountToken) internal leaving {
        _requirePayoutGas((amountWei == 0 ? 0 : PAYOUT_GAS) + (amountToken == 0 ? 0 : PAYOUT_GAS));
        if (amountWei != 0 && !Delivery.sendWei(recipient, amountWei, PAYOUT_STIPEND)) {
            _credit(account, Asset.Ether, amountWei);
        }
        if (amountToken != 0 && !Delivery.sendToken(TOKEN, recipient, amountToken, PAYOUT_STIPEND)) {
            _credit(account, Asset.Token, amountToken);
        }
    }

    /// @dev Sends what an account takes out itself: with all gas, and all or nothing.
    function _deliver(address recipient, uint256 amountWei, uint256 amountToken) private leaving {
        if (amountWei != 0 && !Delivery.sendWei(recipient, amountWei, gasleft())) {
            revert DeliveryFailed(recipient, Asset.Ether, amountWei);
        }
        if (amountToken != 0 && !Delivery.sendToken(TOKEN, recipient, amountToken, gasleft())) {
            revert DeliveryFailed(recipient, Asset.Token, amountToken);
        }
    }

    /// @dev Without this a caller could choose the gas so that a payee fails and is only credited. Asked for all
    /// payouts at once, before the first, so that the gas one payee uses cannot decide over the next.
    function _requirePayoutGas(uint256 gasNeeded) private view {
        uint256 gasLeft = gasleft();
        if (gasLeft < gasNeeded) revert PayoutGasTooLow(gasLeft, gasNeeded);
    }
}
