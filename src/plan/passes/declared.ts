/** How many names a help may list. */
const MOST_LISTED = 8;

/** `; declared are a, b` behind a help, for names of which there are few; else nothing. */
export function declared(names: readonly string[]): string {
  return names.length === 0 || names.length > MOST_LISTED ? "" : `; declared are ${names.join(", ")}`;
}
