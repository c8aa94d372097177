"""One decision for each request about a product."""

from __future__ import annotations

from typing import assert_never

from ledger.draft import Draft
from ledger.outcomes import Outcome
from ledger.products import allowances, cards, deposits, directbill, inactivity, messages, numbers, pending, trust
from ledger.products.card_requests import (
    AskCard,
    AuthoriseCard,
    CaptureCard,
    DeclineCard,
    DepositByCard,
    DueCard,
    KeepRefund,
    PayRefund,
    RefuseCard,
    RepayCard,
    SellAccount,
    SettleDeposit,
    VoidCard,
)
from ledger.products.requests import (
    AddNumber,
    AdmitCall,
    BuyCredits,
    Chargeback,
    CheckInvoice,
    CloseAccount,
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

_CallRequest = TakeAllowance | AdmitCall | PostCharge
_InvoiceRequest = SetCreditLimit | IssueInvoice | CheckInvoice
_MessageRequest = BuyCredits | SubmitMessage | MoveMessage | SettleMessage
_IdleRequest = NoteInterest | NotifyIdle | CloseAccount


def decide_product(draft: Draft, request: ProductRequest) -> Outcome:
    """Decide one of the requests about products."""
    match request:
        case TakeAllowance() | AdmitCall() | PostCharge():
            return _decide_call(draft, request)
        case (
            AskCard()
            | DeclineCard()
            | AuthoriseCard()
            | SellAccount()
            | DepositByCard()
            | DueCard()
            | CaptureCard()
            | SettleDeposit()
            | VoidCard()
            | RefuseCard()
            | RepayCard()
            | KeepRefund()
            | PayRefund()
        ):
            return cards.decide_card(draft, request)
        case SetCreditLimit() | IssueInvoice() | CheckInvoice():
            return _decide_invoice(draft, request)
        case NoteInterest() | NotifyIdle() | CloseAccount():
            return _decide_idle(draft, request)
        case BuyCredits() | SubmitMessage() | MoveMessage() | SettleMessage():
            return _decide_message(draft, request)
        case AddNumber():
            return numbers.add(draft, request)
        case RemoveNumber():
            return numbers.remove(draft, request)
        case Chargeback():
            return deposits.charge_back(draft, request)
        case RegisterTrust():
            return trust.register(draft, request)
        case SendToTrust():
            return trust.send(draft, request)
        case _:
            assert_never(request)


def _decide_call(draft: Draft, request: _CallRequest) -> Outcome:
    match request:
        case TakeAllowance():
            return allowances.take(draft, request)
        case AdmitCall():
            return pending.admit(draft, request)
        case PostCharge():
            return pending.post(draft, request)
        case _:
            assert_never(request)


def _decide_invoice(draft: Draft, request: _InvoiceRequest) -> Outcome:
    match request:
        case SetCreditLimit():
            return directbill.set_limit(draft, request)
        case IssueInvoice():
            return directbill.issue(draft, request)
        case CheckInvoice():
            return directbill.check(draft, request)
        case _:
            assert_never(request)


def _decide_message(draft: Draft, request: _MessageRequest) -> Outcome:
    match request:
        case BuyCredits():
            return messages.buy(draft, request)
        case SubmitMessage():
            return messages.submit(draft, request)
        case MoveMessage():
            return messages.move(draft, request)
        case SettleMessage():
            return messages.settle(draft, request)
        case _:
            assert_never(request)


def _decide_idle(draft: Draft, request: _IdleRequest) -> Outcome:
    match request:
        case NoteInterest():
            return inactivity.note_interest(draft, request)
        case NotifyIdle():
            return inactivity.notify(draft, request)
        case CloseAccount():
            return inactivity.close(draft, request)
        case _:
            assert_never(request)
