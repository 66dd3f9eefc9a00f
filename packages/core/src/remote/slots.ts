/** Ids made by a thread carry its slot, so that the receiver knows whose they are without being told: id = 2 × (n × SLOTS + slot). */
export const SLOTS = 256;
