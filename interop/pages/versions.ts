import { pinnedVersions } from '../pins.ts'

/** Returns the version of a package that the pages use. @throws when no file pins it */
export const versionOf = pinnedVersions(new URL('examples/', import.meta.url))
