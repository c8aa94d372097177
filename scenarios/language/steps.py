"""The steps of a script: what people at telephones do and hear, and what happens around them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from ledger.products.requests import ACTIVATION_MAX
from scenarios.language.billing import Credit, Jobs
from scenarios.language.expectations import Since
from scenarios.language.model import TONE_HERTZ, Keys, Number, Part, Text
from scenarios.language.quantities import Amount, Duration, Share
from scenarios.language.serving import CustomerPart, MessagePart, RefundPart, TrustPart

CHANNEL: Final = "processor"
"""Where money comes through if nothing is said, as with `payphone deposit`."""

Hertz = Annotated[int, Field(ge=TONE_HERTZ[0], le=TONE_HERTZ[1])]
Status = Annotated[int, Field(ge=300, le=699)]


class Tone(Part):
    """A tone said or heard instead of words."""

    tone: Hertz
    for_: Duration | None = None


Words = Text | list[Text] | Tone
"""A clip (`outside/accept`), a group of clips (`greeting`), several in a row, or a tone."""


class Way(Part):
    """How keys are sent as telephone events, where a phone does it in its own way (RFC 4733)."""

    held: Duration | None = None
    pause: Duration | None = None
    marker: bool = True
    """Whether the first packet carries the marker bit."""
    first_lost: Annotated[int, Field(ge=0, le=50)] = 0
    """Packets at the beginning that never leave."""
    ends_lost: Annotated[int, Field(ge=0, le=3)] = 0
    """Of the three packets at the end, those that never leave."""
    with_audio: bool = False
    """Whether audio goes on during the key."""


class Softphone(Part):
    """What a telephone is like."""

    codecs: tuple[Literal["PCMU", "PCMA"], ...] = ("PCMU", "PCMA")
    """What it speaks, the best first."""
    events: bool = True
    """Whether it offers and takes telephone events."""
    rings: bool = True
    """Whether it says so when it rings (180)."""
    calls: Annotated[int, Field(ge=1, le=16)] = 1
    """Calls at a time; one more is busy."""
    registered: bool | None = None
    """Whether it registers at the start: called telephones do, stations do not, where nothing is said."""
    password: Text | None = None
    """What it was told for a password, where that is not the account's."""


class Machine(Part):
    """What an answering machine does: it says something and presses nothing."""

    says: Words | None = None
    after: Duration | None = None


class Released(Part):
    """The end of a call as its phone sees it."""

    status: Status | None = None
    at: Duration | None = None
    since: Since | None = None


class ActorStep(Part):
    """What one telephone's owner does and perceives, in the order written."""

    # What is done.
    registers: Literal[True] | Duration | None = None
    """For an hour, or for so long."""
    registers_in_vain: Literal[True] | Status | None = None
    """Tries to, and is refused; with this status."""
    unregisters: Literal[True] | None = None
    dials: Number | None = None
    pin: Keys | None = None
    presses: Keys | None = None
    speaks: Words | None = None
    answers: Literal[True] | None = None
    answers_by_machine: Literal[True] | Machine | None = None
    refuses: Literal[True] | Status | None = None
    hangs_up: Literal[True] | None = None
    gives_up: Literal[True] | None = None
    """Hangs up before the called party has answered: a CANCEL, or a BYE where the switch answered."""
    holds: Literal[True] | None = None
    resumes: Literal[True] | None = None
    moves_audio: Literal[True] | None = None
    """Receives and sends its audio at another port, and says so in a re-INVITE."""
    goes_silent: bool | None = None
    drops_off: Literal[True] | None = None
    comes_back: Literal[True] | None = None
    deposits: Amount | None = None
    waits: Duration | None = None
    three_way: Literal[True] | None = None
    """Brings in somebody else: the switch is told so, as a detector would tell it."""
    forwards: Literal[True] | None = None
    """Has sent the call on: the switch is told so, as a network would tell it."""
    # What is perceived.
    rings: bool | Duration | None = None
    rings_back: bool | None = None
    """A caller's phone is told that it rings (180)."""
    hears: Words | None = None
    not_heard: Words | None = None
    hears_nothing: Duration | None = None
    """No sound at all for so long, from now on."""
    released: Literal[True] | Released | None = None
    held_by_peer: bool | None = None
    # How, and when.
    by: Literal["rfc4733", "info", "inband"] | None = None
    way: Way | None = None
    meanwhile: bool = False
    """Speech goes on while the next steps happen."""
    at: Duration | None = None
    since: Since | None = None
    within: Duration | None = None
    """How long what is awaited may take."""

    @model_validator(mode="after")
    def _says_something(self) -> ActorStep:
        modifiers = {"by", "way", "meanwhile", "at", "since", "within"}
        if not self.model_fields_set - modifiers:
            raise ValueError("says nothing that is done or perceived; write for example answers: true")
        if self.pin is not None and self.by == "inband":
            raise ValueError("a PIN is entered by rfc4733 or info")
        return self


class Link(Part):
    """The network between one telephone and the switch; what is left out stays as it was."""

    delay: Duration | None = None
    jitter: Duration | None = None
    loss: Share | None = None
    burst: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Mean count of packets lost in a row."""
    duplication: Share | None = None
    reordering: Share | None = None
    reordered_by: Duration | None = None


class Home(Link):
    """Where a telephone stands at the start."""

    behind_nat: bool = False
    """Whether its home network hides its address. Only in virtual time, and for a whole telephone."""


class Lost(Part):
    """Some SIP messages that the network loses."""

    message: Text
    """`INVITE`, `BYE`, `200 to INVITE`, `ACK`, ..."""
    to: Text | None = None
    from_: Text | None = None
    times: Annotated[int, Field(ge=1, le=100)] = 1
    """How many, from now on; retransmissions count."""
    skip: Annotated[int, Field(ge=0, le=100)] = 0
    """How many pass first."""


class NetworkStep(Part):
    """What happens to the network. Only in virtual time."""

    links: dict[str, Link] | None = None
    """By telephone; `to family` and `from family` name one direction, `all` every telephone."""
    cuts: Text | list[Text] | None = None
    heals: Text | list[Text] | None = None
    moves: Text | list[Text] | None = None
    """Telephones behind a NAT that are in another network from now on: another public address, other ports."""
    rebinds: Text | list[Text] | None = None
    """Telephones whose NAT forgets what it knew, as a restarted router: the same public address, other ports."""
    loses: Lost | list[Lost] | None = None


class Restart(Part):
    """What is changed in the configuration while the switch is down."""

    tariffs: list[Text] | None = None
    after: Duration | None = None


class SwitchStep(Part):
    """What happens to the switch itself."""

    stops: Literal[True] | None = None
    starts: Literal[True] | None = None
    restarts: Literal[True] | Restart | None = None
    killed: Literal[True] | None = None
    """As by kill -9: nothing is said to anybody, nothing is booked; the book stays. Only in virtual time."""


class ServiceBlock(Part):
    """A block that customer service sets or removes."""

    number: Number
    facility: Text | None = None
    """Every facility if left out."""
    why: Text = "by customer service"


class ServiceStep(Part):
    """What customer service does, as another program at the same book."""

    deposits: dict[str, Amount] | None = None
    """The fee of the channel comes on top, and the cap of a payment holds."""
    adjusts: dict[str, Amount] | None = None
    """Positive gives, negative takes, against promotions."""
    adds_numbers: dict[str, list[Number]] | None = None
    """By account: called numbers, or the names of their telephones, that it pays for from now on."""
    removes_numbers: dict[str, list[Number]] | None = None
    decides_credit: dict[str, Credit] | None = None
    """By the id of a Direct Bill account: opens it with the limit that is decided, or declines."""
    jobs: Jobs | None = None
    blocks: ServiceBlock | None = None
    unblocks: ServiceBlock | None = None
    customer: CustomerPart | None = None
    refunds: RefundPart | None = None
    trust: TrustPart | None = None
    messages: MessagePart | None = None
    denied: Text | None = None
    """The words with which customers, refunds, trust or messages are expected to be denied."""
    refused: bool = False
    """Whether the book is expected to refuse."""
    by: Text = CHANNEL
    """The channel a deposit comes through."""
    active_after: Duration | None = None
    """Until an added number is paid for: 24 hours at most."""

    @model_validator(mode="after")
    def _is_in_time(self) -> ServiceStep:
        if self.active_after is not None and self.active_after.seconds > ACTIVATION_MAX.total_seconds():
            raise ValueError("active after: a number is active 24h after it was added at the latest; write 24h or less")
        return self


class ClockStep(Part):
    """The wall clock of the switch's machine is set: `steps: 1h`, or `steps back: 1h`."""

    steps: Duration | None = None
    steps_back: Duration | None = None
