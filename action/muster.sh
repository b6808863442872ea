#!/usr/bin/env bash
# One command of the action. Inputs come in by the environment, and none of them becomes part of this text.
set -uo pipefail

stop() {
  echo "::error title=muster::$1"
  exit 2
}

args=()
case "$MUSTER_COMMAND" in
run)
  [ -n "$MUSTER_FILE" ] || stop "the input 'file' names the manifest that is run"
  args=(run "$MUSTER_FILE" --format github)
  [ -z "$MUSTER_INPUTS_FILE" ] || args+=(--inputs "$MUSTER_INPUTS_FILE")
  [ -z "$MUSTER_RUN" ] || args+=(--run-id "$MUSTER_RUN")
  ;;
resume)
  args=(resume)
  [ -z "$MUSTER_RUN" ] || args+=("$MUSTER_RUN")
  args+=(--format github)
  ;;
validate)
  args=(validate --format github)
  [ -z "$MUSTER_FILE" ] || args+=("$MUSTER_FILE")
  ;;
test)
  args=(test)
  [ -z "$MUSTER_FILE" ] || args+=("$MUSTER_FILE")
  ;;
diff)
  base="$MUSTER_BASE"
  [ -n "$base" ] || base="${GITHUB_BASE_REF:+origin/$GITHUB_BASE_REF...HEAD}"
  [ -n "$base" ] || stop "the input 'base' names what is compared with: this is no pull request"
  args=(diff "$base")
  [ -z "$MUSTER_FILE" ] || args+=(--path "$MUSTER_FILE")
  [ -z "$MUSTER_FAIL_ON" ] || args+=(--fail-on "$MUSTER_FAIL_ON")
  args+=(--format markdown)
  ;;
*) stop "the input 'command' is run, resume, validate, test or diff" ;;
esac
while IFS= read -r line; do
  [ -z "$line" ] || args+=("$line")
done <<<"$MUSTER_ARGS"

if [ -n "$MUSTER_POLICY" ]; then
  [ ! -e muster-policy.yaml ] || stop "the input 'policy' and a muster-policy.yaml: take one of them"
  cp -- "$MUSTER_POLICY" muster-policy.yaml || exit 2
  trap 'rm -f muster-policy.yaml' EXIT
fi

if [ "$MUSTER_COMMAND" = resume ] && [ -n "$MUSTER_APPROVE" ]; then
  [ -n "$MUSTER_RUN" ] || stop "the input 'approve' needs 'run-id': the run whose question is answered"
  # With `id-token: write` the token of the job says who it is; else the name is a label.
  as=()
  [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] || as=(--as "github:${GITHUB_ACTOR:-unknown}")
  muster approve "$MUSTER_RUN" "$MUSTER_APPROVE" ${as[@]+"${as[@]}"} || exit
fi

code=0
if [ "$MUSTER_COMMAND" = diff ]; then
  comment="${RUNNER_TEMP:-/tmp}/muster-diff.md"
  errors="${RUNNER_TEMP:-/tmp}/muster-diff.txt"
  muster "${args[@]}" >"$comment" 2>"$errors" || code=$?
  cat -- "$errors" >&2
  # Nothing is known then, not even that nothing changed. What was said is indented: no text in it can end that.
  if [ ! -s "$comment" ]; then
    { printf '**Muster: what the change means could not be told.**\n\n' && head -c 10000 -- "$errors" | sed 's/^/    /'; } >"$comment"
  fi
  cat -- "$comment" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  echo "comment-file=$comment" >>"$GITHUB_OUTPUT"
else
  muster "${args[@]}" || code=$?
fi
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ "$code" -eq 4 ] && [ "$MUSTER_ON_WAITING" = pass ]; then code=0; fi
exit "$code"
