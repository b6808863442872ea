import type { Resolve } from "../../network/resolve.ts";
import { webRequest } from "../../network/web-request.ts";
import { isJsonObject, readJson, type Json } from "../../util/json.ts";
import { bounded, refused, type Tool, type ToolContext, type ToolOutcome } from "../tool.ts";
import { toolOf } from "../spec.ts";

/** The longest answer that is read, in bytes; for how long it is waited; how many hits are told. */
const LONGEST_ANSWER = 2 * 1024 * 1024;
const LONGEST_WAIT_MS = 30_000;
const MOST_HITS = 10;

/** Where searches go: whoever runs muster says so. */
export interface SearchEndpoint {
  readonly url: string;
  /** Goes along as a bearer token; null = none. */
  readonly key: string | null;
}

/** Searches the web by an endpoint that answers as SearXNG does: `GET URL?q=WORDS&format=json`. */
export function createSearchTool(endpoint: SearchEndpoint | null, resolve: Resolve): Tool {
  return toolOf(
    "web_search",
    "Searches the web: titles, addresses and short texts of what was found.",
    { query: { type: "string", description: "What to search for." } },
    ["query"],
    (input, context) =>
      endpoint === null
        ? Promise.resolve(refused("no endpoint for searches is configured"))
        : search(input.text("query"), endpoint, context, resolve),
  );
}

async function search(
  query: string,
  { url: address, key }: SearchEndpoint,
  context: ToolContext,
  resolve: Resolve,
): Promise<ToolOutcome> {
  if (query.trim() === "") return refused("there is nothing to search for");
  const url = new URL(address);
  url.searchParams.set("q", query);
  if (!url.searchParams.has("format")) url.searchParams.set("format", "json");
  const headers = { accept: "application/json", "user-agent": "muster" };
  const answer = await webRequest(
    {
      method: "GET",
      url,
      headers: key === null ? headers : { ...headers, authorization: `Bearer ${key}` },
      body: null,
    },
    {
      // Whoever runs muster has named it, wherever it is.
      guard: (host) => (host === url.hostname ? null : "the endpoint for searches leads elsewhere"),
      resolve,
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(LONGEST_WAIT_MS)]),
      longestBody: LONGEST_ANSWER,
      wanted: [],
    },
  );
  if (!answer.ok) return refused(`the search failed: ${answer.error.message}`);
  const { status, body } = answer.value;
  if (status < 200 || status > 299) return refused(`the search failed with status ${status}`);
  const read = readJson(body.toString("utf8"));
  const hits = read.ok ? hitsIn(read.value) : null;
  if (hits === null) return refused("the search failed: its answer is no JSON with `results`");
  if (hits.length === 0) return { text: "[nothing was found]" };
  return { text: bounded(hits.slice(0, MOST_HITS).map(hitText).join("\n\n"), context.longestText) };
}

/** The hits of SearXNG (`results`) or of Brave (`web.results`). */
function hitsIn(value: Json): readonly Json[] | null {
  if (!isJsonObject(value)) return null;
  const { results = null, web = null } = value;
  if (isList(results)) return results;
  const { results: found = null } = isJsonObject(web) ? web : {};
  return isList(found) ? found : null;
}

function isList(value: Json): value is readonly Json[] & Json {
  return Array.isArray(value);
}

function hitText(hit: Json): string {
  if (!isJsonObject(hit)) return "";
  const text = (...names: readonly string[]): string => {
    const found = names.map((name) => hit[name]).find((each) => typeof each === "string");
    return typeof found === "string" ? found.replace(/\s+/g, " ").trim() : "";
  };
  return [text("title"), text("url"), text("content", "description", "snippet")].filter(Boolean).join("\n");
}
