// Preloaded into the command (`node --import`): its clock is LATER_MS ahead, so that leases of others look old.
const laterMs = Number(process.env["LATER_MS"]);
const { now } = Date;
Date.now = () => now() + laterMs;
