#!/usr/bin/python3
"""Compiles the sources that have branches for systems for syntax, with the portable ones, those of macOS and FreeBSD, selected.
The others are the same everywhere; if a header has such branches, all are compiled.

Usage: check.py COMPILER GENERATED_FOLDER
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(compiler: str, generated: str, source: pathlib.Path) -> str:
    command = [compiler, "-std=c++23", "-fsyntax-only", "-fno-exceptions", "-Wall", "-Werror", "-Wno-deprecated-declarations", "-DBRILLIANT_PORTABLE=1",
               f"-I{ROOT}/src", f"-I{generated}", f"-I{ROOT}/tests/portable/include", str(source)]
    return subprocess.run(command, capture_output=True, text=True).stderr


def has_branches(path: pathlib.Path) -> bool:
    return path.name != "platform.h" and '#include "base/platform.h"' in path.read_text(encoding="utf-8")


def main() -> int:
    compiler, generated = sys.argv[1:]
    sources = sorted(p for p in (ROOT / "src").rglob("*/*.cc") if not p.name.endswith("_test.cc"))
    if not any(map(has_branches, (ROOT / "src").rglob("*/*.h"))):
        sources = list(filter(has_branches, sources))
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        complaints = list(pool.map(lambda source: check(compiler, generated, source), sources))
    for complaint in filter(None, complaints):
        print(complaint)
    failed = sum(map(bool, complaints))
    print(f"{len(sources)} files, {failed} with complaints")
    return 1 if failed or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
