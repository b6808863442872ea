import { isJsonObject, type Json, type JsonObject } from "../../../src/util/json.ts";
import { hostileKeys, hostileValues } from "./hostile-value.ts";

/** One change of a manifest's data. The numbers choose among what there is. */
export interface DataEdit {
  readonly kind: "value" | "key" | "drop" | "add" | "graft" | "wrap";
  readonly at: number;
  readonly pick: number;
}

/** The data with a value replaced, a key renamed, an entry dropped, added, or copied to somewhere else. */
export function mutateData(data: Json, { kind, at, pick }: DataEdit): Json {
  const places = placesIn(data);
  const place = places[at % places.length] as Place;
  const value = hostileValues[pick % hostileValues.length] as Json;
  const key = hostileKeys[pick % hostileKeys.length] as string;
  switch (kind) {
    case "value":
      return replaced(data, place, () => value);
    case "wrap":
      return replaced(data, place, (old) => (pick % 2 === 0 ? [old] : { [key]: old }));
    case "graft":
      return replaced(data, place, () => valueAt(data, places[pick % places.length] as Place));
    case "add":
      return replaced(data, place, (old) =>
        isJsonObject(old) ? withKey(old, key, value) : Array.isArray(old) ? [...(old as Json[]), value] : value,
      );
    case "drop":
      return changedParent(data, place, (entries, index) => entries.toSpliced(index, 1));
    case "key":
      return changedParent(data, place, (entries, index) => entries.with(index, [key, entries[index]?.[1] as Json]));
  }
}

type Place = readonly (string | number)[];
type Entries = readonly (readonly [string, Json])[];

/** Every place, the whole first; a large one is not gone through to its end. */
function placesIn(data: Json): readonly Place[] {
  const places: Place[] = [[]];
  for (let i = 0; i < places.length && places.length < 2000; i += 1) {
    const place = places[i] as Place;
    const value = valueAt(data, place);
    if (Array.isArray(value)) for (const index of value.keys()) places.push([...place, index]);
    else if (isJsonObject(value)) for (const key of Object.keys(value)) places.push([...place, key]);
  }
  return places;
}

function valueAt(data: Json, place: Place): Json {
  return place.reduce<Json>((value, key) => (value as { readonly [key: string | number]: Json })[key] as Json, data);
}

function replaced(data: Json, [key, ...rest]: Place, change: (old: Json) => Json): Json {
  if (key === undefined) return change(data);
  if (Array.isArray(data))
    return (data as Json[]).with(key as number, replaced(data[key as number] as Json, rest, change));
  const object = data as JsonObject;
  return withKey(object, key as string, replaced(object[key] as Json, rest, change));
}

function changedParent(data: Json, place: Place, change: (entries: Entries, index: number) => Entries): Json {
  const last = place.at(-1);
  if (last === undefined) return data;
  return replaced(data, place.slice(0, -1), (parent) => {
    if (!isJsonObject(parent)) return parent;
    const entries = Object.entries(parent);
    return fromEntries(
      change(
        entries,
        entries.findIndex(([key]) => key === last),
      ),
    );
  });
}

/** By definition, not by assignment: `__proto__` is a key like all others. */
function fromEntries(entries: Entries): JsonObject {
  return Object.fromEntries(entries);
}

function withKey(object: JsonObject, key: string, value: Json): JsonObject {
  return fromEntries([...Object.entries(object).filter(([name]) => name !== key), [key, value]]);
}
