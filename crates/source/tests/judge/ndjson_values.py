"""What Python's json module reads: a JSON array of NDJSON texts on standard input, their values on standard output.

A number comes back as an object that holds its literal, since what Python writes might differ from what it read."""

import json
import sys


def literal(text):
    return {"number": text}


cases = json.load(sys.stdin)
values = [
    [json.loads(line, parse_int=literal, parse_float=literal) for line in case.split("\n") if line.strip()]
    for case in cases
]
json.dump(values, sys.stdout)
