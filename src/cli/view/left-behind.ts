/** `stopped 2 programs that the last runner left behind` */
export function leftBehind(stopped: number): string {
  return `stopped ${stopped} program${stopped === 1 ? "" : "s"} that the last runner left behind`;
}
