#!/usr/bin/python3
"""Counts and hashes what is sent to it, however large, without keeping it.

    curl --data-binary @film.mp4 http://localhost:8080/cgi-bin/upload.py
"""

import hashlib
import json
import os
import sys

PIECE = 65536  # bytes read at once


def main():
    if os.environ["REQUEST_METHOD"] != "POST":
        print("Status: 405 Method Not Allowed\nAllow: POST\nContent-Type: text/plain\n\nSend me something with POST.")
        return
    digest = hashlib.sha256()
    count = 0
    while piece := sys.stdin.buffer.read(PIECE):
        digest.update(piece)
        count += len(piece)
    print("Content-Type: application/json\n")
    print(json.dumps({"bytes": count, "sha256": digest.hexdigest(), "type": os.environ.get("CONTENT_TYPE")}))


main()
