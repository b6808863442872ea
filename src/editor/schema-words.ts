import { stringify } from "yaml";
import type { DescribedSchema } from "./schema-guide.ts";

/** What the schema says of a key, for people, with an example of its value; null = nothing. */
export function wordsOfSchema({ description, examples = [] }: DescribedSchema, key?: string): string | null {
  if (description === undefined) return null;
  const [example] = examples;
  if (example === undefined) return description;
  const written = stringify(key === undefined ? example : { [key]: example }, { lineWidth: 0 }).trimEnd();
  return `${description}\n\n\`\`\`yaml\n${written}\n\`\`\``;
}
