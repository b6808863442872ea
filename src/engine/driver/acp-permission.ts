import { realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { ToolCallUpdate } from "@agentclientprotocol/sdk/unstable";
import { hostKey, isPrivateHost } from "../../plan/host-pattern.ts";
import { refusalOf, type Access, type Grant } from "../../plan/permissions.ts";

/** The part of a coding agent's call that says what it will touch. Nothing of it is vouched for. */
export type AskedCall = Pick<ToolCallUpdate, "kind" | "locations" | "rawInput">;

/**
 * Why a coding agent may not do what it asks for, as the end of a sentence; null = it may. What does not say what it
 * touches is denied. `workspace` is the absolute path of the folder that it works in.
 */
export function permissionRefusal(call: AskedCall, grant: Grant, workspace: string): string | null {
  switch (call.kind) {
    case "think":
      return null;
    case "read":
    case "search":
      return fileRefusal(call, { kind: "files", mode: "read" }, grant, workspace);
    case "edit":
    case "delete":
    case "move":
      return fileRefusal(call, { kind: "files", mode: "write" }, grant, workspace);
    case "execute":
      return refusalOf(grant, { kind: "script" });
    case "fetch":
      return hostRefusal(call, grant);
    default:
      return "it does not say what kind of thing it does";
  }
}

function fileRefusal(
  { kind, locations, rawInput }: AskedCall,
  access: Access,
  grant: Grant,
  workspace: string,
): string | null {
  const refusal = refusalOf(grant, access);
  if (refusal !== null) return refusal;
  const named = ["file_path", "path", "notebook_path"].map((name) => textIn(rawInput, name));
  const paths = [...(locations ?? []).map(({ path }) => path), ...named].filter((path) => path !== null);
  // A search without a place is one of the folder that it works in.
  if (paths.length === 0) return kind === "search" ? null : "it does not say which file";
  const outside = paths.find((path) => !isInside(path, workspace));
  return outside === undefined ? null : `${outside} is not in its workspace`;
}

function hostRefusal({ rawInput }: AskedCall, grant: Grant): string | null {
  const url = textIn(rawInput, "url");
  if (url === null)
    return grant.network.some(({ host }) => host === "*")
      ? null
      : "it does not say which host, and not all are allowed";
  if (!URL.canParse(url)) return `${url} is no address`;
  const host = hostKey(new URL(url).hostname);
  return refusalOf(grant, { kind: "host", host, isPrivate: isPrivateHost(host) });
}

function textIn(input: unknown, name: string): string | null {
  if (typeof input !== "object" || input === null || !Object.hasOwn(input, name)) return null;
  const value = (input as { readonly [name: string]: unknown })[name];
  return typeof value === "string" ? value : null;
}

/** Whether a path, its links followed as far as it exists, lies in the folder. */
function isInside(path: string, workspace: string): boolean {
  const way = relative(realpathSync(workspace), realPathOf(resolve(workspace, path)));
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent), relative(parent, path));
  }
}
