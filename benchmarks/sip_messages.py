"""SIP messages a second on one core: parse, the typed header fields, write.

Every message is another call (branch, tag, Call-ID, CSeq differ) between a thousand stations.
"""

from __future__ import annotations

from time import process_time

from switch.sip.message import Request
from switch.sip.parse import parse_datagram
from switch.sip.write import write

MESSAGES = 2_000
ROUNDS = 5

BODY = (
    "v=0\r\no=- 3987654321 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)


def invite(number: int) -> bytes:
    """An INVITE of 664 bytes with a description."""
    station = number % 1000
    head = (
        f"INVITE sip:+1212555{station:04d}@192.0.2.1:5060 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{number:016x};rport\r\n"
        "Max-Forwards: 70\r\n"
        f'From: "Station {station}" <sip:s{station}@192.0.2.1>;tag={number:08x}\r\n'
        f"To: <sip:+1212555{station:04d}@192.0.2.1>\r\n"
        f"Call-ID: {number:024x}@192.0.2.10\r\n"
        f"CSeq: {number + 1} INVITE\r\n"
        f"Contact: <sip:s{station}@192.0.2.10:5060>\r\n"
        "User-Agent: a telephone 1.0.23\r\n"
        "Allow: INVITE, ACK, BYE, CANCEL\r\n"
        "Content-Type: application/sdp\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    )
    return (head + BODY).encode()


def run() -> list[dict[str, object]]:
    """Measure; the best of some rounds by processor time, since the machine is shared."""
    data = [invite(number) for number in range(MESSAGES)]
    best = 0.0
    for _ in range(ROUNDS):
        begin = process_time()
        for datagram in data:
            message = parse_datagram(datagram)
            assert isinstance(message, Request)
            _ = (message.via, message.from_, message.to, message.call_id, message.cseq, message.contacts)
            write(message)
        best = max(best, MESSAGES / (process_time() - begin))
    size = len(data[0])
    return [{"name": f"parse, typed and write an INVITE of {size} bytes", "value": round(best), "unit": "1/s"}]


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']}: {row['value']:,} {row['unit']}")
