import { describe, expect, it } from 'vitest'
import { options as gatewayOptions } from '../../gateway/config/options.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { probeUrl } from './probe-url.ts'

describe('the probe of a health check', () => {
  it('asks the port that both programs listen to by default', () => {
    expect([gatewayOptions.internalPort.default, operatorOptions.internalPort.default]).toEqual([9000, 9000])
    expect(probeUrl({})).toBe('http://127.0.0.1:9000/readyz')
    expect(probeUrl({ INTERNAL_PORT: '' })).toBe('http://127.0.0.1:9000/readyz')
  })

  it.each([
    ['', 'http://127.0.0.1:9100/readyz'],
    ['0.0.0.0', 'http://127.0.0.1:9100/readyz'],
    ['::', 'http://[::1]:9100/readyz'],
    ['fd00::7', 'http://[fd00::7]:9100/readyz'],
    ['10.0.0.7', 'http://10.0.0.7:9100/readyz'],
    ['localhost', 'http://localhost:9100/readyz'],
  ])('asks an address at which INTERNAL_HOST=%s is reached from the container itself', (host, url) => {
    expect(probeUrl({ INTERNAL_HOST: host, INTERNAL_PORT: '9100' })).toBe(url)
  })
})
