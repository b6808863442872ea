/** What muster says of itself, for those who look for a fault; never a part of a run's record. */
export interface Log {
  debug(data: object, message: string): void;
  warn(data: object, message: string): void;
}

/** Says nothing. */
export const silentLog: Log = { debug() {}, warn() {} };
