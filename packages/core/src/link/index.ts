export { Link, type LinkPort } from './link.ts';
