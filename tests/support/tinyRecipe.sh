#!/bin/sh
# A recipe without a runtime of its own, for tests: what it does is the parameter "how". See docs/training.md.
frame() {
  length=${#1}
  printf "\\$(printf %03o $((length % 256)))\\$(printf %03o $((length / 256)))\\0\\0\\0\\0\\0\\0%s" "$1" >&4
}
member() { printf %s "$ask" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
progress() { frame "{\"type\":\"progress\",\"done\":$1,\"of\":$2,\"unit\":\"parts\",\"metrics\":{\"loss\":0.5}}"; }

frame '{"type":"ready","protocol":1}'
length=$(head -c 8 <&3 | od -An -tu4 | awk '{ print $1 }')
ask=$(head -c "$length" <&3)
out=$(member out)
scratch=$(member scratch)
checkpoint=$(member checkpoint)

case $(member how) in
  asks) echo "$ask"; env ;;
  refuses) frame '{"type":"refused","reason":"x.csv: expected a number, got nothing"}'; exit ;;
  fails) echo 'reading' >&2; echo "no luck in $scratch/x" >&2; exit 3 ;;
  leaves-nothing) frame '{"type":"trained"}'; exit ;;
  says-nothing) exit 0 ;;
  dies) kill -9 $$ ;;
  hangs) while :; do sleep 1000; done ;;
  computes) echo "pid $$"; while :; do :; done ;;
  forks) sleep 1000 & echo "pid $!"; wait ;;
  leaves-child) sleep 1000 & echo "pid $!" ;;
  floods) yes 'a line of a flood, as long as lines of a log are' | head -c 100000000 ;;
  garbage) printf 'these are not frames' >&4; sleep 1000 ;;
  # Each try keeps a part, and dies after it until three are there.
  goes-on)
    parts=$(($(cat "$checkpoint" 2>/dev/null || echo 0) + 1))
    echo "part $parts"
    echo "$parts" > "$scratch/parts"
    progress "$parts" 3
    frame "{\"type\":\"checkpoint\",\"file\":\"$scratch/parts\"}"
    head -c 8 <&3 > "$scratch/kept"
    [ "$parts" -lt 3 ] && kill -9 $$
    ;;
  # Until the file is there.
  waits) gate=$(member gate); until [ -e "$gate" ]; do progress 1 2; sleep 0.05; done ;;
esac

progress 2 2
cp "$(member weights)" "$out/model.onnx" && cp golden.json "$out/golden.json" || exit 1
# The description of the graph: it makes other weights of those, for each name.
name=$(member name)
printf "\\062\\$(printf %03o ${#name})%s" "$name" >> "$out/model.onnx"
echo '[{"data":"x.csv","name":"RMSE","unit":"minutes","value":1.5}]' > "$out/metrics.json"
frame '{"type":"trained"}'
