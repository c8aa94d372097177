"""Which rows a group of requests has to see, so that each table is asked once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from ledger.chart import REFUSED_CARDS, AccountKind, cash_id, fee_income_id
from ledger.entries import EntryId
from ledger.hold import HoldId
from ledger.money import AccountId, CallId
from ledger.products.card_requests import (
    CaptureCard,
    CardRequest,
    DepositByCard,
    KeepRefund,
    PayRefund,
    RefuseCard,
    RepayCard,
    SellAccount,
    call_of_card,
)
from ledger.products.card_rows import CardPayment, CardRefund
from ledger.products.collect import month_of
from ledger.products.directbill import balance_at_end, prepaid_id
from ledger.products.messages import INCOME
from ledger.products.requests import (
    AddNumber,
    AdmitCall,
    BuyCredits,
    Chargeback,
    CheckInvoice,
    CloseAccount,
    Ending,
    IssueInvoice,
    MoveMessage,
    NoteInterest,
    NotifyIdle,
    PostCharge,
    ProductRequest,
    RegisterTrust,
    RemoveNumber,
    SendToTrust,
    SetCreditLimit,
    SettleMessage,
    SubmitMessage,
    TakeAllowance,
)
from ledger.products.rows import (
    Allowance,
    AllowanceTake,
    CalledNumber,
    CreditLot,
    Dormancy,
    Invoice,
    Kind,
    Message,
    MessageDraw,
    PendingCharge,
    TrustIdentity,
)
from ledger.products.shares import call_of_charge
from ledger.products.windows import Window
from ledger.requests import (
    Adjust,
    Charge,
    Deposit,
    EndCall,
    ExpireHolds,
    Heartbeat,
    OpenAccount,
    PlaceHold,
    Refund,
    RegisterProcess,
    ReleaseHold,
    Request,
    RetireProcess,
    StartCall,
    Transfer,
    UpdateCall,
    request_id,
)


@dataclass(slots=True)
class Footprint:
    """Keys of rows to be loaded."""

    remembered: set[str] = field(default_factory=set)
    accounts: set[AccountId] = field(default_factory=set)
    holds: set[HoldId] = field(default_factory=set)
    calls: set[CallId] = field(default_factory=set)
    ending: set[CallId] = field(default_factory=set)
    """Calls whose placed holds are all needed."""
    charges: set[EntryId] = field(default_factory=set)
    processes: set[str] = field(default_factory=set)
    every_process: bool = False
    """Who beats wants to know who else there is."""
    retiring: set[str] = field(default_factory=set)
    """Processes whose open calls are all needed."""
    silent_since: datetime | None = None
    """If set: the holds and free seconds that may be given up, judged by this instant."""
    deposits: set[EntryId] = field(default_factory=set)
    products: set[tuple[Kind, str]] = field(default_factory=set)
    """Rows of products, each by its kind and its id."""
    children: set[tuple[Kind, str]] = field(default_factory=set)
    """Kinds of rows and the parents whose rows are all needed."""
    windows: set[Window] = field(default_factory=set)
    used: set[AccountId] = field(default_factory=set)
    """Accounts whose last use is needed."""

    @property
    def is_of_processes(self) -> bool:
        """Whether beats alone are to be decided, and every process is all they need: most groups of an idle switch."""
        return self.every_process and not (
            self.remembered
            or self.accounts
            or self.holds
            or self.calls
            or self.retiring
            or self.silent_since
            or self.products
        )


def footprint(requests: Iterable[Request]) -> Footprint:
    """The rows that deciding these requests one after the other needs."""
    found = Footprint()
    for request in requests:
        if (identity := request_id(request)) is not None:
            found.remembered.add(identity)
        _add(found, request)
    return found


def _add(found: Footprint, request: Request) -> None:
    match request:
        case PlaceHold():
            found.accounts.add(request.account_id)
            found.calls.add(request.call_id)
            if request.limits is not None:
                found.windows.add(month_of(request.account_id, request.limits))
        case UpdateCall():
            found.calls.add(request.call.call_id)
            found.processes.add(request.call.process_id)
        case StartCall():
            found.processes.add(request.call.process_id)
            found.remembered.add(f"{request.call.call_id}/end")
        case EndCall():
            found.calls.add(request.record.call_id)
            found.ending.add(request.record.call_id)
            found.children.add((AllowanceTake, request.record.call_id))
            if request.charge is not None:
                found.accounts.update(accounts_of(request.charge))
        case ReleaseHold():
            found.holds.add(request.hold_id)
        case Heartbeat() | RegisterProcess() | RetireProcess() | ExpireHolds():
            _add_of_processes(found, request)
        case OpenAccount():
            found.accounts.add(request.account_id)
        case Deposit():
            found.accounts.update((request.account_id, *_of_channel(request.channel)))
        case Transfer():
            found.accounts.update((request.source, request.target))
        case Adjust():
            found.accounts.update((request.account_id, request.against))
        case Refund():
            found.charges.add(request.charge_id)
            call_id = call_of_charge(request.charge_id)
            found.children.update(((CardPayment, call_id), (CardRefund, call_id)))
        case _:
            _add_of_product(found, request)


def accounts_of(charge: Charge) -> Iterable[AccountId]:
    """The accounts that a charge may touch."""
    others = (line.account_id for line in (*charge.lines, *charge.shares))
    return (charge.payer, charge.income, *others)


def _of_channel(channel: str) -> tuple[AccountId, AccountId]:
    return cash_id(channel), fee_income_id(channel)


def _add_of_product(found: Footprint, request: ProductRequest) -> None:
    match request:
        case TakeAllowance():
            found.calls.add(request.call_id)
            found.products.add((Allowance, f"{request.key}/{request.cycle}"))
        case AdmitCall():
            found.calls.add(request.call_id)
            found.accounts.add(request.account_id)
        case PostCharge():
            found.products.add((PendingCharge, request.call_id))
        case AddNumber() | RemoveNumber():
            found.accounts.add(request.account_id)
            found.products.add((CalledNumber, request.number))
            found.children.add((CalledNumber, request.account_id))
        case Chargeback():
            found.deposits.add(request.deposit_id)
        case RegisterTrust():
            found.accounts.add(request.account_id)
            found.products.add((TrustIdentity, request.account_id))
        case SendToTrust():
            found.accounts.update((request.account_id, request.holder, *_of_channel(request.channel)))
            found.products.add((TrustIdentity, request.account_id))
        case BuyCredits() | SubmitMessage() | MoveMessage() | SettleMessage():
            _add_of_message(found, request)
        case SetCreditLimit() | IssueInvoice() | CheckInvoice():
            _add_of_invoice(found, request)
        case NoteInterest() | NotifyIdle() | CloseAccount():
            _add_of_idle(found, request)
        case _:  # What is left is about a card, as far as types tell.
            _add_of_card(found, request)


def _add_of_card(found: Footprint, request: CardRequest) -> None:
    call_id = call_of_card(request.payment_id)
    found.products.add((CardPayment, request.payment_id))
    found.calls.add(call_id)
    found.accounts.add(AccountId(f"{AccountKind.ONECALL.value}:{call_id}"))
    if isinstance(request, CaptureCard | RepayCard | PayRefund):
        found.accounts.add(cash_id(request.channel))
    elif isinstance(request, SellAccount):
        sold = AccountId(f"{AccountKind.ADVANCEPAY.value}:{request.number}")
        found.accounts.update((sold, *_of_channel(request.channel)))
    elif isinstance(request, DepositByCard):
        found.accounts.update((request.account_id, *_of_channel(request.channel)))
    elif isinstance(request, RefuseCard):
        found.accounts.add(REFUSED_CARDS)
        found.deposits.add(EntryId(request.payment_id))
        found.children.add((CardRefund, call_id))
    if isinstance(request, RepayCard | KeepRefund | PayRefund):
        found.products.add((CardRefund, request.refund_id))


def _add_of_invoice(found: Footprint, request: SetCreditLimit | IssueInvoice | CheckInvoice) -> None:
    match request:
        case SetCreditLimit():
            found.accounts.add(request.account_id)
        case IssueInvoice():
            found.accounts.add(request.account_id)
            found.products.add((Invoice, f"{request.account_id}/{request.period}"))
            found.windows.add(balance_at_end(request.account_id, request))
        case CheckInvoice():
            account_id = AccountId(request.invoice_id.rpartition("/")[0])
            found.children.update(((Invoice, account_id), (CalledNumber, account_id)))
            found.accounts.update((account_id, prepaid_id(account_id)))
        case _:
            assert_never(request)


def _add_of_message(found: Footprint, request: BuyCredits | SubmitMessage | MoveMessage | SettleMessage) -> None:
    match request:
        case BuyCredits():
            found.accounts.update((request.account_id, *_of_channel(request.channel)))
            if request.source is not None:
                found.accounts.add(request.source)
        case SubmitMessage():
            found.products.add((Message, request.message_id))
            found.children.add((CreditLot, request.account_id))
            found.accounts.add(request.account_id)
        case MoveMessage() | SettleMessage():
            found.products.add((Message, request.message_id))
            found.children.add((MessageDraw, request.message_id))
            found.accounts.add(INCOME)
        case _:
            assert_never(request)


def _add_of_idle(found: Footprint, request: NoteInterest | NotifyIdle | CloseAccount) -> None:
    found.accounts.add(request.account_id)
    found.products.add((Dormancy, request.account_id))
    if not isinstance(request, NoteInterest):
        found.used.add(request.account_id)
    if isinstance(request, CloseAccount):
        kind = AccountKind.CASH if request.ending is Ending.REFUND else AccountKind.UNCLAIMED
        found.accounts.add(AccountId(f"{kind.value}:{request.to}"))


def _add_of_processes(found: Footprint, request: Heartbeat | RegisterProcess | RetireProcess | ExpireHolds) -> None:
    match request:
        case Heartbeat():
            found.every_process = True
        case RegisterProcess():
            found.processes.add(request.process.process_id)
        case RetireProcess():
            found.processes.add(request.process_id)
            found.retiring.add(request.process_id)
        case ExpireHolds():
            # Several in one group: load what the latest would give up; each decides for itself.
            latest = found.silent_since
            found.silent_since = request.silent_since if latest is None else max(latest, request.silent_since)
        case _:
            assert_never(request)
