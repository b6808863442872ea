import type { NormalManifest } from "../../manifest/normal.ts";
import type { Problems } from "../problems.ts";
import { declared } from "./declared.ts";
import type { ParsedStep } from "./parse-templates.ts";

/** Reports sessions that are named and not declared, whose agent is not, or that nobody gives a task. */
export function checkSessions(manifest: NormalManifest, steps: Iterable<ParsedStep>, problems: Problems): void {
  const { sessions, agents } = manifest;
  const names = Object.keys(sessions);
  const used = new Set<string>();
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
    const meant = problems.suggest(name, names);
    problems.error([...step.pointer, ...(step.body.send === undefined ? ["session"] : ["send", "to"])], {
      code: "WF3080",
      message: `step '${step.id}' needs unknown session '${name}'`,
      help: meant === null ? `declare it under \`sessions\`${declared(names)}` : `did you mean '${meant}'?`,
    });
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
