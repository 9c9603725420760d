"""Lets dkimpy verify and sign mail: reads a request as JSON, and writes what it found."""
import base64
import json
import sys

import dkim
import dns.resolver

asked = json.load(sys.stdin)
resolver = dns.resolver.Resolver(configure=False)
host, port = asked["resolver"].split(":")
resolver.nameservers, resolver.port = [host], int(port)


def text_of(name, timeout=5):
    return b"".join(resolver.resolve(name.decode("ascii"), "TXT", lifetime=timeout)[0].strings)


def verdict(message):
    """The domain that a message is signed for, or what is wrong with its signature."""
    judge = dkim.DKIM(message)
    try:
        passed = judge.verify(dnsfunc=text_of)
    except (dkim.DKIMException, dns.exception.DNSException) as error:
        return str(error)
    if not passed:
        return "fail" if judge.signature_fields else "not signed"
    return "pass " + judge.domain.decode("ascii")


def signed(message, domain, selector, private_key):
    line = dkim.sign(message, selector.encode(), domain.encode(), private_key.encode())
    return base64.b64encode(line + message).decode()


json.dump({
    "verdicts": [verdict(base64.b64decode(each)) for each in asked["verify"]],
    "signed": [
        signed(base64.b64decode(each["message"]), each["domain"], each["selector"], each["privateKey"])
        for each in asked["sign"]
    ],
}, sys.stdout)
