import type { SearchEndpoint } from "../tool/web/search.ts";
import type { Environment } from "./environment.ts";

/** The address of an endpoint for searches, and what goes along as a bearer token. */
export const SEARCH_URL = "MUSTER_SEARCH_URL";
export const SEARCH_KEY = "MUSTER_SEARCH_KEY";

/** The endpoint for searches of `web_search`; null = none is configured, or its address is none. */
export function searchEndpoint(env: Environment): SearchEndpoint | null {
  const url = env[SEARCH_URL] ?? "";
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return null;
  return { url, key: env[SEARCH_KEY] || null };
}
