"""What Python's csv module reads: a JSON array of CSV texts on standard input, their rows (without blank lines) on standard
output."""

import csv
import io
import json
import sys

csv.field_size_limit(1 << 30)
cases = json.load(sys.stdin)
rows = [[row for row in csv.reader(io.StringIO(case, newline="")) if row] for case in cases]
json.dump(rows, sys.stdout)
