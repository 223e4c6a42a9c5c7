#!/usr/bin/env bash
# Runs every test of the built solution (./edge test builds it first), shows the ten slowest, ends with the verdict in one line.
set -uo pipefail
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd); cd "$root" || exit 70
results=$root/Tests/TestResults
log=$results/test.log

filter=(--filter-not-trait 'Category=long')
if [[ ${1:-} == --long ]]; then filter=(); export EDGE_LONG_TESTS=1; fi    # the variable: rows of tests that a normal run leaves out

rm -rf "$results"; mkdir -p "$results"
dotnet test --solution EdgeVideoLlava.sln -c Release --no-build --no-ansi --no-progress \
    --report-xunit-trx --results-directory "$results" "${filter[@]}" 2>&1 | tee "$log"
code=${PIPESTATUS[0]}

echo 'the ten slowest tests (seconds):'
# In a report each test is one element with its attributes in any order.
cat "$results"/*.trx 2>/dev/null | grep -o '<UnitTestResult [^>]*' \
    | sed -E 's/.* testName="([^"]*)".*/&\t\1/; s/.* duration="([0-9:.]*)"[^\t]*\t/\1\t/; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' \
    | awk -F'\t' '{ split($1, t, ":"); printf "%9.2f  %s\n", t[1] * 3600 + t[2] * 60 + t[3], $2 }' | sort -rn | head -n 10

awk '/^Test run summary:/ { summary = 1 }
     summary && /^  failed:/ { failed = $2 } summary && /^  succeeded:/ { passed = $2 } summary && /^  skipped:/ { skipped = $2 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$code"
