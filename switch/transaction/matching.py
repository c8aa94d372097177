"""Which transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3, §8.2.2.2, §9.2)."""

from __future__ import annotations

from switch.sip.headers import MAGIC_COOKIE
from switch.sip.message import Request, Response

ServerKey = tuple[str, ...]
ClientKey = tuple[str, str]
MergeKey = tuple[str, str, int, str]


def server_key(request: Request, method: str | None = None) -> ServerKey:
    """Key of the server transaction of a request; ACK belongs to its INVITE (§17.2.3).

    Args:
        request: As received.
        method: Look for a transaction of this method instead: INVITE for the target of a CANCEL (§9.2).
    """
    method = method or request.method
    if method == "ACK":
        method = "INVITE"
    via = request.via
    branch = via.branch or ""
    if branch.startswith(MAGIC_COOKIE) and branch != MAGIC_COOKIE:
        return (branch, via.host.lower(), str(via.port or ""), method)
    return _old_key(request, method)


def client_key(response: Response) -> ClientKey:
    """Key of the client transaction that a response answers: branch and method (§17.1.3)."""
    return (response.via.branch or "", response.cseq.method)


def merge_key(request: Request) -> MergeKey:
    """What two copies of one request that took different paths have in common (§8.2.2.2)."""
    cseq = request.cseq
    return (request.from_.tag or "", request.call_id, cseq.number, cseq.method)


def _old_key(request: Request, method: str) -> ServerKey:
    """Key of a request whose branch is not unique, as those of RFC 2543 (§17.2.3).

    Deviates: the To tag is left out for INVITE, ACK and CANCEL, where §17.2.3 compares it with the
    tag of the response. Call-ID, From tag and CSeq number already name one INVITE of that caller.
    """
    to_tag = "" if method == "INVITE" else request.to.tag or ""
    return (
        str(request.via),
        str(request.uri),
        request.from_.tag or "",
        to_tag,
        request.call_id,
        str(request.cseq.number),
        method,
    )
