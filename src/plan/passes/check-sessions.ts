import type { NormalAgent, NormalManifest } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import { declared } from "./declared.ts";
import type { PlannedAddressee } from "../types.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Whom an agent with `send_message` may write to; null = it has no such tool. Unknown sessions are left out, and were reported. */
export function addresseesOf(
  { tools, permissions }: NormalAgent,
  { sessions }: NormalManifest,
  planName: (name: string) => string,
): { readonly [name: string]: PlannedAddressee } | null {
  if (!tools.includes("send_message")) return null;
  const known = (permissions.sessions ?? []).filter((name) => Object.hasOwn(sessions, name));
  return Object.fromEntries(
    known.map((name) => [name, { session: planName(name), agent: planName(sessions[name]?.agent ?? "") }]),
  );
}

/** Reports sessions that are named and not declared, whose agent is not, or that nobody gives a task. */
export function checkSessions(manifest: NormalManifest, steps: Iterable<ParsedStep>, problems: Problems): void {
  const { sessions, agents } = manifest;
  const names = Object.keys(sessions);
  const used = new Set<string>();
  const unknown = (name: string, who: string, pointer: Pointer): void => {
    const meant = problems.suggest(name, names);
    problems.error(pointer, {
      code: "WF3080",
      message: `${who} needs unknown session '${name}'`,
      help: meant === null ? `declare it under \`sessions\`${declared(names)}` : `did you mean '${meant}'?`,
    });
  };
  for (const [agent, { permissions }] of Object.entries(agents)) {
    for (const [index, name] of (permissions.sessions ?? []).entries()) {
      used.add(name);
      if (!Object.hasOwn(sessions, name))
        unknown(name, `agent '${agent}'`, ["agents", agent, "permissions", "sessions", index]);
    }
  }
  for (const { step } of steps) {
    if (step.body.kind !== "agent" || step.body.session === undefined) continue;
    const { session: name } = step.body;
    used.add(name);
    for (const key of ["repeat", "output"] as const) {
      if (step.body.send?.waitMs !== null || step[key] === null) continue;
      problems.error([...step.pointer, key], {
        code: "WF3083",
        message: `step '${step.id}' waits for no reply, and \`${key}\` is about the reply`,
        help: "say how long it waits: `send: { ..., wait: 30s }`",
        piece: "key",
      });
    }
    if (step.cache !== null)
      problems.error([...step.pointer, "cache"], {
        code: "WF3082",
        message: `step '${step.id}' asks a session, whose answer depends on all that was said before: it cannot be cached`,
        help: "take `cache` out, or give the task to an agent",
        piece: "key",
      });
    if (Object.hasOwn(sessions, name)) continue;
    unknown(name, `step '${step.id}'`, [
      ...step.pointer,
      ...(step.body.send === undefined ? ["session"] : ["send", "to"]),
    ]);
  }
  for (const name of names) {
    const agent = sessions[name]?.agent ?? "";
    if (!Object.hasOwn(agents, agent)) {
      const meant = problems.suggest(agent, Object.keys(agents));
      problems.error(["sessions", name, "agent"], {
        code: "WF3003",
        message: `session '${name}' needs unknown agent '${agent}'`,
        help:
          meant === null ? `declare it under \`agents\`${declared(Object.keys(agents))}` : `did you mean '${meant}'?`,
      });
    } else if (!used.has(name)) {
      problems.warn(["sessions", name], {
        code: "WF3081",
        message: `session '${name}' is never used`,
        help: `give it a task (\`session: ${name}\`), or take it away`,
        piece: "key",
      });
    }
  }
}
