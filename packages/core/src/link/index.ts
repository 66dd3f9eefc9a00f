export { type ControlHandler, Link, type LinkOptions, type LinkPort } from './link.ts';
