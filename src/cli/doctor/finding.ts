/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  /** `fail`: runs do not work here; `warn`: something is missing that some runs need. */
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** How to mend it; null when there is nothing to mend. */
  readonly help: string | null;
}

export const ok = (name: string, message: string): Finding => ({ name, status: "ok", message, help: null });
export const warn = (name: string, message: string, help: string | null): Finding => ({
  name,
  status: "warn",
  message,
  help,
});
export const fail = (name: string, message: string, help: string): Finding => ({ name, status: "fail", message, help });
