import { printable } from "../../diagnostic/printable.ts";
import type { Range } from "../range.ts";

/** A text of the manifest on one line: white space runs become one space, nothing in it can steer a terminal. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/\s+/gu, " ").trim());
}

/** `3` or `3 to 18`, with thousands apart. */
export function formatRange({ floor, ceiling }: Range): string {
  return floor === ceiling ? formatCount(floor) : `${formatCount(floor)} to ${formatCount(ceiling)}`;
}

/** `1,234,567`, the same in every locale. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/gu, ",");
}

/** `$0.0012 to $1.31`: the floor rounded down, the ceiling up, so that both stay bounds. */
export function formatCost({ floor, ceiling }: Range): string {
  if (ceiling === 0) return "$0";
  const least = formatUsd(floor, Math.floor);
  const most = formatUsd(ceiling, Math.ceil);
  return least === most ? most : `${least} to ${most}`;
}

/** USD: two decimals from a dollar on, four below. */
function formatUsd(usd: number, round: (value: number) => number): string {
  if (usd === 0) return "$0";
  if (usd < 0.0001) return "under $0.0001";
  const decimals = usd >= 1 ? 2 : 4;
  // Binary fractions must not turn an exact 0.0007 into 0.0008: six more digits are enough to tell.
  const scaled = Number((usd * 10 ** decimals).toFixed(6));
  const [whole = "", fraction = ""] = (round(scaled) / 10 ** decimals).toFixed(decimals).split(".");
  return `$${formatCount(Number(whole))}.${fraction}`;
}

/** A price as exact as it is, with at least two decimals: `$0.10`, `$0.125`, `$15.00`. */
export function formatPrice(usd: number): string {
  return `$${Number.isInteger(usd * 100) ? usd.toFixed(2) : String(usd)}`;
}
