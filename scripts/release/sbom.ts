import { digestOf } from './artifact.ts'

/** What replaces the parts of a list of dependencies that npm makes up at each run. */
export interface Fixed {
  /** Seconds since 1970. */
  readonly epoch: number
  /** Name of the project. npm takes the name of the folder. */
  readonly name: string
}

/** The members of CycloneDX that are changed, beside `serialNumber`. */
interface CycloneDx {
  readonly metadata: { readonly timestamp: string; readonly component: { readonly name: string } }
}

/** The members of SPDX that are changed. */
interface Spdx {
  readonly documentNamespace: string
  readonly creationInfo: { readonly created: string }
}

/** Returns the document of `npm sbom --sbom-format cyclonedx` with the time of the commit, and a serial number that follows from its content. */
export function fixCycloneDx(text: string, { epoch, name }: Fixed): object {
  const document = JSON.parse(text) as CycloneDx // npm writes it
  const { metadata } = document
  const fixed = {
    ...document,
    serialNumber: '',
    metadata: { ...metadata, timestamp: timeOf(epoch), component: { ...metadata.component, name } },
  }
  return { ...fixed, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(fixed))}` }
}

/** Returns the document of `npm sbom --sbom-format spdx` with the time of the commit, and a namespace that follows from its content. */
export function fixSpdx(text: string, { epoch }: Fixed): object {
  const { documentNamespace, ...document } = JSON.parse(text) as Spdx // npm writes it
  const fixed = { ...document, creationInfo: { ...document.creationInfo, created: timeOf(epoch) } }
  const base = documentNamespace.replace(/-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '')
  return { ...fixed, documentNamespace: `${base}-${uuidOf(JSON.stringify(fixed))}` }
}

const timeOf = (epoch: number): string => new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')

/** Returns a UUID of version 8, which leaves its bits to its maker: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8. */
function uuidOf(text: string): string {
  const hex = digestOf(new TextEncoder().encode(text))
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}
