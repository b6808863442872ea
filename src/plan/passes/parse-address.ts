import type { Template } from "../../expression/template.ts";
import { parseText } from "../../expression/text/parse.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import type { Problems } from "../problems.ts";
import { NOTHING, type Reader } from "./reader.ts";

/** Where a step connects to: the template, and the part of it that is written out. */
export interface Address {
  readonly template: Template;
  /** Scheme, host and port; null where one secret is the whole address, or where it is wrong. */
  readonly url: URL | null;
}

/** One secret as a whole: what it leads to is known when the run starts. */
const SECRET = /^secrets\.[A-Za-z_]\w*$/;
/** Scheme and authority up to the first sign that ends it. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

export interface AddressRule {
  /** `url` or `connection`. */
  readonly key: string;
  /** As `URL` gives it: `https:`. */
  readonly schemes: readonly string[];
  readonly example: string;
  /** What it may be, for messages. */
  readonly what: string;
  /** Name and password may stand before the host. */
  readonly hasUser: boolean;
}

/**
 * Reads an address whose scheme and host no value can change (SEMANTICS, "Secrets, templates, trust"): they are written
 * out, or the whole of it is one secret.
 */
export function parseAddress(
  written: string,
  pointer: Pointer,
  rule: AddressRule,
  reader: Reader,
  problems: Problems,
): Address {
  const text = written.trim();
  const isWhole = text.startsWith("${{") && text.endsWith("}}");
  const template = reader.text(text, pointer, isWhole || rule.hasUser ? "unit_environment" : "unit") ?? NOTHING;
  if (template.kind === "cel") {
    if (!SECRET.test(template.source)) {
      problems.error(pointer, {
        code: "WF8003",
        message: `\`${rule.key}\` is a whole expression, which only a secret may be`,
        help: `write scheme and host out and put values into the rest: ${rule.example}`,
      });
    }
    return { template, url: null };
  }
  // What cannot be parsed is reported with all texts.
  if (template === NOTHING || (template.kind === "text" && parseText(template.source).problems.length > 0))
    return { template, url: null };
  const authority = AUTHORITY.exec(text)?.[1];
  const host = authority?.replace(/^.*@/, "");
  const isComputed = text.startsWith("{{") || /^[a-z]*\{\{/i.test(text) || host?.includes("{{") === true;
  if (isComputed) {
    problems.error(pointer, {
      code: "WF8003",
      message: `the scheme and host of \`${rule.key}\` cannot be put together from values`,
      help: `write them out: ${rule.example}; or make the whole of it one secret: \${{ secrets.NAME }}`,
    });
    return { template, url: null };
  }
  const url = authority === undefined ? null : parsed(`${text.slice(0, text.indexOf("://"))}://${host ?? ""}`);
  if (url === null || !rule.schemes.includes(url.protocol) || url.hostname === "") {
    problems.error(pointer, { code: "WF2006", message: `'${rule.key}' must be ${rule.what}` });
    return { template, url: null };
  }
  if (authority?.includes("@") === true && !rule.hasUser) {
    problems.error(pointer, {
      code: "WF2006",
      message: `'${rule.key}' has a user or password before the host`,
      help: 'put it into a header: `headers: { authorization: "Basic {{ secrets.NAME }}" }`',
    });
  }
  return { template, url };
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
