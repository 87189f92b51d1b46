/** Loaded before a measured function (`--import`): answers any message with the most memory that the process has held. */
process.on('message', () => process.send?.({ peakBytes: process.resourceUsage().maxRSS * 1024 }));
