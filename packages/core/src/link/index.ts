export { Lease } from './lease.ts';
export { Link, type LinkPort } from './link.ts';
