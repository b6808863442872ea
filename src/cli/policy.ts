import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { renderDiagnostics } from "../diagnostic/render.ts";
import { createEvaluator } from "../expression/evaluate.ts";
import { decodeSource } from "../manifest/decode.ts";
import { policyDiagnostics } from "../policy/diagnose.ts";
import { violationsOf } from "../policy/evaluate.ts";
import { policyFacts } from "../policy/facts.ts";
import type { Policy } from "../policy/policy.ts";
import { readPolicy } from "../policy/read.ts";
import { exitCode, UsageError } from "./exit-code.ts";
import type { PolicyCheck } from "./project-policy.ts";
import type { Terminal } from "./terminal.ts";

/** The check by the policy in a file. UsageError with exit code 3 when it is not valid. */
export function policyCheck(path: string, terminal: Terminal): PolicyCheck {
  const policy = openPolicy(path, terminal);
  const evaluator = createEvaluator();
  return {
    diagnostics: (source, plan) =>
      policyDiagnostics(policy, source, violationsOf(policy, policyFacts(plan, null), evaluator)),
    violations: (plan, change) => violationsOf(policy, policyFacts(plan, change), evaluator),
  };
}

/** Reads a policy; tells all that is wrong with it. UsageError with exit code 3 then. */
export function openPolicy(path: string, terminal: Terminal): Policy {
  const shown = relative(terminal.cwd, path) || path;
  const source = decodeSource(shown, readFileSync(path));
  const policy = source.ok ? readPolicy(source.value) : source;
  if (policy.ok) return policy.value;
  const sources = source.ok ? [source.value] : [];
  terminal.err(renderDiagnostics(policy.error, sources, { color: terminal.color.isColorSupported }));
  throw new UsageError(`${shown} is not a valid policy`, exitCode.invalid);
}
