"""amp.py listen|connect ENDPOINT: the example of Twisted's documentation of AMP, as a server or as a client that calls."""

import sys

from twisted.internet import endpoints, protocol, reactor
from twisted.protocols import amp

from agent import address, report, run


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Divide(amp.Command):
    arguments = [(b"numerator", amp.Integer()), (b"denominator", amp.Integer())]
    response = [(b"result", amp.Float())]
    errors = {ZeroDivisionError: b"ZERO_DIVISION"}


class Multiply(amp.Command):
    arguments = [(b"a", amp.Integer())]


class Types(amp.Command):
    arguments = response = [
        (b"string", amp.String()),
        (b"text", amp.Unicode()),
        (b"float", amp.Float()),
        (b"truth", amp.Boolean()),
        (b"decimal", amp.Decimal()),
        (b"date", amp.DateTime()),
        (b"path", amp.Path()),
        (b"list", amp.ListOf(amp.Integer())),
        (b"boxes", amp.AmpList([(b"a", amp.Integer()), (b"b", amp.Unicode(optional=True))])),
        (b"absent", amp.Integer(optional=True)),
    ]


class Math(amp.AMP):
    def connectionMade(self):
        global current
        current = self
        report("made")

    def connectionLost(self, reason):
        super().connectionLost(reason)
        report("lost", reason=reason.type.__name__)

    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}

    @Divide.responder
    def divide(self, numerator, denominator):
        return {"result": numerator / denominator}

    @Types.responder
    def types(self, **values):
        return values


def listen():
    listening = endpoints.serverFromString(reactor, sys.argv[2]).listen(protocol.Factory.forProtocol(Math))
    listening.addCallback(lambda port: report("listening", address=address(port.getHost())))


def connect():
    endpoints.clientFromString(reactor, sys.argv[2]).connect(protocol.Factory.forProtocol(Math))


def call(command, arguments):
    called = current.callRemote(globals()[command], **arguments)
    called.addCallback(lambda values: report("answer", text=repr(values)))
    called.addErrback(lambda reason: report("answer", text="%s: %s" % (reason.type.__name__, reason.getErrorMessage())))


run({"listen": listen, "connect": connect}[sys.argv[1]], call=call)
