#!/usr/bin/env bash
# Runs every test of the built solution (./edge test builds it first). Ends with the ten slowest, what was skipped and why, and the
# verdict in one line.
set -uo pipefail
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd); cd "$root" || exit 70
results=$root/Tests/TestResults
log=$results/test.log

filter=(--filter-not-trait 'Category=long')
if [[ ${1:-} == --long ]]; then filter=(); export EDGE_LONG_TESTS=1; fi    # the variable: rows of tests that a normal run leaves out

# A skipped test has three lines in the log: its name, why, from where. Here they are left out, and counted at the end.
without_skips() { awk '/^skipped / { inside = 1; next } inside && /^  / { next } { inside = 0; print; fflush() }'; }

rm -rf "$results"; mkdir -p "$results"
dotnet test --solution EdgeVideoLlava.sln -c Release --no-build --no-ansi --no-progress \
    --report-xunit-trx --results-directory "$results" "${filter[@]}" 2>&1 | tee "$log" | without_skips
code=${PIPESTATUS[0]}

echo 'the ten slowest tests (seconds):'
# In a report each test is one element with its attributes in any order.
cat "$results"/*.trx 2>/dev/null | grep -o '<UnitTestResult [^>]*' \
    | sed -E 's/.* testName="([^"]*)".*/&\t\1/; s/.* duration="([0-9:.]*)"[^\t]*\t/\1\t/; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' \
    | awk -F'\t' '{ split($1, t, ":"); printf "%9.2f  %s\n", t[1] * 3600 + t[2] * 60 + t[3], $2 }' | sort -rn | head -n 10

# One skipped test may stand for many rows and says so: "(12 rows)".
reasons=$(awk '/^skipped / { inside = 1; next }
     inside && /^  / { rows = match($0, / \([0-9]+ rows\)$/) ? substr($0, RSTART + 2) + 0 : 1; sub(/ \([0-9]+ rows\)$/, ""); count[substr($0, 3)] += rows }
     { inside = 0 }
     END { for (reason in count) printf "%9d  %s\n", count[reason], reason }' "$log" | sort -rn)
[[ -z $reasons ]] || printf 'skipped (tests, why):\n%s\n' "$reasons"

awk '/^Test run summary:/ { summary = 1 }
     summary && /^  failed:/ { failed = $2 } summary && /^  succeeded:/ { passed = $2 } summary && /^  skipped:/ { skipped = $2 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$code"
