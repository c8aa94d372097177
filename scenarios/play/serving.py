"""Agents of customer service in a scenario, through the same package that their commands use."""

from __future__ import annotations

from ledger.products.rows import Direction
from ledger.store import Book
from scenarios.language.serving import AGENT, CustomerPart, MessagePart, RefundPart, TrustPart
from scenarios.language.steps import ServiceStep
from scenarios.play.errors import NotHappenedError
from scenarios.play.stage import Stage
from switch.app.serving import provider_of
from switch.service.answers import Denied
from switch.service.care import Care
from switch.service.customers import Customers
from switch.service.mail import Letter, Mail
from switch.service.provider import Provider
from switch.service.trust import TrustFund

SERVED = ("customer", "refunds", "trust", "messages")
"""Keys of a step that are served here."""


async def serve_customer(stage: Stage, body: ServiceStep, key: str) -> None:
    """Do what one key of a step asks for.

    Raises:
        NotHappenedError: It was denied, or was not though it should have been.
    """
    provider = provider_of(stage.world.config, stage.world.directory, stage.world.deposits)
    async with stage.book() as book:
        match key:
            case "customer":
                assert body.customer is not None
                await _customer(stage, book, provider, body.customer, body)
            case "refunds":
                assert body.refunds is not None
                await _refund(stage, book, body.refunds, body)
            case "trust":
                assert body.trust is not None
                await _trust(stage, book, provider, body.trust, body)
            case "messages":
                assert body.messages is not None
                await _message(stage, book, provider, body.messages, body)
            case _:
                raise AssertionError(f"{key} is not served here")


async def _customer(stage: Stage, book: Book, provider: Provider, part: CustomerPart, body: ServiceStep) -> None:
    customers, at = Customers(book, provider), stage.utc()
    for verb in part.order:
        match verb:
            case "creates":
                assert part.creates is not None
                answer: object = await customers.create(part.id, part.creates, agent=AGENT, at=at)
            case "adds facility":
                assert part.adds_facility is not None
                answer = await customers.add_facility(part.id, part.adds_facility, agent=AGENT, at=at)
            case "adds number":
                assert part.adds_number is not None
                number = stage.number(part.adds_number)
                answer = await customers.add_number(part.id, number, agent=AGENT, at=at, account=part.account)
            case "deposits":
                assert part.deposits is not None
                answer = await customers.deposit(
                    part.id,
                    part.deposits,
                    deposit_id=stage.next_request("deposit"),
                    channel=body.by,
                    agent=AGENT,
                    at=at,
                    account=part.account,
                )
            case "notes":
                assert part.notes is not None
                answer = await Care(book).note(part.id, part.notes, agent=AGENT, at=at)
            case _:
                continue
        _judge(answer, f"{part.id} {verb}", body)


async def _refund(stage: Stage, book: Book, part: RefundPart, body: ServiceStep) -> None:
    record = await stage.record(part.of)
    answer = await Care(book).refund(
        record.call_id,
        part.kind,
        refund_id=stage.next_request("refund"),
        agent=AGENT,
        at=stage.utc(),
        amount=part.amount,
    )
    _judge(answer, f"a refund of call {record.call_id}", body)


async def _trust(stage: Stage, book: Book, provider: Provider, part: TrustPart, body: ServiceStep) -> None:
    fund, at = TrustFund(book, provider), stage.utc()
    for verb in part.order:
        match verb:
            case "deposits":
                assert part.deposits is not None
                answer = await fund.deposit(
                    part.person,
                    part.deposits,
                    customer_id=part.from_ or "",
                    inmate_id=part.inmate_id,
                    legal_name=part.legal_name,
                    deposit_id=stage.next_request("trust"),
                    channel=body.by,
                    agent=AGENT,
                    at=at,
                )
            case "tops up":
                assert part.tops_up is not None
                chosen = stage.next_request("top-up")
                answer = await fund.top_up(part.person, part.tops_up, transfer_id=chosen, agent=AGENT, at=at)
            case _:
                continue
        _judge(answer, f"trust of {part.person} {verb}", body)


async def _message(stage: Stage, book: Book, provider: Provider, part: MessagePart, body: ServiceStep) -> None:
    mail, at = Mail(book, provider), stage.utc()
    for verb in part.order:
        match verb:
            case "buys":
                assert part.buys is not None
                answer: object = await mail.buy(
                    part.by or "",
                    part.buys,
                    purchase_id=stage.next_request("credits"),
                    agent=AGENT,
                    at=at,
                    channel=body.by,
                    source=part.paid_from,
                )
            case "sends":
                answer = await _send(mail, provider, part, stage)
            case "reviews":
                answer = await mail.review(part.id, agent=AGENT, at=at)
            case "approves":
                answer = await mail.approve(part.id, agent=AGENT, at=at)
            case "rejects":
                answer = await mail.reject(part.id, part.rejects or "", agent=AGENT, at=at)
            case "delivers":
                answer = await mail.deliver(part.id, agent=AGENT, at=at)
            case "is" | "credits left":
                await _look(mail, part, verb)
                continue
            case _:
                continue
        _judge(answer, f"message {part.id} {verb}", body)


async def _send(mail: Mail, provider: Provider, part: MessagePart, stage: Stage) -> Letter | Denied:
    """From the customer to the person, or back: the configuration knows who is inside."""
    sender, reader = part.by or "", part.to or ""
    is_back = provider.directory.named(sender) is not None
    customer, person = (reader, sender) if is_back else (sender, reader)
    direction = Direction.FROM_PERSON if is_back else Direction.TO_PERSON
    return await mail.send(customer, person, part.sends or "", message_id=part.id, direction=direction, at=stage.utc())


async def _look(mail: Mail, part: MessagePart, verb: str) -> None:
    letter = await mail.show(part.id)
    if isinstance(letter, Denied):
        raise NotHappenedError(f"message {part.id} is there", letter.words)
    wanted, found = (
        (part.is_, letter.message.state.value) if verb == "is" else (str(part.credits_left), str(letter.credits_left))
    )
    if wanted != found:
        raise NotHappenedError(f"message {part.id}: {verb} {wanted}", found)


def _judge(answer: object, what: str, body: ServiceStep) -> None:
    """Compare an answer with what the step expects: done, or denied, perhaps for a reason."""
    is_denied = isinstance(answer, Denied)
    is_expected = body.refused or body.denied is not None
    words = answer.words if isinstance(answer, Denied) else "it is done"
    if is_denied is not is_expected:
        raise NotHappenedError(f"{what} is {'denied' if is_expected else 'done'}", words)
    if body.denied is not None and body.denied != words:
        raise NotHappenedError(f"{what} is denied: {body.denied}", words)
