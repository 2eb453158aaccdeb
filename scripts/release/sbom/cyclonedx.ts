import { isLicenseExpression, timeOf, type Component, type Inventory } from './component.ts'
import { uuidOf } from './uuid-of.ts'

/** Returns an inventory as CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/. Equal inventories give equal documents. */
export function renderCycloneDx({ subject, components, epoch }: Inventory): object {
  const content = {
    version: 1,
    metadata: {
      timestamp: timeOf(epoch),
      tools: { components: [{ type: 'application', name: 'carillon-release', version: subject.version }] },
      component: render(subject),
    },
    components: components.map(render),
    dependencies: [subject, ...components].map(({ purl, dependsOn }) => ({ ref: purl, dependsOn })),
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    ...content,
  }
}

function render({ purl, name, version, kind, license, sha512 }: Component): object {
  return {
    type: kind,
    'bom-ref': purl,
    name,
    version,
    ...(sha512 === null ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    ...(license === null ? {} : { licenses: [isLicenseExpression(license) ? { expression: license } : { license: { name: license } }] }),
    purl,
  }
}
