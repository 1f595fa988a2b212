#!/usr/bin/python3
"""Compares how this server, python3-h11 and Node.js understand what comes over a connection.

Usage: compare.py PROGRAM [--cases N] [--seed N] [--first N]     PROGRAM: the built parse_requests
       compare.py --document [FILE]                              writes docs/differences.md, or to FILE

Every difference is explained by a rule of differences.toml or is a failure. Only these can be explained: one refuses what
the other accepts, or ends a connection earlier. When both accept, they must see the same method, target, fields and
content: a request that two servers in a row understand differently is how requests are smuggled.
"""

import argparse
import collections
import importlib.util
import os
import pathlib
import re
import shutil
import sys
import tomllib
from typing import NamedTuple

from cases import make_case

FOLDER = pathlib.Path(__file__).resolve().parent
DOCUMENT = FOLDER.parents[1] / "docs/differences.md"
BATCH = 5000
SHOWN_MAX = 20
SKIPPED = 77  # what ctest takes for a test that was left out
# Their values are rewritten by h11; what they mean shows in the content.
FRAMING_FIELDS = (b"content-length", b"transfer-encoding")


class Difference(NamedTuple):
    side: str    # "we refuse", "they refuse", "we end", "they end"; "DANGEROUS": no rule explains it
    ours: str    # our reason
    theirs: str  # their reason


def message(request):
    fields = [(name.lower(), value.strip(b" \t")) for name, value in request["fields"] if name.lower() not in FRAMING_FIELDS]
    return request["method"], request["target"], fields


def compare_one(ours, theirs, ends):
    """Of one request: a Difference, "next" if it is the same in both and whole, "stop" if nothing more can be compared."""
    our_end, their_end, our_reason, their_reason = ends
    def difference(side):
        return Difference(side, our_reason, their_reason)
    if not ours and not theirs:
        return "stop"
    if not ours:
        return difference("we refuse" if our_end == "refused" else "we end" if our_end == "closed" else "DANGEROUS")
    if not theirs:
        return difference("they refuse" if their_end == "refused" else "they end")
    if message(ours) != message(theirs):
        return difference("DANGEROUS")
    if theirs.get("tunnel"):  # after CONNECT
        return difference("they end")
    if ours["complete"] and theirs["complete"]:
        return "next" if ours["content"] == theirs["content"] else difference("DANGEROUS")
    if ours["complete"]:
        return difference("they refuse" if their_end == "refused" else "DANGEROUS")
    if theirs["complete"]:
        return difference("we refuse" if our_end == "refused" else "DANGEROUS")
    short, long = sorted((ours["content"], theirs["content"]), key=len)
    alike = long.startswith(short) and (short == long or "refused" in (our_end, their_end))
    return "stop" if alike else difference("DANGEROUS")


def compare(ours, theirs):
    """The first Difference, or None."""
    ends = ours["end"], theirs["end"], ours["reason"], theirs["reason"]
    for i in range(1 + max(len(ours["requests"]), len(theirs["requests"]))):
        ours_i, theirs_i = (side["requests"][i] if i < len(side["requests"]) else None for side in (ours, theirs))
        outcome = compare_one(ours_i, theirs_i, ends)
        if outcome != "next":
            return None if outcome == "stop" else outcome
    return None


class Rules:
    def __init__(self):
        with open(FOLDER / "differences.toml", "rb") as file:
            self.rules = tomllib.load(file)["rule"]
        self.counts = collections.Counter()

    def explain(self, difference, peer, sent):
        """Counts the rule for it; None if there is none."""
        for rule in self.rules:
            if rule["side"] != difference.side or peer not in rule["peers"]:
                continue
            if "ours" in rule and difference.ours not in rule["ours"]:
                continue
            if "theirs" in rule and not re.search(rule["theirs"], difference.theirs):
                continue
            if "sent" in rule and not re.search(rule["sent"].encode(), sent):
                continue
            self.counts[rule["what"], peer] += 1
            return rule
        return None


def run(program, seed, first, count):
    from peers import ask_all
    rules = Rules()
    failures = 0
    accepted = 0
    for begin in range(first, first + count, BATCH):
        cases = [make_case(seed, number) for number in range(begin, min(begin + BATCH, first + count))]
        for offset, (ours, h11, node) in enumerate(ask_all(program, cases)):
            accepted += sum(request["complete"] for request in ours["requests"])
            for peer, theirs in (("h11", h11), ("node", node)):
                difference = compare(ours, theirs)
                if difference is None or (difference.side != "DANGEROUS" and rules.explain(difference, peer, cases[offset])):
                    continue
                failures += 1
                if failures <= SHOWN_MAX:
                    print(f"case {begin + offset} of seed {seed}, {peer}: {difference}\n  sent: {cases[offset]}\n  ours: {ours}\n  theirs: {theirs}\n")
    print(f"{count} cases, {accepted} requests accepted, {sum(rules.counts.values())} differences explained, {failures} not")
    for (what, peer), number in rules.counts.most_common():
        print(f"{number:8}  {peer:4}  {what}")
    for rule in rules.rules:
        for peer in rule["peers"]:
            if not rules.counts[rule["what"], peer]:
                print(f"       -  {peer:4}  {rule['what']}")
    return failures


SECTIONS = {
    "we refuse": ("Refused here, accepted elsewhere", "accepted by"),
    "they refuse": ("Accepted here, refused elsewhere", "refused by"),
    "we end": ("The connection ends here, and goes on elsewhere", "goes on in"),
    "they end": ("The connection goes on here, and ends elsewhere", "ends in"),
}
PEERS = {"h11": "h11", "node": "Node.js"}
INTRODUCTION = """# Differences to other implementations

How BrilliantServer reads requests is compared with two other implementations of HTTP/1.1: [h11](https://h11.readthedocs.io/), a
library for Python, and the HTTP server of [Node.js](https://nodejs.org/) with its parser llhttp. Thousands of connections are made up,
most of them a little wrong, and given to all three. These are all the differences that may occur; any other fails the test.

One kind is never allowed: that two accept a request and see another method, target, field or content in it. That is how requests are
smuggled past a proxy.

This page is generated: `tests/differential/compare.py --document`.
"""


def document():
    rules = Rules().rules
    text = INTRODUCTION
    for side, (title, column) in SECTIONS.items():
        if not any(rule["side"] == side for rule in rules):
            continue
        text += f"\n## {title}\n\n| what | {column} | why | where |\n|---|---|---|---|\n"
        for rule in rules:
            if rule["side"] == side:
                peers = ", ".join(PEERS[peer] for peer in rule["peers"])
                text += f"| {rule['what']} | {peers} | {rule['why']} | {rule['section']} |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--cases", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    if arguments.document:
        pathlib.Path(arguments.program or DOCUMENT).write_text(document())
        return 0
    if not arguments.program:
        parser.error("PROGRAM is missing")
    if not importlib.util.find_spec("h11") or not (shutil.which("node") or os.environ.get("NODE")):
        print("python3-h11 or nodejs is not installed: tools/install-packages test")
        return SKIPPED
    failures = run(arguments.program, arguments.seed, arguments.first, arguments.cases)
    if DOCUMENT.read_text() != document():
        print(f"{DOCUMENT} is not what differences.toml says: run {sys.argv[0]} --document")
        failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
