/** The name of a function, behind the `#` of the URL of its module; empty without one. Throws a `TypeError` for what is no part of a URL. */
export function nameBehindHash(url: URL): string {
  try {
    return decodeURIComponent(url.hash.slice(1));
  } catch {
    throw new TypeError(
      `what stands behind the # of ${url.href} is no name: it is not encoded as a part of a URL`,
    );
  }
}
