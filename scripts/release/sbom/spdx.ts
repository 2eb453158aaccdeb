import { homepage } from '../project.ts'
import { isLicenseExpression, timeOf, type Component, type Inventory } from './component.ts'
import { uuidOf } from './uuid-of.ts'

const purposes = {
  library: 'LIBRARY',
  application: 'APPLICATION',
  'operating-system': 'OPERATING-SYSTEM',
  container: 'CONTAINER',
} as const satisfies Record<Component['kind'], string>

/** Returns an inventory as SPDX 2.3: https://spdx.github.io/spdx-spec/v2.3/. Equal inventories give equal documents. */
export function renderSpdx({ subject, components, epoch }: Inventory): object {
  const all = [subject, ...components]
  const ids = new Map(all.map(({ purl }, index) => [purl, `SPDXRef-Package-${index}`]))
  const idOf = (purl: string): string => ids.get(purl) ?? 'NOASSERTION'
  const relate = (from: string, relationshipType: string, to: string): object => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  })
  const content = {
    name: `${subject.name}-${subject.version}`,
    creationInfo: { created: timeOf(epoch), creators: [`Tool: carillon-release-${subject.version}`] },
    packages: all.map((component) => render(component, idOf(component.purl))),
    relationships: [
      relate('SPDXRef-DOCUMENT', 'DESCRIBES', idOf(subject.purl)),
      ...components.map(({ purl }) => relate(idOf(subject.purl), 'CONTAINS', idOf(purl))),
      ...components.flatMap(({ purl, dependsOn }) => dependsOn.map((other) => relate(idOf(purl), 'DEPENDS_ON', idOf(other)))),
    ],
  }
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    documentNamespace: `${homepage}/spdx/${uuidOf(JSON.stringify(content))}`,
    ...content,
  }
}

function render({ purl, name, version, kind, license, sha512 }: Component, id: string): object {
  return {
    SPDXID: id,
    name,
    versionInfo: version,
    primaryPackagePurpose: purposes[kind],
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: license !== null && isLicenseExpression(license) ? license : 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    ...(sha512 === null ? {} : { checksums: [{ algorithm: 'SHA512', checksumValue: sha512 }] }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  }
}
