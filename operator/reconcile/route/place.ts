/** Part of the addresses of a host: one path, or a path and everything below it. */
export interface RoutePlace {
  /** A host name, `*.SUFFIX` for every name below a suffix, or `*` for every host. */
  readonly host: string
  readonly path: string
  readonly match: 'Exact' | 'Prefix'
}

/** Returns the host and path of a place, for people. */
export function addressOf({ host, path }: RoutePlace): string {
  return `${host}${path}`
}

/**
 * Returns the labels of a host from the top-level domain down, without the star of a wildcard. Two hosts share addresses only when the labels of one
 * begin those of the other.
 */
export function labelsOf(host: string): { readonly labels: readonly string[]; readonly isWildcard: boolean } {
  const name = host.toLowerCase().replace(/\.$/, '')
  const isWildcard = name === '*' || name === '' || name.startsWith('*.')
  const suffix = name === '*' ? '' : isWildcard ? name.slice(2) : name
  return {
    labels: suffix
      .split('.')
      .filter((label) => label !== '')
      .toReversed(),
    isWildcard,
  }
}

/**
 * Returns the segments of a path in lower case. Controllers that match by regular expressions ignore case, so two paths that differ only in case may be the
 * same.
 */
export function segmentsOf(path: string): readonly string[] {
  return path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '')
}
