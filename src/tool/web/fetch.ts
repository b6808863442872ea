import { hostKey } from "../../plan/host-pattern.ts";
import { refusalOf } from "../../plan/permissions.ts";
import type { HostGuard, Resolve } from "../../network/resolve.ts";
import { webRequest } from "../../network/web-request.ts";
import { bounded, denied, refused, type Tool, type ToolContext, type ToolOutcome } from "../tool.ts";
import { toolOf } from "../spec.ts";
import { readableText } from "./readable-text.ts";

/** The longest page that is read, in bytes; and for how long it is waited. */
const LONGEST_PAGE = 5 * 1024 * 1024;
const LONGEST_WAIT_MS = 60_000;

/** Reads pages of the web, of hosts that `permissions.network` names. */
export function createWebTools(resolve: Resolve): readonly Tool[] {
  return [
    toolOf(
      "web_fetch",
      "Reads a page of the web as plain text.",
      { url: { type: "string", description: "Its address, http or https." } },
      ["url"],
      (input, context) => fetchPage(input.text("url"), context, resolve),
    ),
  ];
}

async function fetchPage(address: string, context: ToolContext, resolve: Resolve): Promise<ToolOutcome> {
  if (!URL.canParse(address)) return refused("that is no address: it must begin with https:// or http://");
  const url = new URL(address);
  if (url.protocol !== "https:" && url.protocol !== "http:") return refused("only http and https can be read");
  if (url.username !== "" || url.password !== "") return refused("an address with a user or a password is not read");
  url.hash = "";
  const named = refusalOf(context.grant, { kind: "host", host: hostKey(url.hostname), isPrivate: false });
  if (named !== null) return denied(named);
  const guard: HostGuard = (host, isPrivate) => refusalOf(context.grant, { kind: "host", host, isPrivate });
  const headers = { accept: "text/html, text/plain, application/json;q=0.9, */*;q=0.5", "user-agent": "muster" };
  const answer = await webRequest(
    { method: "GET", url, headers, body: null },
    {
      guard,
      resolve,
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(LONGEST_WAIT_MS)]),
      longestBody: LONGEST_PAGE,
      wanted: [],
    },
  );
  if (!answer.ok) {
    const { code, message } = answer.error;
    return code === "permission_denied" ? denied(message) : refused(message);
  }
  const { status, headers: told, body } = answer.value;
  const kind = (told.get("content-type") ?? "text/plain").toLowerCase();
  if (!/^(?:text\/|application\/(?:[\w.+-]*json|[\w.+-]*xml))/.test(kind))
    return refused(`that is no text: ${kind.slice(0, 80)}`);
  const text = decode(body, kind);
  const plain = kind.includes("html") ? readableText(text, url) : text;
  if (status < 200 || status > 299) return refused(`status ${status}\n${bounded(plain, 2_000)}`);
  return { text: bounded(plain, context.longestText, "the rest of the page is left out") || "[the page is empty]" };
}

function decode(body: Buffer, kind: string): string {
  const charset = /charset="?([\w-]+)/.exec(kind)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString("utf8");
  }
}
