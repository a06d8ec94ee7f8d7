// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Amounts, IChannelManager} from "../../interfaces/IChannelManager.sol";

interface IBalances {
    function balanceOf(address account) external view returns (uint256);
}

/// @title Everything that accounts own, in one call
/// @notice So that a test can compare all money before and after a transaction and see what moved that should not have.
contract BalanceSheet {
    /// @return sheet For each account what it owns in wei and tokens, in its reserve in wei and tokens, and as credit
    /// in wei and tokens.
    function read(IChannelManager manager, address[] calldata accounts)
        external
        view
        returns (uint256[6][] memory sheet)
    {
        IBalances token = IBalances(manager.parameters().token);
        sheet = new uint256[6][](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Amounts memory reserve = manager.reserveOf(accounts[i]);
            Amounts memory credit = manager.creditOf(accounts[i]);
            sheet[i] = [
                accounts[i].balance,
                token.balanceOf(accounts[i]),
                reserve.amountWei,
                reserve.amountToken,
                credit.amountWei,
                credit.amountToken
            ];
        }
    }
}
