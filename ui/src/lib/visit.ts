/**
 * Where a page leads to visit an application: by the host that the page itself was asked by, unless the application has
 * a domain of its own; and to one environment of several, where that is said.
 */
export function visitUrl(url: string, ownDomain: boolean, environment?: string): string {
  const { host, pathname } = new URL(url);
  const place = ownDomain ? `//${host}${pathname}` : pathname;
  return environment === undefined ? place : `${place}?__environment=${encodeURIComponent(environment)}`;
}
