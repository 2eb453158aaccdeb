import { pinnedVersions } from '../pins.ts'

/** Returns the version of a producer. @throws when no file pins it */
export const versionOf = pinnedVersions(new URL('producers/', import.meta.url))
