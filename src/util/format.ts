/** A span of time for people: `0.4s`, `12.3s`, `4m05s`, `1h02m`. */
export function formatElapsed(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

/** Dollars for people, never rounded to nothing: `$0.0042`, `$1.25`, `under $0.000001`; null is `cost unknown`. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return "cost unknown";
  if (usd === 0) return "$0";
  if (usd < 0.000_001) return "under $0.000001";
  return usd < 0.01 ? `$${usd.toPrecision(2)}` : usd < 1 ? `$${usd.toFixed(3)}` : `$${usd.toFixed(2)}`;
}

/** A count of tokens for people: `950`, `12.4k`, `1.2M`. */
export function formatTokens(tokens: number): string {
  if (tokens < 1000) return String(tokens);
  return tokens < 999_950 ? `${(tokens / 1000).toFixed(1)}k` : `${(tokens / 1e6).toFixed(1)}M`;
}

/** A size for people, in binary units: `950 B`, `12.4 KiB`, `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let [size, unit] = [bytes / 1024, "KiB"];
  for (const next of ["MiB", "GiB", "TiB"]) {
    if (size < 999.95) break;
    [size, unit] = [size / 1024, next];
  }
  return `${size.toFixed(1)} ${unit}`;
}
