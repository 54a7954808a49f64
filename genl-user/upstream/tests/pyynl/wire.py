"""Lets pyynl encode and decode messages: a line of JSON in, a line of JSON out.

The command line has the specs' paths; `family` in a line counts them from 0.

  {"family": 0, "send": "dev-get", "dump": false, "values": {...}}
      gives the request that pyynl sends, from its generic netlink header on: {"bytes": "..."}
  {"family": 0, "receive": "dev-get", "dump": false, "bytes": "..."}
      gives what pyynl's command-line tool prints of a reply with such bytes: {"values": {...}}
  {"family": 0, "notice": "dev-add-ntf", "bytes": "..."}
      the same of a notification

The answer is {"error": "..."} where pyynl fails.
"""

import contextlib
import io
import json
import struct
import sys

import offline

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLMSG_HDRLEN = 16


def main():
    families = [offline.family(path) for path in sys.argv[1:]]
    for line in sys.stdin:
        order = json.loads(line)
        try:
            # pyynl complains to where the answers go.
            with contextlib.redirect_stdout(io.StringIO()):
                answer = carry_out(families[order["family"]], order)
        except Exception as error:  # pylint: disable=broad-exception-caught
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, cls=offline.YnlEncoder))


def carry_out(family, order):
    """Does what a line asks for."""
    if "send" in order:
        return {"bytes": sent(family, order["send"], order["dump"], order["values"])}
    payload = bytes.fromhex(order["bytes"])
    if "receive" in order:
        return {"values": received(family, order["receive"], order["dump"], payload)}
    return {"values": noticed(family, order["notice"], payload)}


def sent(family, op, dump, values):
    """The request that pyynl makes of values."""
    call(family, op, dump, values, [])
    [request] = family.sock.sent
    return request[NLMSG_HDRLEN:]


def received(family, op, dump, payload):
    """What pyynl makes of a reply."""
    reply = call(family, op, dump, {}, [(family.nlproto.family_id, payload)])
    if dump:
        [reply] = reply
    return reply


def noticed(family, name, payload):
    """What pyynl makes of a notification."""
    family.sock.waiting = [message(0, family.nlproto.family_id, payload)]
    family.check_ntf()
    notice = family.async_msg_queue.get_nowait()
    if notice["name"] != name:
        raise ValueError(f"taken for {notice['name']}")
    return notice["msg"]


def call(family, op, dump, values, replies):
    """Calls an operation; types and contents of the messages that answer it are in `replies`."""
    end = (NLMSG_DONE if dump else NLMSG_ERROR, struct.pack("i", 0))

    def answers(request):
        [sequence] = struct.unpack_from("I", request, 8)
        return [b"".join(message(sequence, *reply) for reply in [*replies, end])]

    family.sock.sent = []
    family.sock.waiting = []
    family.sock.replies = answers
    return family.dump(op, values) if dump else family.do(op, values)


def message(sequence, kind, payload):
    """A netlink message."""
    length = NLMSG_HDRLEN + len(payload)
    return struct.pack("IHHII", length, kind, 0, sequence, 0) + payload


if __name__ == "__main__":
    main()
