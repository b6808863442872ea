import { isJsonObject, type Json } from "../util/json.ts";

/** A model and where it is asked: an origin (`https://gateway.example`); null = where its provider is. */
export interface ModelAddress {
  readonly id: string;
  readonly at: string | null;
}

/** Where the models in a value of a meaning are asked, wherever they stand in it. */
export function addressesOf(value: Json | undefined): readonly ModelAddress[] {
  if (Array.isArray(value)) return value.flatMap((entry: Json) => addressesOf(entry));
  if (!isJsonObject(value)) return [];
  const { id, base_url: url } = value;
  if (typeof id === "string" && "max_tokens" in value)
    return [{ id, at: typeof url === "string" ? originOf(url) : null }];
  return Object.values(value).flatMap((entry) => addressesOf(entry));
}

/** `openai/small at https://gateway.example`; the name alone where it is its provider's. */
export function addressText({ id, at }: ModelAddress): string {
  return at === null ? id : `${id} at ${at}`;
}

/** What is asked newly at an address, of models that were asked before: a sentence's part for each, once. */
export function newAddresses(before: Json, after: Json, models: readonly string[]): readonly string[] {
  const was = new Set(addressesOf(before).map(addressText));
  const found = addressesOf(after).filter((each) => models.includes(each.id) && !was.has(addressText(each)));
  return [...new Set(found.map(({ id, at }) => `${id} at ${at ?? "its provider"}`))];
}

/** Scheme, host and port, without what may be a password before them. */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
