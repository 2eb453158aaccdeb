import { describe, expect, it } from 'vitest'
import { fixCycloneDx, fixSpdx } from './sbom.ts'

const fixed = { epoch: 1_700_000_000, name: 'carillon' }
const uuid = (digit: string): string => `${digit.repeat(8)}-1111-4222-8333-${digit.repeat(12)}`

const cycloneDx = (digit: string, components: readonly object[] = []): string =>
  JSON.stringify({
    bomFormat: 'CycloneDX',
    serialNumber: `urn:uuid:${uuid(digit)}`,
    metadata: { timestamp: `202${digit}-01-01T00:00:00.000Z`, component: { name: `folder${digit}`, version: '0.1.0' } },
    components,
  })

const spdx = (digit: string, packages: readonly object[] = []): string =>
  JSON.stringify({
    documentNamespace: `http://spdx.org/spdxdocs/carillon-0.1.0-${uuid(digit)}`,
    creationInfo: { created: `202${digit}-01-01T00:00:00.000Z`, creators: ['Tool: npm/cli-11.0.0'] },
    packages,
  })

describe('a list of dependencies in CycloneDX', () => {
  it('is the same for each run of npm, with the time of the commit and the name of the project', () => {
    expect(fixCycloneDx(cycloneDx('1'), fixed)).toEqual(fixCycloneDx(cycloneDx('2'), fixed))
    expect(fixCycloneDx(cycloneDx('1'), fixed)).toMatchObject({
      bomFormat: 'CycloneDX',
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
      metadata: { timestamp: '2023-11-14T22:13:20Z', component: { name: 'carillon', version: '0.1.0' } },
    })
  })

  it('has another serial number when a dependency changes', () => {
    const serial = (components: readonly object[]): unknown =>
      Object.entries(fixCycloneDx(cycloneDx('1', components), fixed)).find(([member]) => member === 'serialNumber')
    expect(serial([])).toHaveLength(2)
    expect(serial([{ name: 'ws' }])).not.toEqual(serial([]))
  })
})

describe('a list of dependencies in SPDX', () => {
  it('is the same for each run of npm, with the time of the commit', () => {
    expect(fixSpdx(spdx('1'), fixed)).toEqual(fixSpdx(spdx('2'), fixed))
    expect(fixSpdx(spdx('1'), fixed)).toMatchObject({
      documentNamespace: expect.stringMatching(/^http:\/\/spdx\.org\/spdxdocs\/carillon-0\.1\.0-[0-9a-f]{8}-[0-9a-f-]{27}$/),
      creationInfo: { created: '2023-11-14T22:13:20Z', creators: ['Tool: npm/cli-11.0.0'] },
    })
  })

  it('has another namespace when a package changes', () => {
    const namespace = (packages: readonly object[]): unknown =>
      Object.entries(fixSpdx(spdx('1', packages), fixed)).find(([member]) => member === 'documentNamespace')
    expect(namespace([])).toHaveLength(2)
    expect(namespace([{ name: 'ws' }])).not.toEqual(namespace([]))
  })
})
