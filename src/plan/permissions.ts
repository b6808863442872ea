import { isWithin, hostKey } from "./host-pattern.ts";

/** How much of the files or of the state may be used; each level has those before it. */
export type Level = "none" | "read" | "write";

/** A cap as a manifest writes it (LANGUAGE.md, `permissions`), with what it leaves out denied. */
export interface Permissions {
  readonly files: Level;
  /** Hosts, `*.domain` or `*`. */
  readonly network: readonly string[];
  /** Programs by their names as `run` writes them. */
  readonly shell: "none" | "any" | readonly string[];
  readonly state: Level;
  /** Names of sessions; left out = none: such plans keep their digest. */
  readonly sessions?: readonly string[];
}

/** A host or pattern that may be reached; `isPrivate`: also where it leads to this machine or a private network. */
export interface HostGrant {
  readonly host: string;
  readonly isPrivate: boolean;
}

/** What may be touched when all caps around are taken together. A tool of an agent gets one too. */
export interface Grant {
  readonly files: Level;
  readonly network: readonly HostGrant[];
  readonly shell: "none" | "any" | readonly string[];
  readonly state: Level;
  readonly sessions: "any" | readonly string[];
}

/** One thing that a step is about to touch. */
export type Access =
  /** `isPrivate`: the address is one of this machine or of a private network. */
  | { readonly kind: "host"; readonly host: string; readonly isPrivate: boolean }
  | { readonly kind: "program"; readonly program: string }
  /** A text for a shell, which may start whatever it likes. */
  | { readonly kind: "script" }
  /** A session that gets a message, by its name in its file. */
  | { readonly kind: "session"; readonly session: string }
  | { readonly kind: "files" | "state"; readonly mode: "read" | "write" };

/** Where no file writes `permissions`: everything, but of the network only what is public. */
export const uncapped: Grant = {
  files: "write",
  network: [{ host: "*", isPrivate: false }],
  shell: "any",
  state: "write",
  sessions: "any",
};

/** What a cap alone allows; null = there is none. */
export function grantOf(cap: Permissions | null): Grant {
  if (cap === null) return uncapped;
  const { sessions = [] } = cap;
  return {
    ...cap,
    sessions,
    network: cap.network.map((host) => ({ host: hostKey(host), isPrivate: !host.startsWith("*") })),
  };
}

/** What both allow: a workflow that another uses never has more than its caller. */
export function narrowed(outer: Grant, inner: Grant): Grant {
  return {
    files: lower(outer.files, inner.files),
    network: commonHosts(outer.network, inner.network),
    shell: commonPrograms(outer.shell, inner.shell),
    state: lower(outer.state, inner.state),
    sessions: commonSessions(outer.sessions, inner.sessions),
  };
}

/** Why something must not be touched, as the end of a sentence; null = it may. The one place that decides. */
export function refusalOf(grant: Grant, access: Access): string | null {
  switch (access.kind) {
    case "host":
      return hostRefusal(grant.network, access.host, access.isPrivate);
    case "program":
      if (grant.shell === "any" || (Array.isArray(grant.shell) && grant.shell.includes(access.program))) return null;
      return `\`permissions.shell\` does not allow the program '${access.program}'`;
    case "script":
      if (grant.shell === "any") return null;
      return grant.shell === "none"
        ? "`permissions.shell` allows no programs"
        : "a script may start any program, and `permissions.shell` allows only some";
    case "session":
      if (grant.sessions === "any" || grant.sessions.includes(access.session)) return null;
      return `\`permissions.sessions\` does not name '${access.session}'`;
    case "files":
    case "state":
      if (levels.indexOf(grant[access.kind]) >= levels.indexOf(access.mode)) return null;
      return `\`permissions.${access.kind}\` does not allow to ${access.mode}`;
  }
}

function hostRefusal(network: readonly HostGrant[], host: string, isPrivate: boolean): string | null {
  const key = hostKey(host);
  const grants = network.filter((grant) => isWithin(key, grant.host));
  if (grants.length === 0) return `\`permissions.network\` does not allow the host '${host}'`;
  if (!isPrivate || grants.some((grant) => grant.isPrivate)) return null;
  return `'${host}' is an address of this machine or of a private network, which \`permissions.network\` does not name`;
}

const levels: readonly Level[] = ["none", "read", "write"];

function lower(a: Level, b: Level): Level {
  return levels.indexOf(a) <= levels.indexOf(b) ? a : b;
}

/** Patterns are hosts, the subdomains of one, or all: of two that have something in common one is within the other. */
function commonHosts(a: readonly HostGrant[], b: readonly HostGrant[]): readonly HostGrant[] {
  const common = new Map<string, boolean>();
  for (const one of a) {
    for (const other of b) {
      const host = isWithin(one.host, other.host) ? one.host : isWithin(other.host, one.host) ? other.host : null;
      if (host !== null) common.set(host, (common.get(host) ?? false) || (one.isPrivate && other.isPrivate));
    }
  }
  return [...common].map(([host, isPrivate]) => ({ host, isPrivate }));
}

function commonSessions(a: Grant["sessions"], b: Grant["sessions"]): Grant["sessions"] {
  if (a === "any") return b;
  return b === "any" ? a : a.filter((name) => b.includes(name));
}

function commonPrograms(a: Grant["shell"], b: Grant["shell"]): Grant["shell"] {
  if (a === "any") return b;
  if (b === "any") return a;
  if (a === "none" || b === "none") return "none";
  return a.filter((program) => b.includes(program));
}
