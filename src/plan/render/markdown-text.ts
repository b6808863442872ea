import { oneLine } from "./format.ts";

/** A text of the manifest: signs that mean something in Markdown or HTML are escaped, and nothing becomes a link. */
export function text(value: string): string {
  return oneLine(value)
    .replaceAll(/[\\`*_{}[\]()#+!|~$]/g, "\\$&")
    .replace(/^(\d*)([-.])/, "$1\\$2")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/@|:(?=\/\/)|www(?=\.)/gi, "$&\u200b");
}

/** A name or path as code; a backtick in it cannot end it. */
export function code(value: string): string {
  return `\`${oneLine(value).replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}
