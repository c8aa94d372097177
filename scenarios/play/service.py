"""What customer service does, as another program at the same book: money, numbers, credit, jobs, blocks."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.chart import Opener
from ledger.money import AccountId, Money
from ledger.outcomes import Refused
from ledger.products.credit import CreditRule
from ledger.products.requests import AddNumber, RemoveNumber
from ledger.requests import Adjust, OpenAccount
from scenarios.language.billing import Credit, Jobs
from scenarios.language.serving import AGENT
from scenarios.language.steps import CHANNEL, ServiceBlock, ServiceStep
from scenarios.play.errors import NotHappenedError
from scenarios.play.serving import serve_customer
from scenarios.play.stage import Stage
from switch.app.jobs import Trigger, report_words, rules_of, run_day
from switch.app.serving import provider_of
from switch.directory.blocks import EVERY_FACILITY
from switch.service.answers import Denied
from switch.service.care import Care

PROMOTIONS: Final = AccountId("promotions:courtesy")


async def serve(stage: Stage, body: ServiceStep) -> None:
    """Do what is asked of customer service, in the order written.

    Raises:
        CannotActError: There is no such account.
        NotHappenedError: The book took what it was to refuse, or refused.
    """
    for key in body.order:
        match key:
            case "deposits":
                for owner, amount in (body.deposits or {}).items():
                    await deposit(stage, owner, amount, channel=body.by, is_refused=body.refused)
            case "adjusts":
                for owner, amount in (body.adjusts or {}).items():
                    await adjust(stage, owner, amount, is_refused=body.refused)
            case "adds numbers":
                await _add_numbers(stage, body)
            case "removes numbers":
                await _remove_numbers(stage, body)
            case "decides credit":
                for owner, credit in (body.decides_credit or {}).items():
                    await _decide(stage, owner, credit, is_refused=body.refused)
            case "jobs":
                assert body.jobs is not None
                await _run_jobs(stage, body.jobs)
            case "customer" | "refunds" | "trust" | "messages":
                await serve_customer(stage, body, key)
            case "blocks" | "unblocks":
                block = body.blocks if key == "blocks" else body.unblocks
                assert block is not None
                await _block(stage, block, is_set=key == "blocks")


async def deposit(stage: Stage, owner: str, amount: Money, *, channel: str = CHANNEL, is_refused: bool = False) -> None:
    """Deposit as `payphone deposit --config` does: another program at the same book."""
    account_id, at = stage.account_id(owner), stage.utc()
    provider = provider_of(stage.world.config, stage.world.directory, stage.world.deposits)
    request_id, day = stage.next_request("deposit"), provider.day(at)
    request = provider.deposits.deposit(request_id, account_id, amount, channel, day=day, at=at)
    async with stage.book() as book:
        outcome = request if isinstance(request, Refused) else await book.submit(request)
    _judge(outcome, f"a deposit of {amount} to {owner}", is_refused=is_refused)


async def adjust(stage: Stage, owner: str, amount: Money, *, is_refused: bool = False) -> None:
    """Change a balance by hand."""
    request = Adjust(
        stage.next_request("adjust"), stage.account_id(owner), amount, PROMOTIONS, stage.utc(), memo="by hand"
    )
    async with stage.book() as book:
        outcome = await book.submit(request)
    _judge(outcome, f"an adjustment of {owner} by {amount}", is_refused=is_refused)


async def _add_numbers(stage: Stage, body: ServiceStep) -> None:
    at = stage.utc()
    active_from = at if body.active_after is None else at + timedelta(seconds=body.active_after.seconds)
    async with stage.book() as book:
        for owner, names in (body.adds_numbers or {}).items():
            for number in map(stage.number, names):
                outcome = await book.submit(AddNumber(stage.account_id(owner), number, active_from, at))
                _judge(outcome, f"{number} on {owner}", is_refused=body.refused)


async def _remove_numbers(stage: Stage, body: ServiceStep) -> None:
    async with stage.book() as book:
        for owner, names in (body.removes_numbers or {}).items():
            for number in map(stage.number, names):
                outcome = await book.submit(RemoveNumber(stage.account_id(owner), number, stage.utc()))
                _judge(outcome, f"{number} off {owner}", is_refused=body.refused)


async def _decide(stage: Stage, owner: str, credit: Credit, *, is_refused: bool) -> None:
    """Open an account on credit with the limit that is decided."""
    limit = CreditRule().decide(credit.state, credit.score)
    if limit is None:
        if not is_refused:
            raise NotHappenedError(f"{owner} gets credit", "it is declined")
        return
    async with stage.book() as book:
        outcome = await book.submit(OpenAccount(stage.account_id(owner), Opener.AGENT, stage.utc(), limit))
    _judge(outcome, f"credit of {limit} for {owner}", is_refused=is_refused)


async def _run_jobs(stage: Stage, jobs: Jobs) -> None:
    rules = rules_of(Trigger(jobs.idle_from), jobs.unclaimed)
    async with stage.book() as book:
        found = report_words(await run_day(book, jobs.as_of, jobs.zone, rules))
    if jobs.does is not None and found != jobs.does:
        raise NotHappenedError(f"the jobs of {jobs.as_of}: {'; '.join(jobs.does)}", "; ".join(found))


async def _block(stage: Stage, block: ServiceBlock, *, is_set: bool) -> None:
    number, facility = stage.number(block.number), block.facility or EVERY_FACILITY
    async with stage.book() as book:
        act = Care(book).block if is_set else Care(book).unblock
        answer = await act(number, facility=facility, why=block.why, agent=AGENT, at=stage.utc())
    if isinstance(answer, Denied):
        raise NotHappenedError(f"{number} is {'blocked' if is_set else 'unblocked'}", answer.words)


def _judge(outcome: object, what: str, *, is_refused: bool) -> None:
    if isinstance(outcome, Refused) is not is_refused:
        found = f"it is refused: {outcome.why.value}" if isinstance(outcome, Refused) else "it is booked"
        raise NotHappenedError(f"{what} is {'refused' if is_refused else 'booked'}", found)
