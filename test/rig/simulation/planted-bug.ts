import type { PlantedBug } from "./bundle.ts";

/** Mistakes in engine, store and policies that show only when something breaks: each must be found by the simulation. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "what starts is dispatched before it is committed",
    file: "engine/local/run.ts",
    find: "    const events = this.#recorder.commit();\n    this.#publish(events);\n    this.#answerCommitted(true);\n",
    replace:
      "    this.#dispatch();\n    const events = this.#recorder.commit();\n    this.#publish(events);\n    this.#answerCommitted(true);\n",
  },
  {
    name: "a failure on the record does not answer",
    file: "engine/local/attempts.ts",
    find: 'const isAnswered = fact !== null && (fact.state === "succeeded" || fact.state === "failed");',
    replace: 'const isAnswered = fact !== null && fact.state === "succeeded";',
  },
  {
    name: "a reply on the record is asked for again",
    file: "engine/local/model-calls.ts",
    find: "    if (fact === null || fact.output === null) return null;\n    addSpend(start.record, fact);",
    replace: "    if (fact !== null || true) return null;\n    addSpend(start.record, fact);",
  },
  {
    name: "an effect that must not be repeated is repeated after a crash",
    file: "engine/local/attempts.ts",
    find: 'if (isLost && (task.step.effect !== "unsafe" || work.goesOnInside === true)) {',
    replace: "if (isLost) {",
  },
  {
    name: "a lost attempt is taken for a new one, whatever its effect",
    file: "engine/local/fact-index.ts",
    find: "  takeLost(fact: Fact): boolean {\n",
    replace: "  takeLost(fact: Fact): boolean {\n    if (fact.starts > 0) return false;\n",
  },
  {
    name: "the second answer to an approval counts too",
    file: "engine/local/inbox.ts",
    find: "if (this.#answered.has(request) || this.#early.has(request)) this.#refuse(received);\n    else if (this.#run.answer",
    replace: "if (this.#run.answer",
  },
  {
    name: "an answer is gone from the inbox before what came of it is committed",
    file: "engine/local/run.ts",
    find: "      this.#answers.set(key, id);\n",
    replace: "      this.#recorder.taken(id);\n      this.#recorder.commit();\n",
  },
  {
    name: "an answer that comes before its question is dropped",
    file: "engine/local/inbox.ts",
    find: "    else this.#early.set(request, received);\n",
    replace: "    else this.#refuse(received);\n",
  },
  {
    name: "whoever lost the run may still write",
    file: "store/memory/memory-store.ts",
    find: "entry.lease !== null && entry.epoch === lease.epoch ? entry : null",
    replace: "entry.lease !== null ? entry : null",
  },
  {
    name: "a new runner does not get an epoch of its own",
    file: "store/memory/memory-store.ts",
    find: "      entry.epoch++;\n",
    replace: "",
  },
  {
    name: "a changed value and the success of its step are not one commit",
    file: "engine/local/run-state.ts",
    find: "return { events: [], facts: [{ ...started, ...outcome }] };",
    replace: "return { events: [], facts: outcome.state === null ? [{ ...started, ...outcome }] : [] };",
  },
  {
    name: "the end of a step whose value was changed right before a crash is never told",
    file: "engine/local/ledger.ts",
    find: "    if (fact.extra?.[UNTOLD] === true) this.#live.add(record);\n",
    replace: "",
  },
  {
    name: "after the clock was set back a day a retry waits that day",
    file: "engine/local/core.ts",
    find: "Math.min(unit?.endedAt ?? now(), now()) + command.delayMs",
    replace: "(unit?.endedAt ?? now()) + command.delayMs",
  },
  {
    name: "what an interrupt stops counts as failed",
    file: "engine/local/attempt.ts",
    find: '    else if (reason === "interrupted") onEnd(null);\n    else onEnd({ ...result, failure: stoppedFailure(reason,',
    replace: '    else onEnd({ ...result, failure: stoppedFailure(reason === "interrupted" ? "timeout" : reason,',
  },
  {
    name: "a call may start that does not fit beside the others",
    file: "run/budget/bank.ts",
    find: "request.accounts.every((account) => account.waiting === 0) && fits(request)",
    replace: "request.accounts.every((account) => account.waiting === 0)",
  },
  {
    name: "what a lost call may have cost is forgotten",
    file: "run/budget/payment.ts",
    find: "  if (isPaidKey(fact.key) && fact.extra !== null) {\n",
    replace:
      '  if (isPaidKey(fact.key) && fact.state === "started") return nothing;\n  if (isPaidKey(fact.key) && fact.extra !== null) {\n',
  },
  {
    name: "a call that broke off is free of charge",
    file: "engine/policy/worst-case.ts",
    find: "if (end.failure !== null) return end.usage === null && wasTurnedAway(model, end.failure) ? nothing : worst;",
    replace: "if (end.failure !== null) return nothing;",
  },
  {
    name: "the budget of a sub-workflow does not hold",
    file: "run/budget/place.ts",
    find: "if (workflow?.budget !== undefined) budgets.push(",
    replace: "if (workflow?.budget !== undefined && depth < 0) budgets.push(",
  },
  {
    name: "the budget of an agent does not hold",
    file: "run/budget/place.ts",
    find: "if (own !== undefined) budgets.push(",
    replace: "if (own !== undefined && agent === null) budgets.push(",
  },
  {
    name: "one slot more than there are",
    file: "run/scheduler/pump.ts",
    find: "while (state.heldSlots < m.graph.slots)",
    replace: "while (state.heldSlots <= m.graph.slots)",
  },
  {
    name: "max_parallel is ignored",
    file: "run/scheduler/pump.ts",
    find: "m.node(scope, address.step).fan?.maxParallel ?? m.graph.slots",
    replace: "m.graph.slots",
  },
  {
    name: "a gate opens one success early",
    file: "run/scheduler/gate.ts",
    find: ">= group.required",
    replace: ">= group.required - 1",
  },
  {
    name: "a retry too many",
    file: "run/scheduler/unit.ts",
    find: "attempt < retry.maxAttempts",
    replace: "attempt <= retry.maxAttempts",
  },
  {
    name: "who waits never gets the slot back",
    file: "engine/local/run.ts",
    find: "    this.#slotless.get(id)?.();\n    this.#slotless.delete(id);\n",
    replace: "    if (this.#slotless.size > 1) this.#slotless.get(id)?.();\n    this.#slotless.delete(id);\n",
  },
  {
    name: "jitter is a throw of the dice",
    file: "run/scheduler/backoff.ts",
    find: "0.2 * fraction(key)",
    replace: "0.2 * Math.random()",
  },
  {
    name: "the outputs of a list are in the order of their arrival",
    file: "engine/local/ledger.ts",
    find: "    if (unit.item !== null) Object.assign(unit.item.record, { output, artifacts });\n",
    replace:
      "    const last = unit.record.items?.findLast((item) => item.output === null) ?? unit.item?.record;\n    if (unit.item !== null) Object.assign(last ?? {}, { output, artifacts });\n",
  },
];
