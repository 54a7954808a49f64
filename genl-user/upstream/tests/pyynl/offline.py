"""The kernel tree's pyynl, made to work without a kernel: its socket is a pretended one.

GENL_KERNEL_SOURCE names the kernel tree. Nothing is written to it.
"""

import collections
import os
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(
    0, os.path.join(os.environ["GENL_KERNEL_SOURCE"], "tools/net/ynl/pyynl")
)

# pylint: disable=wrong-import-position
from cli import YnlEncoder
from lib import ynl
import ynl_gen_c

__all__ = ["Socket", "YnlEncoder", "codegen_family", "family", "scalar_size"]

# Whatever is looked up is there. It must not look empty, or pyynl would ask the kernel.
EVERY_FAMILY = collections.defaultdict(lambda: {"id": 0x1B, "mcast": {}}, {"": {}})


class Socket:
    """Keeps what pyynl sends, and answers with what `replies` makes of it.

    `replies` takes the bytes of a request and gives those of each datagram that answers it.
    """

    def __init__(self, *_):
        self.sent = []
        self.waiting = []
        self.replies = lambda request: []

    def setsockopt(self, *_):
        """Any option is fine."""

    def send(self, request, _flags):
        """Takes a request, and gets its answers ready."""
        self.sent.append(request)
        self.waiting += self.replies(request)

    def recvmsg(self, *_):
        """Gives the next datagram; as a socket that does not wait, where there is none."""
        if not self.waiting:
            raise BlockingIOError
        return self.waiting.pop(0), [], 0, None


def family(path):
    """pyynl's family for the spec at `path`, as if the kernel had it."""
    ynl.GenlProtocol.genl_family_name_to_id = EVERY_FAMILY
    system, ynl.socket.socket = ynl.socket.socket, Socket
    try:
        return ynl.YnlFamily(path, schema="", process_unknown=True)
    finally:
        ynl.socket.socket = system


def codegen_family(path):
    """The family as the C code generator sees it, which knows the limits of values."""
    # It would validate the spec by its schema, with a module that may not be installed.
    sys.modules["jsonschema"] = types.SimpleNamespace(validate=lambda *_: None)
    return ynl_gen_c.Family(path, [], None)


def scalar_size(name):
    """Bytes of the integer type of that name."""
    return ynl.NlAttr.get_format(name).size
