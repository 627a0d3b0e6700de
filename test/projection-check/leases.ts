/** So short that much is taken over. */
export const leases = { leaseMs: 1_500, renewMs: 300 }
