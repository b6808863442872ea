import type { Session } from "../store/session.ts";
import type { Store } from "../store/store.ts";
import { UsageError } from "./exit-code.ts";

/** The session that a person names: by its id, the end of that (`RUN/helpdesk`), or its name. UsageError when there is none. */
export function findSession(store: Store, name: string): Session {
  const exact = store.sessions.find(name);
  if (exact !== null) return exact;
  const all = store.sessions.list();
  const named = all.filter((session) => session.name === name || session.id.endsWith(`/${name}`));
  // Those of runs come and go: the project's is meant where there is one.
  const [first, ...others] = named.some(({ scope }) => scope === "project")
    ? named.filter(({ scope }) => scope === "project")
    : named;
  if (first === undefined)
    throw new UsageError(
      `there is no session ${name}: 'muster sessions list' lists them, 'muster sessions spawn' makes one`,
    );
  if (others.length > 0)
    throw new UsageError(
      `${name} is the name of several sessions: give its id, ${named
        .slice(0, 5)
        .map(({ id }) => id)
        .join(" or ")}`,
    );
  return first;
}
