import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { bundleClient, clientEntries, type ClientEntry, maxClientBytes } from './client.ts'

describe('the bundled client', () => {
  it('is a module that exports connect', async () => {
    const { code } = await bundleClient()
    const module: unknown = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
    expect(Object.keys(Object(module))).toEqual(['connect'])
  })

  it('weighs at most 3 KB, minified and gzipped', async () => {
    const { gzippedBytes } = await bundleClient()
    expect(gzippedBytes).toBeLessThanOrEqual(maxClientBytes)
    expect(maxClientBytes).toBe(3072)
  })

  it.each(Object.entries(clientEntries))(
    'weighs at %s no more than its bound of %i bytes, which docs/browser.md has',
    async (name, bound) => {
      const { gzippedBytes } = await bundleClient(name as ClientEntry) // a key of the table
      expect(gzippedBytes).toBeLessThanOrEqual(bound)
      // A bound that is far away bounds nothing.
      expect(gzippedBytes).toBeGreaterThan(bound * 0.6)
      const entry = name === 'index' ? '@carillon/client' : `@carillon/client/${name}`
      const page = readFileSync(new URL('../../docs/browser.md', import.meta.url), 'utf8')
      expect(page).toContain(`| \`${entry}\` | ${bound.toLocaleString('en-US')} |`)
    },
  )
})
