/** A package that a file of the release contains. */
export interface Component {
  /** Identity of the package for scanners: https://github.com/package-url/purl-spec. */
  readonly purl: string
  readonly name: string
  readonly version: string
  readonly kind: 'library' | 'application' | 'operating-system' | 'container'
  /** Licence that its author declares; null when the package names none. */
  readonly license: string | null
  /** SHA-512 of the package as the registry serves it, in lower-case hex; null when that is not known. */
  readonly sha512: string | null
  /** Purls of the packages that it imports. */
  readonly dependsOn: readonly string[]
}

/** The content of one file, or of several files, of the release. */
export interface Inventory {
  /** Image, or the packages as a whole. */
  readonly subject: Component
  /** In the order of their purls, each once. */
  readonly components: readonly Component[]
  /** Seconds since 1970. */
  readonly epoch: number
}

/** Returns the components in the order of their purls. Copies of a package at several places are one component. */
export function distinct(components: readonly Component[]): readonly Component[] {
  const byPurl = new Map<string, Component>()
  for (const component of components) {
    const found = byPurl.get(component.purl)
    const dependsOn = [...new Set([...(found?.dependsOn ?? []), ...component.dependsOn])].toSorted()
    byPurl.set(component.purl, { ...component, dependsOn })
  }
  return [...byPurl.values()].toSorted((a, b) => (a.purl < b.purl ? -1 : 1))
}

/** Returns the purl of a package of npm. https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md */
export const npmPurl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`

/** Returns true for a licence in the syntax of SPDX, such as `(MIT OR Apache-2.0)`. Authors also write sentences. */
export const isLicenseExpression = (text: string): boolean =>
  /^\(?[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) \(?[A-Za-z0-9.+-]+\)?)*\)?$/.test(text) && !/^(?:UNLICENSED|UNKNOWN|NONE)$/i.test(text)

export const timeOf = (epoch: number): string => new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
