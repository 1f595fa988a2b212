"""Runs cases through the three implementations. Each gives, for each case, what parse_requests.cc describes: the requests it
saw, and why it stopped."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

import h11

FOLDER = pathlib.Path(__file__).resolve().parent
NODE = os.environ.get("NODE") or ("/usr/bin/node" if os.path.exists("/usr/bin/node") else shutil.which("node"))


class Process:
    """A program that reads cases and writes a line for each; it works while others do."""

    def __init__(self, command, cases):
        self.input, self.output = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        for case in cases:
            self.input.write(struct.pack(">I", len(case)) + case)
        self.input.seek(0)
        self.count = len(cases)
        self.process = subprocess.Popen(command, stdin=self.input, stdout=self.output)

    def results(self):
        if self.process.wait() != 0:
            raise RuntimeError(f"{self.process.args} ended with {self.process.returncode}")
        self.output.seek(0)
        results = [json.loads(line) for line in self.output]
        if len(results) != self.count:
            raise RuntimeError(f"{self.process.args} answered {len(results)} of {self.count} cases")
        for result in results:
            for request in result["requests"]:
                request.update(method=bytes.fromhex(request["method"]), target=bytes.fromhex(request["target"]),
                               content=bytes.fromhex(request["content"]),
                               fields=[(bytes.fromhex(name), bytes.fromhex(value)) for name, value in request["fields"]])
        return results


def ask_h11(data):
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    connection.receive_data(data)
    result = {"requests": [], "end": "incomplete", "reason": ""}
    try:
        while result["end"] == "incomplete":
            event = connection.next_event()
            if event is h11.NEED_DATA:
                break
            if isinstance(event, h11.Request):
                result["requests"].append({"method": event.method, "target": event.target, "fields": list(event.headers), "content": b"", "complete": False})
            elif isinstance(event, h11.Data):
                result["requests"][-1]["content"] += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                result["requests"][-1]["complete"] = True
                answer_h11(connection, result)
            else:
                result["end"] = "closed"
    except h11.RemoteProtocolError as error:
        result.update(end="refused", reason=str(error))
    return result


def answer_h11(connection, result):
    connection.send(h11.Response(status_code=400, headers=[("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
        connection.start_next_cycle()
    else:
        result["end"] = "closed"


def ask_all(program, cases):
    """For each case: what this server, h11 and Node.js make of it, in this order."""
    ours = Process([program], cases)
    node = Process([NODE, FOLDER / "parse_requests.js"], cases)
    h11s = [ask_h11(case) for case in cases]
    return list(zip(ours.results(), h11s, node.results()))
