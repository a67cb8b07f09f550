"""What the programs here have in common: a test tells them what to do and reads what they saw.

Commands come over standard input and events go out over standard output, one JSON object a line; bytes are in
hexadecimal. A program ends when its standard input does, so that none outlives its test.
"""

import ipaddress
import json
import sys

from twisted.internet import reactor, stdio
from twisted.logger import LogLevel, globalLogPublisher
from twisted.protocols.basic import LineOnlyReceiver

# stdio makes the descriptor non-blocking, which a print that fills the pipe would not survive.
_control = None


def report(event, **fields):
    """Tells the test of an event."""
    line = json.dumps({"event": event, **fields}).encode()
    if _control is None:
        raise RuntimeError("an event before run()")
    _control.sendLine(line)


def reason_name(reason):
    """The name of the class of a Failure's exception, which is what the tests compare."""
    return reason.type.__name__


def address(addr):
    """An address as text: host and port, or a path."""
    if addr is None:
        return ""
    if hasattr(addr, "host"):
        host = str(ipaddress.ip_address(addr.host))
        return ("[%s]:%d" if ":" in host else "%s:%d") % (host, addr.port)
    name = getattr(addr, "name", None)
    return name.decode() if name else ""


class _Control(LineOnlyReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 1 << 24

    def __init__(self, commands, started):
        self.commands = commands
        self.started = started

    def connectionMade(self):
        global _control
        _control = self
        self.started()

    def lineReceived(self, line):
        command = json.loads(line)
        self.commands[command.pop("do")](**command)

    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


def _observe(event):
    if event.get("log_level") in (LogLevel.error, LogLevel.critical):
        failure = event.get("log_failure")
        text = failure.getTraceback() if failure else event.get("log_text", str(event))
        report("error", text=text)


def run(started, **commands):
    """Calls started, obeys commands, and returns when the test is through."""
    globalLogPublisher.addObserver(_observe)
    names = {name.replace("_", " "): f for name, f in commands.items()}
    reactor.callWhenRunning(lambda: stdio.StandardIO(_Control(names, started)))
    reactor.run()
