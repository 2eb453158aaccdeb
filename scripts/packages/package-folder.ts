/** A package as it is published, without the files that all packages copy from the repository. */
export interface PackageFolder {
  /** Folder of its sources and its README, from the root of the repository. It is the name of the package's folder, too. */
  readonly directory: string
  /** Text of each file, by name. */
  readonly files: ReadonlyMap<string, string>
}
