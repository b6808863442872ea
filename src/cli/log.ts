import { silentLog, type Log } from "../util/log.ts";

/** The log on stderr, as JSON lines. The library is loaded only when a level asks for more than the command shows anyway. */
export async function createLog(level: string): Promise<Log> {
  if (!isLogged(level)) return silentLog;
  const { pino } = await import("pino");
  const logger = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  return {
    debug: (data, message) => logger.debug(data, message),
    warn: (data, message) => logger.warn(data, message),
  };
}

/** Whether a level asks for more on stderr than the command shows anyway. */
export function isLogged(level: string): boolean {
  return level === "debug" || level === "trace" || level === "info";
}
