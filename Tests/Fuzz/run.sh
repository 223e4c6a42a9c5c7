#!/usr/bin/env bash
# Coverage-guided fuzzing of every parser of foreign files: SharpFuzz's instrumentation under afl++ (./edge fuzz [EXECUTIONS [PARSER...]]).
# Begins from corpus/PARSER and goes on from what earlier runs found. Prints the executions and what crashed or hung; 4 if anything did.
set -uo pipefail
here=$(cd "${BASH_SOURCE[0]%/*}" && pwd); cd "$here" || exit 70
executions=${1:-1000000}; shift || true
[[ $executions =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: '$executions' is no number of executions" >&2; exit 1; }
parsers=("$@"); [[ $# == 0 ]] && parsers=($(ls corpus))
for parser in "${parsers[@]}"; do
    [[ -d corpus/$parser ]] || { echo "fuzz: '$parser' is no parser; there are $(ls corpus | xargs)" >&2; exit 1; }
done
command -v afl-fuzz >/dev/null || { echo 'fuzz: afl++ is missing; get it with: apt-get install -y --no-install-recommends afl++' >&2; exit 3; }

bin=$here/bin/fuzz
rm -rf "$bin"
dotnet build -c Release -v quiet --nologo --disable-build-servers -o "$bin" || exit 70
[[ -x bin/tools/sharpfuzz ]] || dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path bin/tools >/dev/null || exit 70
for library in Runtime Quantizer; do bin/tools/sharpfuzz "$bin/EdgeVideoLlava.$library.dll" || exit 70; done

export AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_AUTORESUME=1
bad=0
printf '%-15s %12s %9s %7s %6s  (executions, a second, crashes, hangs)\n' parser executions speed crashes hangs
for parser in "${parsers[@]}"; do
    mkdir -p found
    afl-fuzz -i "corpus/$parser" -x "dictionaries/$parser.dict" -o "found/$parser" -E "$executions" -t 60000 -m none \
        -- "$bin/EdgeVideoLlava.Tests.Fuzz" "$parser" >"bin/$parser.log" 2>&1 \
        || { tail -n 20 "bin/$parser.log" >&2; bad=70; continue; }
    figure() { awk -F': *' -v key="$1" '$1 ~ "^" key " *$" { print $2 }' "found/$parser/default/fuzzer_stats"; }
    printf '%-15s %12s %9s %7s %6s\n' "$parser" "$(figure execs_done)" "$(figure execs_per_sec)" "$(figure saved_crashes)" "$(figure saved_hangs)"
    (($(figure saved_crashes) + $(figure saved_hangs) == 0)) || bad=4
done
exit $bad
