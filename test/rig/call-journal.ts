/** The parts of an attempt that only calls through a batch endpoint use, for those that are not. */
export const noTickets = { ticket: () => null, keepTicket() {}, commit: () => true };
