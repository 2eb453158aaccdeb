import { describe, expect, it } from 'vitest'
import { bundleClient, maxClientBytes } from './client.ts'

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
})
