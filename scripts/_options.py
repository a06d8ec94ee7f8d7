"""What people type: the options that the scripts share, read once into the package's own values."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from ape.cli import AccountAliasPromptChoice, ConnectedProviderCommand
from ape.exceptions import ApeException

from connext.display import parse_amount, parse_duration
from connext.errors import ConnextError
from connext.store import DEFAULT_ROOT
from connext.types import Address, Asset, Bytes32, parse_address

_PERCENT = re.compile(r"(\d{1,2})(?:\.(\d{1,4}))?\s*%?")

Command = TypeVar("Command", bound=Callable[..., Any])


class Script(ConnectedProviderCommand):
    """A command on a connected chain. What the package or Ape refuses becomes one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ConnextError, ApeException) as error:
            raise click.ClickException(str(error)) from error


def script(**settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Like `click.command`; the examples of a help text keep their lines."""
    return click.command(cls=Script, context_settings={"max_content_width": 120}, **settings)


# --- Types ---


class Amount(click.ParamType):
    """'1.5 ETH' as (asset, wei)."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        try:
            return parse_amount(value)
        except ConnextError as error:
            self.fail(str(error), param, ctx)


class Duration(click.ParamType):
    """'24 h' as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, int):
            return value
        try:
            return parse_duration(value)
        except ConnextError as error:
            self.fail(str(error), param, ctx)


class ChannelId(click.ParamType):
    """0x and 64 digits as 32 bytes."""

    name = "channel"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Bytes32:
        digits = value.removeprefix("0x")
        try:
            channel_id = bytes.fromhex(digits)
        except ValueError:
            channel_id = b""
        if len(channel_id) != 32:
            self.fail(f"{value!r} is no channel id, which is 0x and 64 digits (`ape run open` prints it)", param, ctx)
        return channel_id


class Price(click.ParamType):
    """'2000 DAI for 1 ETH' as what goes out and what comes in, each (asset, wei)."""

    name = "price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, tuple):
            return value
        try:
            given, taken = (parse_amount(part) for part in value.split(" for "))
        except ValueError:
            self.fail(f"{value!r} is no price; write it like '2000 DAI for 1 ETH'", param, ctx)
        if given[0] is taken[0] or not given[1] or not taken[1]:
            self.fail(f"{value!r} is no price: it is an amount of each asset", param, ctx)
        return given, taken


class Percent(click.ParamType):
    """'0.1 %' as millionths."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _PERCENT.fullmatch(value.strip())
        if match is None:
            self.fail(f"{value!r} is no fee; write it like '0.1 %', with at most 4 decimals, below 100", param, ctx)
        whole, fraction = match.groups()
        return int(whole) * 10_000 + int((fraction or "").ljust(4, "0"))


class Hexadecimal(click.ParamType):
    """0x and digits as bytes."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        if isinstance(value, bytes):
            return value
        try:
            return bytes.fromhex(value.removeprefix("0x"))
        except ValueError:
            self.fail(f"{value!r} is not 0x and an even number of hexadecimal digits", param, ctx)


class TransferId(click.IntRange):
    """The id of a conditional transfer, as `ape run channel` shows it."""

    name = "transfer"

    def __init__(self) -> None:
        super().__init__(0, 2**64 - 1)


class AccountAddress(click.ParamType):
    """An address, or the alias of an Ape account, as 20 bytes."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, bytes):
            return value
        try:
            return parse_address(value)
        except ConnextError as error:
            account = _account_named(value)
            if account is None:
                self.fail(f"{error}, and no Ape account has this name (see `ape accounts list`)", param, ctx)
            return parse_address(account.address)


def _account_named(name: str) -> Any:
    from ape import accounts

    if name.startswith("TEST::"):
        return accounts.test_accounts[int(name.removeprefix("TEST::"))]
    return accounts.load(name) if name in accounts.aliases else None


# --- Options ---


def amounts(pairs: tuple[tuple[Asset, int], ...]) -> tuple[int, int]:
    """What was typed, added up: wei of ETH and of DAI."""
    return sum(wei for asset, wei in pairs if asset is Asset.ETH), sum(
        wei for asset, wei in pairs if asset is Asset.DAI
    )


def _account_option(name: str, text: str, *, asks: bool) -> Callable[[Command], Command]:
    def chosen(_: click.Context, param: click.Parameter, value: Any) -> Any:
        return param.type.select_account() if asks and value is None else value  # type: ignore[attr-defined]

    return click.option(name, type=AccountAliasPromptChoice(), callback=chosen, help=text)


def amount_option(name: str, **settings: Any) -> Callable[[Command], Command]:
    """An amount, once per asset."""
    return click.option(name, type=Amount(), multiple=True, metavar="AMOUNT", **settings)


channel_argument = click.argument("channel_id", metavar="CHANNEL", type=ChannelId())
transfer_argument = click.argument("transfer_id", metavar="TRANSFER", type=TransferId())
witness_option = click.option(
    "--witness",
    type=Hexadecimal(),
    metavar="0x…",
    help="What proves it: for a hash lock the secret. [default: of your files]",
)
expires_option = click.option(
    "--expires", type=Duration(), default="1 d", show_default=True, help="From now; it must be decided by then."
)


def _in_existing_folder(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}")
    return path


out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_in_existing_folder,
    help="File to write for the other side. [default: a name that tells what it is]",
)


def file_option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """A file to read."""
    return click.option(*names, type=click.Path(exists=True, dir_okay=False, path_type=Path), **settings)


from_option = file_option("--from", "source", help="File that the other side wrote.")
store_option = click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_ROOT,
    show_default=True,
    help="Folder of this party's channels. Keep it: the newest state in it is the money.",
)
accept_option = click.option(
    "--accept", is_flag=True, help="With --from: sign also what takes something from you. --yes does not."
)


def history_options(command: Command) -> Command:
    """What only the owner knows of its files, as `history`."""
    first = click.option(
        "--first-time",
        "history",
        flag_value="first-time",
        help="You never signed for the channel: begin a file of it.",
    )
    restored = click.option(
        "--restored",
        "history",
        flag_value="restored",
        help="Its file is lost or may be old: from now on sign nothing but an exit. Where several files were copied "
        "back, say it for each.",
    )
    return first(restored(command))


_ACCOUNT_HELP = "Ape account that acts and pays, by its alias. [default: ask]"
account_option = _account_option("--account", _ACCOUNT_HELP, asks=True)
unasked_account_option = _account_option("--account", _ACCOUNT_HELP, asks=False)
yes_option = click.option("--yes", is_flag=True, help="Do not ask, on a live network either.")
_PAYER_OPTIONS = (account_option, yes_option)
_PARTY_OPTIONS = (
    _account_option("--signer", "Ape account that signs for the channel. [default: --account]", asks=False),
    click.option("--for", "party", type=AccountAddress(), help="Account whose channel it is. [default: --account]"),
    store_option,
    click.option(
        "--confirmations",
        type=click.IntRange(min=0),
        help="Blocks that must lie on the one that is believed. [default: 12 on a live network, else 0]",
    ),
)


def at_desk(function: Callable[..., None]) -> Callable[..., None]:
    """Call the function with the Desk of the account that was named, while its files are locked."""

    def at_desk_of(
        provider: Any,
        account: Any,
        signer: Any,
        party: Address | None,
        store: Path,
        confirmations: int | None,
        yes: bool,
        **rest: Any,
    ) -> None:
        from scripts._connection import Connection
        from scripts._desk import Desk

        payer = _payer(provider, account, yes)
        with Desk(Connection(provider), payer, signer or account, party, store, confirmations) as desk:
            function(desk, **rest)

    return _with_options(at_desk_of, function, _PAYER_OPTIONS + _PARTY_OPTIONS)


def with_payer(function: Callable[..., None]) -> Callable[..., None]:
    """Call the function with the Payer of the account that was named, and the provider: for what needs no files."""

    def paid_by(provider: Any, account: Any, yes: bool, **rest: Any) -> None:
        function(provider, _payer(provider, account, yes), **rest)

    return _with_options(paid_by, function, _PAYER_OPTIONS)


def with_files(function: Callable[..., None]) -> Callable[..., None]:
    """Call the function with the connection and a party's own files, locked: for what neither signs nor sends."""

    def kept_in(provider: Any, store: Path, **rest: Any) -> None:
        from connext.store import Store
        from scripts._connection import Connection

        connection = Connection(provider)
        with Store(connection.deployment.domain, store) as files:
            function(connection, files, **rest)

    return _with_options(kept_in, function, (store_option,))


def _payer(provider: Any, account: Any, yes: bool) -> Any:
    from scripts._payer import Payer

    if yes and hasattr(account, "set_autosign"):
        account.set_autosign(True)  # with the passphrase of APE_ACCOUNTS_<alias>_PASSPHRASE, if that is set
    return Payer(provider, account, yes=yes)


def _with_options(
    wrapper: Callable[..., None], function: Callable[..., None], options: Iterable[Callable[..., Any]]
) -> Callable[..., None]:
    """The wrapper with the help and the options of the function, and more of them."""
    wrapper.__doc__ = function.__doc__
    wrapper.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined] # click keeps them there
    for option in options:
        wrapper = option(wrapper)
    return wrapper
